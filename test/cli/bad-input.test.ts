/**
 * What a user may type wrongly: one sentence that names the option and what to do next, and
 * nothing is started.
 */
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { assertNoGroupsLeft, glassbox } from '../support/command.js'
import { temporaryDirectory } from '../support/temporary.js'

after(assertNoGroupsLeft)

/** A program that would show itself, were it started. */
const PROGRAM = ['echo', 'started']

/** The wrong words before PROGRAM, and the sentence with which they are refused. */
const OPTIONS: readonly (readonly [words: readonly string[], sentence: RegExp])[] = [
  [['--cpu-tme', '1s'], /Unknown option --cpu-tme\. Did you mean --cpu-time\?/],
  [['--xyzzy'], /Unknown option --xyzzy\. "glassbox run --help" lists the options/],
  [['--cpu-time', '5'], /--cpu-time: 5 has no unit\. .*Write 5s or 5ms/],
  [['--cpu-time', '5parsec'], /--cpu-time: .*parsec.* is not a valid value/],
  [['--cpu-time', '0s'], /--cpu-time: 0s is not above zero\. Write/],
  [['--memory', '0MiB'], /--memory: 0MiB is not above zero\. Write/],
  [['--memory', '-5MiB'], /--memory: -5MiB is not above zero\. Write/],
  [['--wall-time', '99999999999h'], /--wall-time .*at most.* Use unlimited/],
  [['--processes', '1.5'], /--processes: expected a whole number.* Write/],
  [['--open-files', '0'], /--open-files: expected a whole number above zero.* Write/],
  [['-m', '64m'], /Unknown option -m\. Did you mean --memory\?/],
  [['-m64m'], /Unknown option -m64m\. Did you mean --memory\?/],
  [['--timeout', '10s'], /Unknown option --timeout\. Did you mean --wall-time\?/],
  [['--timeout=10s'], /Unknown option --timeout\. Did you mean --wall-time\?/],
  [['-v', '/a:/b'], /Unknown option -v\. Did you mean --bind\?/],
  [['--trace-size', '1MiB'], /--trace-size needs --trace\. Add --trace FILE/],
  [['--trace', '/dev/null', '--trace-size', '5'], /--trace-size: 5 has no unit/],
  [['--plan=yes'], /--plan takes no value\. Write --plan/],
  [['--net', 'some'], /--net to be 'none' or 'host', got "some"/],
  [['--runner', 'ptrace', '--bind', '/usr'], /The ptrace runner has no option --bind: .*--allow-read/],
  [['--runner', 'docker'], /--runner to be 'namespace', 'ptrace' or 'kernel', got "docker"/],
  [['--runner', 'ptrace', '--trace', '/dev/null'], /ptrace runner cannot trace its programs for you/],
  [
    ['--policy', 'defualt'],
    /--policy: there is neither a preset nor a file called defualt\. Did you mean default\?/,
  ],
  [['--env', 'novalue'], /--env: expected NAME=VALUE.* For example --env/],
  [['--bind', '/nonexistent'], /--bind: Cannot bind \/nonexistent: there is no such file.* Check/],
  [['--bind', '/usr:x:y'], /--bind: expected SRC.* For example/],
  [['--bind', '/usr:relative'], /--bind to be an absolute path/],
  [['--copy-in', '/nonexistent'], /--copy-in: cannot read \/nonexistent.* Name an existing file/],
  [['--copy-in', '/etc/passwd:../a'], /--copy-in: .*"\.\.\/a"\. Use a relative path/],
  [
    ['--copy-in', 'a:b:c'],
    /--copy-in: expected SRC or SRC:DST.* For example --copy-in.* Write \\: for a colon/,
  ],
  [['--copy-in', '/etc/passwd:'], /--copy-in: expected SRC or SRC:DST/],
  [['--copy-out', 'a:/nonexistent/b'], /--copy-out: cannot write into \/nonexistent\. Name/],
  [['--copy-out', '../a'], /--copy-out: .*"\.\.\/a"\. Use a relative path/],
  [['--stdin', '/nonexistent'], /Cannot read stdin from \/nonexistent.* Name a file/],
  [['--stdout', '/nonexistent/x'], /Cannot write stdout to \/nonexistent\/x.* Name a file/],
  [['--stderr', '/nonexistent/x'], /Cannot write stderr to \/nonexistent\/x.* Name a file/],
  [['--cwd', '/nonexistent'], /\/nonexistent.*ENOENT.* Name a working directory/],
  [['--cwd', 'relative'], /--cwd.*absolute/],
  [['--deny', 'opn'], /--deny: .*no system call called "opn".*open/],
  [['--deny', ''], /--deny: .*no system call/],
  [['--deny', 'execve'], /--deny: execve cannot be denied/],
]

