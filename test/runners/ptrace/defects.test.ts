/**
 * D1 to D18: known defects of an older sandbox with a tracer (go-sandbox.md, section 15). Each has
 * a test that fails if glassbox behaves like that. These have it elsewhere:
 *
 * - D5 no run with cgroups of v1: cgroup/controls, on a host with v1
 * - D6 programs of Python cannot start: policy/presets
 * - D7 another runner allows denied calls: runners/table, hostile/network
 * - D8 SIGXFSZ and SIGXCPU are ignored: runners/table
 * - D9 another verdict by another runner: runners/table
 * - D11 root keeps its rights: runners/ptrace/escape
 * - D12 checks of paths are racy: supervisor/paths/races, landlock/races
 * - D13 mounts below a read-only bind are writable: hostile/escape; here are no binds
 * - D14 time of the system and of children is not seen: supervisor/limits
 * - D15 memory limits without those of swap: cgroup/controls
 * - D16 limits of whole seconds, no verdict of idleness: runners/table, with 60 and 80 ms
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type RunOptions, run } from '#glassbox/index.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { boxed } from '../../support/command.js'
import { guard, unboxed } from '../../support/hostile.js'
import { native, program } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'

const runner = 'ptrace'
const world = guard({ runners: ['namespace', 'ptrace'] })
const CALLS = 5
/** AT_FDCWD as compilers pass it, and with a sign extension. */
const CURRENT_DIRECTORIES = ['0x00000000ffffff9c', '0xffffffffffffff9c'] as const

const spell = (name: string, ...args: readonly (string | number)[]): string =>
  [syscallNumber(name), ...args].join(',')

/** The answers of the calls, and which files were denied. */
async function called(calls: readonly string[], options: RunOptions<'utf8'> = {}) {
  const { stdout, status, denials } = await world.run('calls', calls, { ...options, runner })
  assert.equal(status, 'exited')
  return { answers: stdout.trim().split('\n'), denied: denials?.map(({ path }) => path) }
}

test('D1: the command reports an endless loop as a CPU time limit, each time', () => {
  assert.equal(native('burn', ['one', '10']).code, 0)
  for (let count = 0; count < CALLS; count++) {
    const options = ['--runner', runner, '--cpu-time', '100ms', '--json']
    const { code, out } = boxed(options, program('burn'), 'one', '60000')
    const { status, limit, cpuTimeMs } = JSON.parse(out) as Awaited<ReturnType<typeof run>>
    assert.deepEqual([code, status, limit?.kind], [124, 'cpu-time-limit', 'cpuTimeMs'])
    assert.ok(cpuTimeMs >= 100, `${cpuTimeMs} ms`)
  }
})

test('D2: a relative path is found from AT_FDCWD, whatever is in its high half', async context => {
  const calls = CURRENT_DIRECTORIES.map(fd => spell('openat', fd, 's:there', 0))
  assert.deepEqual(unboxed(context, 'calls', calls).stdout, '2\n2\n', 'natively it is not there')
  const { answers, denied } = await called(calls, { files: { there: 'x' } })
  assert.deepEqual([answers, denied], [['0', '0'], []])
  const away = `s:${'../'.repeat(12)}etc/shadow`
  const others = await called(CURRENT_DIRECTORIES.map(fd => spell('openat', fd, away, 0)))
  assert.deepEqual(others, { answers: ['13', '13'], denied: ['/etc/shadow', '/etc/shadow'] })
})

test('D3: fstat by an empty path works on pipes and on files that no rule grants', async context => {
  const calls = [0, 1, 2].map(fd => spell('newfstatat', fd, 's:', 'b', 0x1000))
  assert.equal(unboxed(context, 'calls', calls).stdout, '0\n0\n0\n')
  const file = join(temporaryDirectory(context), 'out')
  const policy = { extends: 'default', paths: { stat: ['{work}/'] } } as const
  for (const options of [{ runner }, { runner, policy }] as const) {
    assert.equal((await world.run('calls', calls, options)).stdout, '0\n0\n0\n')
    const { ok, denials } = await run(program('calls'), calls, { ...options, stdout: { file } })
    assert.deepEqual([ok, denials, readFileSync(file, 'utf8')], [true, [], '0\n0\n0\n'])
  }
})

test('D4: programs of a current libc start, sleep and abort', async () => {
  for (const words of [['true'], ['sleep', '0.01'], ['date', '-u'], ['echo', 'x']] as const) {
    const [path, ...args] = words
    const { status, exitCode, denials } = await run(path, args, { runner })
    assert.deepEqual([status, exitCode, denials], ['exited', 0, []], path)
  }
  assert.equal(native('end', ['abort']).signal, 'SIGABRT')
  const { status, signal } = await world.run('end', ['abort'], { runner })
  assert.deepEqual([status, signal], ['signaled', 'SIGABRT'])
})

test('D10: threads start without any option, and with any stack limit', async () => {
  assert.equal(native('processes', ['thread', '5']).code, 0)
  for (const limits of [{}, { memoryBytes: 64 * 2 ** 20 }, { stackBytes: 64 * 2 ** 20 }]) {
    const { exitCode } = await world.run('processes', ['thread', '5'], { runner, limits })
    assert.equal(exitCode, 0, JSON.stringify(limits))
  }
})

test('D17: --explain and --json change no verdict', () => {
  for (const kill of [['--deny', 'mkdir'], []]) {
    const words = ['--runner', runner, ...kill]
    const codes = [[], ['--explain'], ['--json']].map(
      more => boxed([...words, ...more], 'mkdir', '/etc/glassbox').code,
    )
    assert.deepEqual(codes, kill.length > 0 ? [159, 159, 159] : [1, 1, 1])
  }
})

test('D18: symlinkat is judged by where the link is made, and not by its target', async context => {
  const here = CURRENT_DIRECTORIES[0]
  const link = spell('symlinkat', 's:/etc/shadow', here, 's:link')
  assert.equal(unboxed(context, 'calls', [link]).stdout, '0\n')
  assert.deepEqual(await called([link]), { answers: ['0'], denied: [] })
  const elsewhere = join(world.directory, 'link')
  const { answers, denied } = await called([spell('symlinkat', 's:there', here, `s:${elsewhere}`)])
  assert.deepEqual([answers, denied], [['13'], [elsewhere]])
})
