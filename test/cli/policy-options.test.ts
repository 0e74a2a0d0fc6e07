/** `glassbox run` with the ptrace runner and with policies, as a user types it. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { RunResult } from '#glassbox/index.js'
import { boxed, type Ended, glassbox } from '../support/command.js'
import { temporaryDirectory } from '../support/temporary.js'

/** A directory that programs with a user id of their own can enter. */
function ground(context: TestContext): string {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o755)
  mkdirSync(join(directory, 'open'))
  chmodSync(join(directory, 'open'), 0o777)
  writeFileSync(join(directory, 'secret'), 'secret\n')
  return directory
}

const traced = (options: readonly string[], ...words: readonly string[]): Ended =>
  boxed(['--runner', 'ptrace', ...options], ...words)
const quiet = ['--quiet'] as const

test('--allow-read lets a file be read, and a directory with everything in it', context => {
  const top = ground(context)
  const file = join(top, 'secret')
  const refused = traced(quiet, 'cat', file)
  assert.deepEqual([refused.code, refused.out], [1, ''])
  for (const path of [file, top, `${top}/`, '/'])
    assert.deepEqual(traced([...quiet, '--allow-read', path], 'cat', file), {
      code: 0,
      out: 'secret\n',
      err: '',
    })
})

test('--allow-write lets files be made there, and --allow-read does not', context => {
  const open = join(ground(context), 'open')
  const made = join(open, 'made')
  const write = ['sh', '-c', `echo x > ${made}`] as const
  assert.equal(traced([...quiet, '--allow-read', open], ...write).code, 2)
  assert.ok(!existsSync(made))
  assert.deepEqual(traced([...quiet, '--allow-write', open], ...write), { code: 0, out: '', err: '' })
  assert.equal(readFileSync(made, 'utf8'), 'x\n')
})

test('--allow-exec lets other programs be executed', () => {
  assert.equal(traced(quiet, 'sh', '-c', 'cat /dev/null').code, 126)
  assert.equal(traced([...quiet, '--allow-exec', '/usr/bin/'], 'sh', '-c', 'cat /dev/null').code, 0)
})

test('--explain changes nothing else, and the option that it names allows the call', context => {
  const top = ground(context)
  const cases = [
    ['cat', join(top, 'secret')],
    ['sh', '-c', `echo y > ${join(top, 'open/file')}`],
    ['sh', '-c', 'cat /dev/null'],
    ['ls', top],
  ] as const
  for (const words of cases) {
    const plain = traced([], ...words)
    const { code, out, err } = traced(['--explain'], ...words)
    assert.deepEqual([code, out], [plain.code, plain.out])
    assert.match(plain.err, / denied calls? \(see --explain\)/)
    assert.doesNotMatch(err, /see --explain/)
    const options = [...err.matchAll(/To allow it: (--allow-\w+) (\S+)/g)]
    const allowed = options.flatMap(([, option = '', path = '']) => [option, path])
    assert.ok(allowed.length > 0, err)
    const again = traced([...quiet, ...allowed], ...words)
    assert.equal(again.code, 0, `${allowed.join(' ')}: ${again.err}`)
  }
})