interface Case {
  readonly words: readonly string[]
  readonly code: number
  readonly sentence: RegExp
}

const CASES: readonly Case[] = [
  ...OPTIONS.map(([words, sentence]): Case => ({ words: [...words, ...PROGRAM], code: 125, sentence })),
  { words: [], code: 125, sentence: /No program was given\. For example/ },
  { words: ['--memory'], code: 125, sentence: /--memory needs a value\. Write --memory SIZE/ },
  { words: ['./no-such-file'], code: 127, sentence: /no-such-file: not found\. Name a file/ },
  { words: ['no-such-program'], code: 127, sentence: /no-such-program: not found\. Install it/ },
  { words: ['/usr'], code: 126, sentence: /\/usr: not a file\. Name a program/ },
  { words: ['/etc/passwd'], code: 126, sentence: /\/etc\/passwd: not executable\. .*chmod \+x/ },
]

for (const { words, code, sentence } of CASES) {
  test(`run ${words.join(' ')}`, () => {
    const ended = glassbox(['run', ...words])
    assert.match(ended.err, sentence)
    assert.deepEqual([ended.code, ended.out], [code, ''], 'refused, and nothing was started')
    assert.match(ended.err, /^glassbox: [^\n]+\n$/, 'one line, no stack')
  })
}

for (const [words, code, expected] of [
  [['--jso', '--json', 'true'], 125, { code: 'ERR_GLASSBOX_INVALID_OPTION', option: '--jso' }],
  [['--json', '--memory', '0MiB', 'true'], 125, { code: 'ERR_GLASSBOX_INVALID_OPTION', option: '--memory' }],
  [['--json'], 125, { code: 'ERR_GLASSBOX_INVALID_OPTION', option: 'PROGRAM' }],
  [['--plan', '--json', 'true'], 125, { code: 'ERR_GLASSBOX_INVALID_OPTION', option: '--json' }],
  [['--json', 'no-such'], 127, { code: 'ERR_GLASSBOX_PROGRAM_NOT_FOUND', path: 'no-such' }],
  [['--json', '/etc/passwd'], 126, { code: 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE', path: '/etc/passwd' }],
  [['--json', '--net', 'some', 'true'], 125, { code: 'ERR_GLASSBOX_INVALID_OPTION', option: '--net' }],
] as const) {
  test(`with --json a script gets a document: run ${words.join(' ')}`, () => {
    const ended = glassbox(['run', ...words])
    assert.equal(ended.code, code)
    const { error } = JSON.parse(ended.out) as { error: Record<string, unknown> }
    assert.equal(typeof error['message'], 'string')
    assert.deepEqual({ ...error, ...expected }, error)
    assert.match(ended.err, /^glassbox: [^\n]+\n$/, 'and a person one line')
  })
}

test('--json among the words of the program is not ours', () => {
  assert.equal(glassbox(['run', 'no-such', '--json']).out, '')
})

test('a file that the user may not read is refused by name', {
  skip: process.getuid?.() === 0 ? false : 'needs root to make a file of another user',
}, context => {
  const directory = temporaryDirectory(context)
  const file = join(directory, 'secret')
  writeFileSync(file, 'secret')
  chmodSync(file, 0o600)
  chmodSync(directory, 0o755)
  const by = { ordinary: true, cwd: '/' }
  const stdin = glassbox(['run', '--stdin', file, 'cat'], by)
  assert.deepEqual([stdin.code, stdin.out], [125, ''])
  assert.match(stdin.err, /Cannot read stdin from .*secret.* Name a file that you may read/)
  const copied = glassbox(['run', '--copy-in', file, 'cat', 'secret'], by)
  assert.deepEqual([copied.code, copied.out], [125, ''])
  assert.match(
    copied.err,
    /--copy-in: cannot read .*secret.* Name an existing file or directory that you may read/,
  )
})
