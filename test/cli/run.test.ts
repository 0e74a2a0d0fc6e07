/** `glassbox run` as a user types it: every option and every exit code. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { assertNoGroupsLeft, boxed, glassbox, shell, startGlassbox } from '../support/command.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

after(assertNoGroupsLeft)

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
    /denied system call: socket\(AF_INET, SOCK_STREAM, IPPROTO_IP\)/,
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
  assert.equal(code, 123, 'a file that was asked for is missing')
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
      startGlassbox(['run', '--quiet', '--net', net, '--', program('network'), 'connect', port]).once(
        'close',
        resolve,
      )
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

test('an unknown command has a suggestion; help and version are there', () => {
  assert.match(glassbox(['rnu']).err, /no command called rnu\. Did you mean run\?/)
  const { out: version } = glassbox(['--version'])
  assert.match(version, /^glassbox \d+\.\d+\.\d+\n$/)
  for (const words of [
    ['-V'],
    ['-v'],
    ['version'],
    ['run', '--version'],
    ['doctor', '--version'],
    ['run', '-V'],
  ])
    assert.equal(glassbox(words).out, version, words.join(' '))
  assert.match(glassbox(['--help']).out, /run +Run a program/)
  assert.equal(glassbox(['help', 'run']).out, glassbox(['run', '--help']).out)
})

test('no colour without a terminal, and with NO_COLOR', () => {
  assert.equal(boxed([], 'true').err.includes('\u001b'), false)
  assert.equal(glassbox(['run', 'true'], { env: { FORCE_COLOR: '1' } }).err.includes('\u001b'), true)
})

test('--quiet has no report, and --runner namespace is the default', () => {
  assert.deepEqual(boxed(['--quiet', '--runner', 'namespace'], 'echo', 'x'), { code: 0, out: 'x\n', err: '' })
})

test('--memory unlimited and --output unlimited are no limits', () => {
  const { code, out } = shell(
    ['--memory', 'unlimited', '--output', 'unlimited', '--quiet'],
    'ulimit -v; ulimit -f',
  )
  assert.equal(code, 0)
  assert.equal(out.split('\n')[0], 'unlimited')
})

test('a program of a directory outside /usr, also beneath /tmp, is seen by itself', context => {
  const directory = temporaryDirectory(context)
  const own = join(directory, 'own')
  copyFileSync(program('end'), own)
  // The box's user has neither root's uid nor its way into a directory of mode 0700.
  spawnSync('chmod', ['755', directory, own])
  assert.equal(boxed([], own, 'exit', '9').code, 9)
  assert.equal(glassbox(['run', './own', 'exit', '8'], { cwd: directory }).code, 8)
})

test('--trace writes the calls of everything in the box as strace does', context => {
  const file = join(temporaryDirectory(context), 'trace.txt')
  const { code, out } = boxed(['--trace', file], 'sh', '-c', '/bin/echo hi; exit 4')
  assert.deepEqual([code, out], [4, 'hi\n'])
  const text = readFileSync(file, 'utf8')
  const [first = ''] = text.split('\n')
  const pid = /^(\d+) +execve\("\S+\/sh", \["sh", "-c", "\/bin\/echo hi; exit 4"\], /.exec(first)?.[1]
  assert.ok(pid, first)
  assert.match(text, /^\d+ +write\(1, "hi\\n", 3\) += 3$/m)
  assert.ok(text.endsWith(`${pid.padEnd(5)} +++ exited with 4 +++\n`), text.slice(-100))
})

test('--trace to a file that cannot be written is refused, and one on a full disk is told', () => {
  const nowhere = boxed(['--trace', '/no/such/place'], 'true')
  assert.equal(nowhere.code, 125)
  assert.match(nowhere.err, /--trace: cannot write \/no\/such\/place: ENOENT/)
  const full = boxed(['--trace', '/dev/full'], 'echo', 'x')
  assert.deepEqual([full.code, full.out], [125, 'x\n'])
  assert.match(full.err, /\/dev\/full: No space left on device/)
})
