/** `glassbox run` as a user types it: every option, every exit code, every kind of bad input. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cgroupsLeft } from '../support/left.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

const command = fileURLToPath(new URL('../../../packages/glassbox/bin/glassbox.js', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function glassbox(
  words: readonly string[],
  options: { input?: string; cwd?: string; env?: Record<string, string> } = {},
): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...words], {
    encoding: 'utf8',
    timeout: 30_000,
    input: options.input ?? '',
    ...(options.cwd ? { cwd: options.cwd } : {}),
    env: { ...process.env, ...options.env },
  })
  return { code: status, out: stdout, err: stderr }
}

const boxed = (options: readonly string[], ...words: readonly string[]): Ended =>
  glassbox(['run', ...options, '--', ...words])
const shell = (options: readonly string[], script: string): Ended => boxed(options, 'sh', '-c', script)

after(() => assert.deepEqual(cgroupsLeft(/^glassbox-\d+-/), [], 'no cgroup of an ended command is left'))

test('the main job: output on stdout, the report in words on stderr', () => {
  const { code, out, err } = boxed(['--cpu-time', '1s', '--memory', '256MiB'], 'python3', '-c', 'print(6*7)')
  assert.deepEqual([code, out], [0, '42\n'])
  assert.match(
    err,
    /^glassbox: exited with code 0 · CPU [\d.]+ m?s · wall [\d.]+ m?s · peak memory [\d.]+ MiB/,
  )
})

test('what follows the program is its own, with and without --', () => {
  assert.equal(glassbox(['run', 'echo', '--memory', '-x']).out, '--memory -x\n')
  assert.equal(glassbox(['run', '--', 'echo', '--', '--help']).out, '-- --help\n')
})

test('the exit codes', () => {
  assert.equal(shell([], 'exit 7').code, 7)
  assert.equal(shell([], 'kill -TERM $$').code, 128 + 15)
  assert.equal(boxed(['--cpu-time', '200ms'], program('burn'), 'one', '20000').code, 124)
  assert.equal(boxed(['--wall-time=0.2s'], 'sleep', '20').code, 124)
  assert.equal(boxed(['--memory', '32MiB'], program('allocate'), 'grow', '500').code, 137)
  assert.equal(boxed(['--output', '10kB', '--quiet'], program('write'), 'flood', '0').code, 153)
  assert.equal(boxed(['--file-size', '10kB'], program('write'), 'f', '20000').code, 153)
  assert.equal(boxed(['--deny', 'socket,socketpair'], program('network'), 'socket', '1').code, 159)
  assert.equal(boxed([], '/etc/passwd').code, 126)
  assert.equal(boxed([], 'no-such-program').code, 127)
  assert.equal(boxed(['--memory', '0MiB'], 'true').code, 125)
})

test('a denied call is told in the report', () => {
  assert.match(
    boxed(['--deny', 'socket'], program('network'), 'socket', '1').err,
    /denied call: socket\(AF_INET, SOCK_STREAM, IPPROTO_IP\)/,
  )
})

test('--processes, --stack, --open-files reach the program', () => {
  assert.equal(boxed(['--processes', '5'], program('processes'), 'fork', '9').code, 3)
  assert.equal(boxed(['--processes', '20'], program('processes'), 'fork', '9').code, 0)
  assert.equal(shell(['--open-files', '33', '--stack', '9MiB'], 'ulimit -n; ulimit -s').out, '33\n9216\n')
})

test('--stdin, --stdout, --stderr', context => {
  const directory = temporaryDirectory(context)
  writeFileSync(join(directory, 'in'), 'input')
  const paths = ['in', 'out', 'err'].map(name => join(directory, name))
  const options = [
    '--stdin',
    paths[0] ?? '',
    '--stdout',
    paths[1] ?? '',
    '--stderr',
    paths[2] ?? '',
    '--quiet',
  ]
  const { code, out, err } = shell(options, 'cat; echo oops >&2')
  assert.deepEqual([code, out, err], [0, '', ''])
  assert.deepEqual(
    paths.map(path => readFileSync(path, 'utf8')),
    ['input', 'input', 'oops\n'],
  )
  assert.equal(glassbox(['run', '--quiet', 'cat'], { input: 'piped' }).out, 'piped')
})

test('one file for two streams is refused and stays as it is', context => {
  const file = join(temporaryDirectory(context), 'f')
  writeFileSync(file, 'precious')
  const { code, err } = boxed(['--stdin', file, '--stdout', file], 'cat')
  assert.equal(code, 125)
  assert.match(err, /--stdout|stdout and stdin are the same file/)
  assert.equal(readFileSync(file, 'utf8'), 'precious')
})

test('--cwd and --env', () => {
  assert.equal(
    shell(['--cwd', '/tmp', '--env', 'A=b=c', '--env', 'X='], 'pwd; echo "$A[$X]"').out,
    '/tmp\nb=c[]\n',
  )
  assert.equal(glassbox(['run', '--quiet', 'env'], { env: { SECRET: 'x' } }).out.includes('SECRET'), false)
})

test('--bind, read-only and writable', context => {
  const directory = temporaryDirectory(context)
  mkdirSync(join(directory, 'd'), { mode: 0o777 })
  const source = join(directory, 'd')
  spawnSync('chmod', ['777', source])
  writeFileSync(join(source, 'f'), 'bound')
  assert.equal(boxed(['--bind', `${source}:/data`], 'cat', '/data/f').out, 'bound')
  assert.notEqual(boxed(['--bind', `${source}:/data`], 'touch', '/data/new').code, 0)
  assert.equal(boxed(['--bind', `${source}:/data:rw`], 'touch', '/data/new').code, 0)
  assert.ok(existsSync(join(source, 'new')))
})

test('--copy-in and --copy-out, with the permissions of what was made', context => {
  const directory = temporaryDirectory(context)
  writeFileSync(join(directory, 'main.c'), 'int main(void) { return 6; }\n')
  const { code, err } = glassbox(
    ['run', '--copy-in', 'main.c', '--copy-out', 'a.out', '--copy-out', 'a.out2:b', 'gcc', 'main.c'],
    { cwd: directory },
  )
  assert.equal(code, 125, 'a file that was asked for is missing')
  assert.match(err, /--copy-out a\.out2: .*ENOENT/)
  assert.equal(statSync(join(directory, 'a.out')).mode & 0o777, 0o755)
  assert.equal(spawnSync(join(directory, 'a.out')).status, 6)
})

test('--net none has no way to the host, --net host has', async context => {
  const server = createServer(socket => socket.end())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const address = server.address()
  const port = String(typeof address === 'object' && address ? address.port : 0)
  // The server is of this process: the command must not block it.
  const connect = (net: string): Promise<number | null> =>
    new Promise(resolve => {
      spawn(process.execPath, [
        command,
        'run',
        '--quiet',
        '--net',
        net,
        '--',
        program('network'),
        'connect',
        port,
      ]).on('close', resolve)
    })
  assert.equal(await connect('none'), 5)
  assert.equal(await connect('host'), 0)
})

test('--plan prints every call and starts nothing', context => {
  const marker = join(temporaryDirectory(context), 'marker')
  const { code, out } = boxed(['--plan', '--bind', '/usr:/marker'], 'touch', marker)
  assert.equal(code, 0)
  for (const call of [
    'clone3({flags=CLONE_VM',
    'pivot_root(',
    'mount("proc", "/proc"',
    'prctl(PR_SET_NO_NEW_PRIVS',
    'seccomp(SECCOMP_SET_MODE_FILTER',
    'execve(',
  ]) {
    assert.ok(out.includes(call), call)
  }
  assert.equal(existsSync(marker), false)
})

test('--json is exactly one document, with bytes that are no text in base64', () => {
  const { code, out, err } = shell(['--json'], 'printf "\\377"; printf text >&2; exit 4')
  const result = JSON.parse(out) as Record<string, unknown>
  assert.deepEqual([code, err], [4, ''])
  assert.deepEqual(
    [result['status'], result['exitCode'], result['stdout'], result['stderr'], result['runner']],
    ['exited', 4, { base64: '/w==' }, 'text', 'namespace'],
  )
  assert.equal(out.indexOf('\n'), out.length - 1)
})

const BAD: readonly (readonly [words: readonly string[], code: number, sentence: RegExp])[] = [
  [['--cpu-tme', '1s', 'true'], 125, /Unknown option --cpu-tme\. Did you mean --cpu-time\?/],
  [['--cpu-time', '5', 'true'], 125, /--cpu-time: 5 has no unit\. .*1\.5s/],
  [['--cpu-time', '5parsec', 'true'], 125, /--cpu-time: .*parsec/],
  [['--memory', '0MiB', 'true'], 125, /--memory: 0MiB is not above zero/],
  [['--memory', '-5MiB', 'true'], 125, /--memory: -5MiB is not above zero/],
  [['--wall-time', '99999999999h', 'true'], 125, /--wall-time .*at most/],
  [['--processes', '1.5', 'true'], 125, /--processes: expected a whole number/],
  [['--memory', '1GiB', '--memory', '2GiB', 'true'], 125, /--memory was given twice/],
  [['--memory'], 125, /--memory needs a value/],
  [['--plan=yes', 'true'], 125, /--plan takes no value/],
  [['--plan', '--json', 'true'], 125, /exclude each other/],
  [['--net', 'some', 'true'], 125, /--net.*none or host/],
  [['--runner', 'kernel', 'true'], 125, /no kernel runner/],
  [['--env', 'novalue', 'true'], 125, /--env: expected NAME=VALUE/],
  [['--bind', '/nonexistent', 'true'], 125, /\/nonexistent: there is no such file/],
  [['--bind', '/usr:x:y', 'true'], 125, /--bind: expected SRC/],
  [['--copy-in', '/nonexistent', 'true'], 125, /Cannot copy \/nonexistent/],
  [['--copy-out', 'a:/nonexistent/b', 'true'], 125, /--copy-out: cannot write into \/nonexistent/],
  [['--copy-out', '../a', 'true'], 125, /Not a file name inside the working directory/],
  [['--stdin', '/nonexistent', 'true'], 125, /Cannot read stdin from \/nonexistent/],
  [['--stdout', '/nonexistent/x', 'true'], 125, /Cannot write stdout to \/nonexistent\/x/],
  [['--cwd', '/nonexistent', 'true'], 125, /\/nonexistent.*ENOENT/],
  [['--cwd', 'relative', 'true'], 125, /--cwd.*absolute/],
  [['--deny', 'opn', 'true'], 125, /no system call called "opn".*open/],
  [['--deny', '', 'true'], 125, /no system call/],
  [['--deny', 'execve', 'true'], 125, /execve cannot be denied/],
  [[], 125, /No program was given/],
  [['./no-such-file'], 127, /no-such-file: not found/],
  [['/usr'], 126, /\/usr: not a file/],
]

for (const [words, code, sentence] of BAD) {
  test(`bad input: run ${words.join(' ')}`, () => {
    const ended = glassbox(['run', ...words])
    assert.match(ended.err, sentence)
    assert.deepEqual([ended.code, ended.out], [code, ''])
    assert.ok(
      ended.err.startsWith('glassbox: ') && ended.err.trim().split('\n').length === 1,
      'one sentence, no stack',
    )
  })
}

test('an unknown command has a suggestion; help and version are there', () => {
  assert.match(glassbox(['rnu']).err, /no command called rnu\. Did you mean run\?/)
  assert.match(glassbox(['--version']).out, /^glassbox \d+\.\d+\.\d+\n$/)
  assert.match(glassbox(['--help']).out, /run +Run a program/)
  assert.equal(glassbox(['help', 'run']).out, glassbox(['run', '--help']).out)
})

test('help fits the terminal, also a narrow one', () => {
  for (const width of [80, 40]) {
    const { out } = glassbox(['run', '--help'], { env: { COLUMNS: String(width) } })
    const table = out.split('\n').filter(line => line.startsWith('  ') && !line.includes('glassbox run'))
    assert.deepEqual(
      table.filter(line => line.length > width),
      [],
      `${width} columns`,
    )
  }
})

test('no colour without a terminal, and with NO_COLOR', () => {
  assert.equal(boxed([], 'true').err.includes('\u001b'), false)
  assert.equal(glassbox(['run', 'true'], { env: { FORCE_COLOR: '1' } }).err.includes('\u001b'), true)
})

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} to the command ends the box with it`, async () => {
    const child = spawn(process.execPath, [command, 'run', '--', 'sh', '-c', 'echo started; sleep 30'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await new Promise(resolve => child.stdout.once('data', resolve))
    child.kill(signal)
    const ended = await new Promise(resolve => child.once('close', resolve))
    assert.equal(ended, code)
  })
}

test('an ordinary user can run boxes too', {
  skip: process.getuid?.() === 0 ? false : 'needs root to become another user',
}, () => {
  const { status, stdout, stderr } = spawnSync(
    'setpriv',
    [
      '--reuid',
      '65534',
      '--regid',
      '65534',
      '--clear-groups',
      process.execPath,
      command,
      'run',
      '--',
      'python3',
      '-c',
      'print(6*7)',
    ],
    { encoding: 'utf8', cwd: '/', env: { PATH: process.env['PATH'] ?? '', HOME: '/' } },
  )
  assert.deepEqual([status, stdout], [0, '42\n'], stderr)
})
