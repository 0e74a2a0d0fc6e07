/**
 * A person or a service ends the command: the box goes with it. And an ordinary user has boxes
 * too.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { assertNoGroupsLeft, glassbox, startGlassbox } from '../support/command.js'

after(assertNoGroupsLeft)

/**
 * Name (argv[0]) and start of a living process; a number that was given out again has another
 * start.
 */
function processStat(pid: number): { name: string; start: string } | undefined {
  try {
    const [name = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    // After the name in parentheses, which may hold anything: proc_pid_stat(5), fields 3 and 22.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : { name, start: fields[19] ?? '' }
  } catch {
    return undefined
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap(task =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
}

const descendants = (pid: number): number[] =>
  childrenOf(pid).flatMap(child => [child, ...descendants(child)])

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`${signal} to the command exits with ${code} and leaves no process of its box`, async context => {
    const child = startGlassbox(['run', '--', 'sh', '-c', 'echo started; sleep 30'])
    context.after(() => child.kill('SIGKILL'))
    await new Promise(resolve => child.stdout?.once('data', resolve))
    const before = descendants(child.pid ?? 0).map(pid => ({ pid, ...processStat(pid) }))
    const names = before.map(({ name }) => name)
    assert.ok(names.includes('glassbox-init') && names.includes('sh'), `the box is there: ${names.join(' ')}`)
    child.kill(signal)
    const ended = await new Promise(resolve => child.once('close', resolve))
    assert.equal(ended, code)
    const left = before.filter(({ pid, start }) => start !== undefined && processStat(pid)?.start === start)
    assert.deepEqual(left, [])
  })
}

test('an ordinary user can run boxes too, and reads by which means they were measured', () => {
  // Without PATH and HOME of root: nothing of it may be needed.
  const { code, out, err } = glassbox(['run', '--', 'python3', '-c', 'print(6*7)'], {
    ordinary: true,
    cwd: '/',
    env: { HOME: '/', GLASSBOX_CGROUP: '' },
  })
  assert.deepEqual([code, out], [0, '42\n'], err)
  assert.match(err, /^glassbox: exited with code 0 .* · measured without a cgroup\n$/)
})

test('an ordinary user’s limits hold without a cgroup', () => {
  const limited = (...words: readonly string[]): number | null =>
    glassbox(['run', ...words], { ordinary: true, cwd: '/', env: { HOME: '/' } }).code
  assert.equal(limited('--cpu-time', '200ms', '--', 'sh', '-c', 'while :; do :; done'), 124)
  assert.equal(limited('--wall-time', '200ms', '--', 'sleep', '20'), 124)
  assert.equal(limited('--memory', '64MiB', '--', 'python3', '-c', 'x = b"x" * (400 << 20)'), 137)
})
