/**
 * Programs of tasks in the kernel: each prints facts of processes, signals, threads, time and
 * identity, errno for errno, and must print the same natively. Natively they run as the box's kind
 * of user: without privilege.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openBox } from '#glassbox/index.js'
import { program } from '../../support/programs.js'

const NOBODY = 65_534
/** User ids that this system gives to nobody. */
const FIRST_UNUSED = 54_000

const PROGRAMS: readonly (readonly [name: string, about: string])[] = [
  ['processes', 'fork, vfork, clone, exec, waiting in all forms, groups, sessions, orphans'],
  ['jobs', 'stops and continuations, and what parents learn of them'],
  ['threads', 'locks, conditions, barriers, robust locks, exec and exit among 32 threads'],
  ['signals', 'frames, masks, stacks, restarting, queues, faults'],
  ['time', 'clocks, sleeps, timers, futexes'],
  ['identity', 'credentials, capabilities, limits with their effects, prctl, scheduling'],
]

const path = (name: string): string => program(`kernel/task-${name}`)

const isRoot = process.getuid?.() === 0

/** What it prints without a box. */
function natively(name: string, args: readonly string[] = [], uid = NOBODY): string {
  const user = isRoot ? { uid, gid: uid } : {}
  const { stdout, status } = spawnSync(path(name), args, {
    ...user,
    cwd: '/tmp',
    encoding: 'utf8',
    timeout: 30_000,
  })
  assert.equal(status, 0, `${name} ends natively`)
  assert.doesNotMatch(stdout, /killed by (?:4|7|11)$/m, 'no child ends before it has printed all')
  return stdout
}

describe('tasks of the kernel', () => {
  let box: Awaited<ReturnType<typeof openBox>>

  before(async () => {
    const [directory] = new Set(PROGRAMS.map(([name]) => dirname(path(name))))
    assert.ok(directory !== undefined)
    box = await openBox({ runner: 'kernel', binds: [{ source: directory }] })
  })
  after(() => box.close())

  for (const [name, about] of PROGRAMS) {
    test(`${name}: ${about}, as natively`, async () => {
      const expected = natively(name)
      const { stdout, exitCode, stderr } = await box.run(path(name), [], { limits: { wallTimeMs: 60_000 } })
      assert.equal(stdout, expected, stderr)
      assert.equal(exitCode, 0)
    })
  }

  test('limits: what each refuses, as natively', async () => {
    // Processes and signals are counted by user: natively it needs one that nobody else has.
    const args = isRoot ? ['alone'] : []
    const expected = natively('limits', args, FIRST_UNUSED + (process.pid % 1000))
    const { stdout, exitCode, stderr } = await box.run(path('limits'), args)
    assert.equal(stdout, expected, stderr)
    assert.equal(exitCode, 0)
  })
})
