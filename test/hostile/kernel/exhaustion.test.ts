/**
 * Programs that take as much of one thing as they may (rows UK-08 and UK-09 of the list of hostile
 * programs): each ends with the errno that Linux gives, the kernel's own memory stays small, no
 * descriptor of the host is left, and the same box runs the next program. The control is that each
 * gets a good part of it first. None of them runs natively, where it would take it of the host.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { type Box, openBox, run } from '#glassbox/index.js'
import { assertNothingLeft, type Surroundings, surroundings } from '../../support/left.js'
import { program } from '../../support/programs.js'

const runner = 'kernel'
const exhaust = program('kernel/exhaust')
const MiB = 2 ** 20
const limits = { wallTimeMs: 120_000, cpuTimeMs: 60_000, processes: 24, memoryBytes: 128 * MiB }
/** What Node may need more than before for any of them. */
const MOST_GROWTH = 160 * MiB

interface Row {
  readonly name: string
  /** How many it tries to take; and in how many processes at a time, if it is more than one. */
  readonly most: number
  readonly processes?: number
  readonly errno: string
  /** At least so many it gets. */
  readonly least: number
}

const ROWS: readonly Row[] = [
  { name: 'zombies', most: 200, errno: 'EAGAIN', least: 20 },
  { name: 'locks', most: 3000, errno: 'ENOLCK', least: 2000 },
  { name: 'areas', most: 40_000, errno: 'ENOMEM', least: 29_000 },
  { name: 'missing-names', most: 5000, errno: 'all', least: 5000 },
  { name: 'attributes', most: 2000, errno: 'ENOSPC', least: 200 },
  { name: 'timers', most: 40_000, errno: 'EAGAIN', least: 30_000 },
  { name: 'datagrams', most: 400, processes: 8, errno: 'ENOBUFS', least: 0 },
  { name: 'pipe-bytes', most: 200, processes: 8, errno: 'EMFILE', least: 100 },
  { name: 'sent-descriptors', most: 30, errno: 'ETOOMANYREFS', least: 1 },
  { name: 'circles', most: 20, errno: 'ETOOMANYREFS', least: 4 },
  { name: 'epolls', most: 24_000, errno: 'EMFILE', least: 10_000 },
]

const residentBytes = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
const descriptors = (): number => readdirSync('/proc/self/fd').length

describe('exhaustion of what the kernel of the kernel runner keeps', () => {
  let around: Surroundings
  let box: Box
  before(async () => {
    await run('true', [], { runner })
    around = surroundings()
    box = await openBox({ runner, binds: [{ source: exhaust }] })
    await box.run('true')
  })
  after(async () => {
    await box.close()
    await assertNothingLeft(around)
  })

  for (const { name, most, processes, errno, least } of ROWS)
    test(`${name} end with ${errno}`, async () => {
      const [resident, open] = [residentBytes(), descriptors()]
      const words = [name, `${most}`, ...(processes === undefined ? [] : [`${processes}`])]
      const { status, stdout, stderr, unserved } = await box.run(exhaust, words, { limits })
      assert.equal(status, 'exited', stderr)
      assert.equal(stdout, `${errno}\n`)
      assert.ok(Number(stderr) >= least, `${stderr} of them`)
      assert.equal(unserved, undefined)
      assert.ok(residentBytes() - resident < MOST_GROWTH, `${residentBytes() - resident} bytes more`)
      assert.equal(descriptors(), open)
      assert.equal((await box.run('echo', ['on'])).stdout, 'on\n')
    })

  for (const stream of ['stdout', 'stderr'] as const)
    test(`a flood of ${stream} meets the limit of the output`, async () => {
      const redirect = stream === 'stdout' ? '' : ' >&2'
      const result = await box.run('sh', ['-c', `cat /dev/zero${redirect}`], {
        limits: { ...limits, outputBytes: MiB },
        encoding: 'buffer',
      })
      assert.equal(result.status, 'output-limit')
      assert.equal(result[stream].length, MiB)
      assert.equal((await box.run('echo', ['on'])).stdout, 'on\n')
    })

  test('the kernel’s own work is CPU time of the program', async () => {
    const script = 'while :; do read -r x < /etc/passwd; done'
    const result = await box.run('bash', ['-c', script], { limits: { ...limits, cpuTimeMs: 300 } })
    assert.equal(result.status, 'cpu-time-limit')
    assert.ok(result.cpuTimeMs >= 300)
    assert.ok((result.systemTimeMs ?? 0) > 30, `${result.systemTimeMs} ms of the kernel`)
    assert.ok(result.cpuTimeMs <= result.wallTimeMs + 20)
  })
})