test('--explain names the rule of a call that ended the program, with each runner', () => {
  for (const runner of ['namespace', 'ptrace']) {
    const words = ['--runner', runner, '--deny', 'getppid', '--explain']
    const { code, err } = boxed(words, 'sh', '-c', 'exit 0')
    if (code === 0) continue // this shell does not ask for its parent
    assert.equal(code, 159)
    assert.match(err, /denied: getppid\(\)\. To allow it, use a policy file such as \{"extends":"default"/)
  }
})

test('--explain names the policy of the run, and gives a reason where no rule would help', () => {
  const killed = traced(['--policy', 'shell', '--deny', 'getppid', '--explain'], 'bash', '-c', 'exit 0')
  assert.match(killed.err, /such as \{"extends":"shell","rules":\[\{"syscalls":\["getppid"\]/)
  const { err } = traced(['--policy', 'shell', '--explain'], 'ls', '/proc/1/fd')
  assert.match(err, /denied: openat\(.*\): it belongs to a process outside the program/)
  assert.doesNotMatch(err, /for lack of "it/)
})

test('--explain says so if the runner reports no denied call', () => {
  const { err } = boxed(['--explain'], 'sh', '-c', 'exit 1')
  assert.match(err, /--runner ptrace reports others too/)
  const none = traced(['--explain', '--policy', 'default'], 'cat', '--no-such-option')
  assert.doesNotMatch(none.err, /runner ptrace reports/)
})

test('--json has the denials', () => {
  const { out, code } = traced(['--json'], 'cat', '/etc/hostname')
  assert.equal(code, 1)
  const { runner, denials, moreDenials } = JSON.parse(out) as RunResult
  assert.equal(runner, 'ptrace')
  assert.equal(moreDenials, 0)
  const [last] = denials?.slice(-1) ?? []
  assert.deepEqual(
    [last?.syscall, last?.path, last?.rule],
    ['openat', '/etc/hostname', 'read: /etc/hostname'],
  )
})

test('--policy takes a preset or a file, with every runner', context => {
  const top = ground(context)
  const file = join(top, 'policy.json')
  writeFileSync(file, JSON.stringify({ extends: 'default', paths: { read: [join(top, 'secret')] } }))
  const secret = join(top, 'secret')
  assert.equal(traced([...quiet, '--policy', 'default'], 'cat', secret).code, 1)
  assert.equal(traced([...quiet, '--policy', file], 'cat', secret).out, 'secret\n')
  const bind = ['--bind', secret] as const
  assert.equal(boxed([...quiet, ...bind, '--policy', 'default'], 'cat', secret).code, 1)
  assert.equal(boxed([...quiet, ...bind, '--policy', file], 'cat', secret).out, 'secret\n')
  assert.equal(boxed([...quiet, ...bind, '--allow-read', secret], 'cat', secret).out, 'secret\n')
})

test('a policy file that is wrong is one sentence with its line, and nothing starts', context => {
  const top = ground(context)
  const file = join(top, 'policy.json')
  for (const [text, words] of [
    ['{\n  "rules": [\n    {"syscalls": ["opne"], "action": {"kind": "kill"}}]}', /policy\.json:3: .*opne/],
    ['{', /policy\.json:1/],
    ['{"extends": "defualt"}', /Did you mean default\?/],
    ['{"extends": "default", "paths": {"read": ["relative"]}}', /relative/],
  ] as const) {
    writeFileSync(file, text)
    const { code, out, err } = traced(['--policy', file], 'echo', 'started')
    assert.equal(code, 125)
    assert.equal(out, '')
    assert.match(err, words)
    assert.equal(err.trim().split('\n').length, 1, err)
  }
})

test('--plan prints the launch, the rules and the filter, and starts nothing', () => {
  const { code, out } = traced(['--plan'], 'true')
  assert.equal(code, 0)
  for (const words of [
    /^setsid\(\)$/m,
    /^prctl\(PR_SET_NO_NEW_PRIVS, 1/m,
    /^execve\("\/usr\/bin\/true", \["true"\]/m,
    /the Landlock ruleset, ABI \d+/,
    /^execute: \{program\} → \/usr\/bin\/true$/m,
    /the filter/,
  ])
    assert.match(out, words)
})

test('completion offers the runners, and the help fits a small terminal', () => {
  assert.match(glassbox(['completion', 'bash']).out, /--runner\) COMPREPLY=.*'namespace ptrace kernel'/)
  assert.match(glassbox(['completion', 'fish']).out, /-l allow-read/)
  const { out } = glassbox(['run', '--help'], { env: { COLUMNS: '40' } })
  assert.match(out, /--runner namespace\|ptrace/)
})
