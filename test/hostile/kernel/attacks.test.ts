/**
 * Programs that attack the kernel runner from inside (rows UK-01 to UK-14 of the list of hostile
 * programs): what each meets is either what it meets natively, or one of the answers below. After
 * each attack the same box runs the next program.
 */
import assert from 'node:assert/strict'
import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { type Box, openBox, type RunResult, run } from '#glassbox/index.js'
import { assertNothingLeft, type Surroundings, surroundings } from '../../support/left.js'
import { program } from '../../support/programs.js'

const runner = 'kernel'
const attack = program('kernel/attack')
const MiB = 2 ** 20
const limits = { wallTimeMs: 20_000, cpuTimeMs: 20_000, processes: 64, memoryBytes: 128 * MiB }

/**
 * What these print natively they print in the box: the guest is not stopped, it is just served.
 */
const AS_NATIVELY = [
  ...['x32', 'vsyscall', 'modified', 'prctl-base'],
  ...['frame-ip', 'frame-high', 'frame-flags', 'trap-flag', 'stub-all'],
]

/** What Linux does not answer in the same way, because nothing is at these addresses there. */
const ANSWERS: Readonly<Record<string, RegExp>> = {
  // The trap at the end of the stub's batch is the guest's own signal.
  'stub-call': /^signal 5\n$/,
  'stub-batch': /^served\nsignal 5\n$/,
  'frame-stub': /^signal 5\n$/,
  'stub-write': /^signal 11\n$/,
  'page-write': /^signal 11\n$/,
  // As on Linux, nothing is there to be taken away, and nothing can be put there.
  'stub-range': /^([012]: 0 -12 -14 -12\n){3}([345]: -22 -12 -14 -12\n){3}$/,
  int80: /^none\n$/,
  'fs-base': /^lived\nlived\n$/,
  'gs-base': /^lived\nlived\n$/,
  vectors: /^200 \S+ -22 \S+ \S+\n-22 \S+ -14\n$/,
  paths: /^-36 root 40 40\n$/,
  pointers: /^(\d+:( -14){12}\n){8}(-14 -14 -14\n){12}$/,
  // No such process, not permitted, and only its own world's processes in /proc.
  processes: /^3 3 1 2\n\d\n$/,
  nodes: /^0 pipe 1 0\n$/,
  descriptors: /^24\n$/,
  threads: /^11\n$/,
  changed: /^whole\n$/,
}

const ending = ({ stdout, signal, status }: SpawnSyncReturns<string>): object => ({
  stdout,
  signal: signal ?? undefined,
  exitCode: status ?? undefined,
})

describe('attacks on the kernel runner', () => {
  let around: Surroundings
  let box: Box
  const boxed = async (name: string, terms = {}): Promise<RunResult> =>
    box.run(attack, [name], {
      env: { HOST_PID: `${process.pid}`, COUNT: '2000' },
      limits: { ...limits, ...terms },
    })
  before(async () => {
    // Makes what stays for the life of the process.
    await run('true', [], { runner })
    around = surroundings()
    box = await openBox({ runner, binds: [{ source: attack }] })
  })
  after(async () => {
    await box.close()
    await assertNothingLeft(around)
  })

  for (const name of AS_NATIVELY)
    test(`${name} meets what it meets natively`, async () => {
      const native = spawnSync(attack, [name], { encoding: 'utf8' })
      const { stdout, signal, exitCode } = await boxed(name)
      assert.deepEqual({ stdout, signal, exitCode }, ending(native))
    })

  for (const [name, expected] of Object.entries(ANSWERS))
    test(`${name} meets nothing of the host`, async () => {
      const { stdout, status, stderr } = await boxed(name)
      assert.equal(status, 'exited', stderr)
      assert.match(stdout, expected)
      assert.equal((await box.run('echo', ['on'])).stdout, 'on\n')
    })

  test('sysenter is no instruction of a 64-bit program', async () => {
    assert.equal((await boxed('sysenter')).signal, 'SIGILL')
  })

  test('a loop with all signals blocked meets the wall time limit', async () => {
    assert.equal((await boxed('unstoppable', { wallTimeMs: 200 })).status, 'wall-time-limit')
  })

  test('a fork bomb meets the limits of its world', async () => {
    assert.match((await boxed('bomb', { wallTimeMs: 1000 })).status, /-limit$/)
    assert.equal((await box.run('echo', ['on'])).stdout, 'on\n')
  })

  test('numbers that no call has are counted together', async () => {
    assert.deepEqual((await boxed('numbers')).unserved?.calls, { unknown: 2000 })
    assert.equal((await box.run('true')).unserved, undefined)
  })
})
