/**
 * The weaker walls of a box in a container that refuses the usual ones (docs/security.md): what a
 * program can do with them, and that limits hold. Each runs in a simulated container.
 */
import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { RunResult } from '#glassbox/index.js'
import { readablePackage } from '../support/command.js'
import { enter, type Entered } from '../support/environments/enter.js'
import { type Environment, type EnvironmentName, ENVIRONMENTS } from '../support/environments/environments.js'
import { program } from '../support/programs.js'
import { needsRoot } from '../support/hostile.js'

const skip = needsRoot

/** What the command answers in an environment. */
function boxed(context: TestContext, environment: Environment, words: readonly string[]): RunResult {
  const command = join(readablePackage(), 'bin/glassbox.js')
  const { out, err } = enter(context, environment, [process.execPath, command, 'run', '--json', ...words])
  const result = JSON.parse(out || '{}') as RunResult & { error?: object }
  assert.equal(result.error, undefined, err)
  return result
}

/** The lines of the guest: what it tried, and the error. */
const tries = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map(line => [line.replace(/ \S+$/, ''), line.split(' ').at(-1) ?? '']),
  )

const READABLE = ['read:status', 'read:cmdline', 'read:fd']

test('the outer /proc: a program sees that processes are there, and can do nothing to them', {
  skip,
}, context => {
  const environment = ENVIRONMENTS.dockerUserUnconfined
  // The command is the first process of the container.
  const { stdout, weaker } = boxed(context, environment, [program('around'), '1'])
  assert.deepEqual(
    weaker?.map(({ wall }) => wall),
    ['proc'],
  )
  const reached = tries(stdout)
  const open = Object.entries(reached).flatMap(([name, error]) => (error === '0' ? [name] : []))
  assert.deepEqual(open, READABLE, stdout)
  const victim = 'sleep 5 & sleep 0.1; exec "$0" $!'
  const native = enter(context, environment, ['sh', '-c', victim, program('around')])
  const control = tries(native.out)
  for (const name of [
    'read:environ',
    'read:maps',
    'read:fd',
    'write:oom_score_adj',
    'write:mem',
    'signal by /proc',
  ])
    assert.equal(control[name], '0', `control: without a box, ${name}: ${native.out}${native.err}`)
})

test('the outer /proc is read-only for the processes of the box too', { skip }, context => {
  const script = 'echo 5 > /proc/self/oom_score_adj; echo x > /proc/self/comm; echo $?; cat /proc/self/comm'
  const { stdout } = boxed(context, ENVIRONMENTS.dockerUnconfined, ['sh', '-c', script])
  assert.equal(stdout, '2\ncat\n')
})

test('below a moved root nothing of the old one is reached', { skip }, context => {
  const environment = ENVIRONMENTS.dockerSysAdmin
  const look =
    'ls /; ls /../..; ls -d /.host /proc/1/root/etc/shadow 2>&1; cut -d" " -f5 /proc/self/mountinfo'
  const { stdout, weaker } = boxed(context, environment, ['sh', '-c', look])
  assert.deepEqual(
    weaker?.map(({ wall }) => wall),
    ['root'],
  )
  const lines = stdout.split('\n')
  for (const name of ['work', 'root', 'home', '/home', '/sys/kernel'])
    assert.ok(!lines.includes(name), `${name} of the container: ${stdout}`)
  const reached = tries(boxed(context, environment, [program('around'), '1']).stdout)
  const names = ['uncover the root', 'unmount /proc', 'remount /proc', 'enter its network']
  assert.deepEqual(
    names.map(name => reached[name]),
    names.map(() => 'EPERM'),
  )
})

/** Attacks on limits, which init keeps by looking at processes, whichever /proc it has. */
const LIMITS: readonly (readonly [options: string[], guest: string, args: string[], status: string])[] = [
  [['--memory', '64MiB'], 'allocate', ['children', '600'], 'memory-limit'],
  [['--memory', '64MiB'], 'allocate', ['children', '32'], 'exited'],
  [['--cpu-time', '150ms'], 'burn', ['unwaited', '20000'], 'cpu-time-limit'],
  [['--cpu-time', '150ms'], 'burn', ['one', '20000'], 'cpu-time-limit'],
  [['--processes', '10'], 'processes', ['thread', '9'], 'exited'],
  [['--wall-time', '100ms'], 'end', ['stop'], 'wall-time-limit'],
]
const CONTAINERS: readonly EnvironmentName[] = ['dockerUserUnconfined', 'dockerSysAdmin']

for (const name of CONTAINERS)
  for (const [options, guest, args, status] of LIMITS)
    test(`${ENVIRONMENTS[name].name}: ${guest} ${args.join(' ')} ends as ${status}`, { skip }, context => {
      const result = boxed(context, ENVIRONMENTS[name], [...options, '--', program(guest), ...args])
      assert.equal(result.status, status)
      if (status === 'exited') assert.equal(result.exitCode, 0, result.stderr)
      assert.ok(
        (result.processes ?? 0) <= 40,
        `processes of the container are not counted: ${result.processes}`,
      )
    })

/** Runs tests of another file inside a container, by their ids. */
function inside(context: TestContext, environment: Environment, file: string, ids: string): Entered {
  const path = new URL(file, import.meta.url).pathname
  const words = [process.execPath, '--test', '--test-reporter=tap', `--test-name-pattern=${ids}`, path]
  return enter(context, environment, words, { timeout: 120_000, cwd: dirname(path) })
}

test('the attacks on the root end below a moved root as they end elsewhere', { skip }, context => {
  const { code, out } = inside(context, ENVIRONMENTS.dockerSysAdmin, 'escape.test.js', 'RT-(02|10|12|19)')
  assert.equal(
    code,
    0,
    out
      .split('\n')
      .filter(line => line.startsWith('not ok'))
      .join('\n'),
  )
  assert.match(out, /^# pass 1\d$/m, out.slice(-300))
})

test('a network that a user namespace has set up has loopback, and nothing else', { skip }, context => {
  const script = 'cat /proc/net/dev | tail -n +3; exec 3<>/dev/tcp/127.0.0.1/9 && echo open'
  const { stdout, stderr } = boxed(context, ENVIRONMENTS.dockerSysAdmin, ['bash', '-c', script])
  assert.match(stdout, /^\s*lo: [^\n]*\n$/)
  assert.match(stderr, /Connection refused/, 'loopback is up')
})
