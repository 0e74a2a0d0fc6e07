/**
 * The command's own process: signals, variables and descriptors that it was started with make it
 * nothing else than a tool.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { after, test } from 'node:test'
import { assertNoGroupsLeft, command, glassbox, viaBash } from '../support/command.js'
import { temporaryDirectory } from '../support/temporary.js'

after(assertNoGroupsLeft)

interface Started {
  readonly pid: number
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; err: string }>
  kill(signal: NodeJS.Signals): void
}

/** Resolves when the program has written its first line. */
async function started(line: readonly string[]): Promise<Started> {
  const [file = '', ...args] = line
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let err = ''
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null; err: string }>(resolve => {
    child.once('close', (code, signal) => resolve({ code, signal, err }))
  })
  await new Promise(resolve => child.stdout.once('data', resolve))
  return { pid: child.pid ?? 0, ended, kill: signal => child.kill(signal) }
}

const SLEEPS = ['sh', '-c', 'echo started; exec sleep 0.5']

test('positive control: SIGUSR1 opens a debugger in a program of Node.js', async () => {
  const node = await started([
    process.execPath,
    '-e',
    'console.log(1); setTimeout(() => process.exit(), 700)',
  ])
  node.kill('SIGUSR1')
  assert.match((await node.ended).err, /Debugger listening on|Starting inspector .* failed/)
})

for (const words of [
  ['run', '--quiet', '--'],
  ['run', '--quiet', '--trace', '/dev/null', '--'],
  ['strace', '-o', '/dev/null'],
]) {
  test(`SIGUSR1 does nothing to glassbox ${words.join(' ')}`, async () => {
    const glass = await started([process.execPath, command, ...words, ...SLEEPS])
    for (let i = 0; i < 3; i++) glass.kill('SIGUSR1')
    assert.deepEqual(await glass.ended, { code: 0, signal: null, err: '' })
  })
}

test('a traced program that signals its process group opens no debugger either', () => {
  const script =
    'setsid -w "$@" strace -o /dev/null python3 -c "import os, signal; signal.signal(signal.SIGUSR1, signal.SIG_IGN); os.kill(0, signal.SIGUSR1)"'
  const { code, err } = viaBash(`${script}; true`)
  assert.equal(code, 0)
  assert.doesNotMatch(err, /Debugger/)
})

/** Each would make Node.js write a file, load a module, or say something. */
const VARIABLES: Readonly<Record<string, string>> = {
  NODE_OPTIONS: '--trace-warnings --trace-exit --title=mine',
  NODE_V8_COVERAGE: 'coverage',
  NODE_COMPILE_CACHE: 'cache',
  // What it says of modules it says before the first line of the command.
  NODE_DEBUG: 'net,stream,worker,child_process',
  NODE_REDIRECT_WARNINGS: 'warnings',
  NODE_PENDING_DEPRECATION: '1',
  NODE_PATH: '.',
}

test('positive control: these variables make a program of Node.js write files', context => {
  const directory = temporaryDirectory(context)
  viaBash(`${process.execPath} -e 0`, { cwd: directory, env: VARIABLES })
  assert.notDeepEqual(readdirSync(directory), [])
})

for (const words of [
  'run -- echo hi',
  'strace -o /dev/null echo hi',
  '--version',
  'completion bash',
  'run --trace /dev/null -- echo hi',
]) {
  test(`variables of Node.js change nothing of glassbox ${words}`, context => {
    const directory = temporaryDirectory(context)
    const plain = viaBash(`"$@" ${words}`, { cwd: directory })
    const { code, out, err } = viaBash(`"$@" ${words}`, { cwd: directory, env: VARIABLES })
    assert.deepEqual([code, out], [plain.code, plain.out])
    assert.equal(err.replaceAll(/[\d.]+ (m?s|.iB)/g, ''), plain.err.replaceAll(/[\d.]+ (m?s|.iB)/g, ''))
    assert.deepEqual(readdirSync(directory), [])
  })
}

test('a traced program has the variables of its user, and a boxed one none', () => {
  const env = { NODE_OPTIONS: '--no-warnings', NODE_DEBUG: 'x' }
  const traced = viaBash('"$@" strace -o /dev/null env', { env }).out.split('\n')
  assert.ok(traced.includes('NODE_OPTIONS=--no-warnings') && traced.includes('NODE_DEBUG=x'))
  assert.doesNotMatch(traced.join('\n'), /WITHHELD/)
  assert.doesNotMatch(viaBash('"$@" run --quiet -- env', { env }).out, /NODE|WITHHELD/)
})

test('words and variables that are no text survive', () => {
  const script = String.raw`A=$'\xff' "$@" strace -o /dev/null sh -c 'printf %s "$1" | od -An -tx1' sh $'\xc3\xa9'`
  assert.equal(viaBash(script, { env: { NODE_OPTIONS: '--no-warnings' } }).out, ' c3 a9\n')
})

test('no inherited descriptor reaches a box', () => {
  const { out } = viaBash('"$@" run --quiet -- sh -c "ls /proc/self/fd" 7< /etc/passwd 9> /dev/null 19<&0')
  // The fourth is that of ls, which reads the directory.
  assert.deepEqual(out.trim().split('\n'), ['0', '1', '2', '3'])
})

/** Odd surroundings, each with what must be so nevertheless. */
const SURROUNDINGS: readonly (readonly [name: string, script: string])[] = [
  ['stdin is closed', '"$@" run --quiet -- echo hi <&-'],
  ['there is no environment', 'env -i "$@" run --quiet -- echo hi'],
  ['TERM is unset, LANG is C', 'env -u TERM LANG=C LC_ALL=C "$@" run --quiet -- echo hi'],
  ['the umask is 777', 'umask 777; "$@" run --quiet -- echo hi'],
  ['SIGHUP, SIGCHLD and SIGPIPE are ignored', 'trap \'\' HUP CHLD PIPE; "$@" run --quiet -- echo hi'],
  ['it is nice', 'nice -n 19 "$@" run --quiet -- echo hi'],
  ['core files are unlimited', 'ulimit -c unlimited; "$@" run --quiet -- echo hi'],
  ['it has a pipe as stdin that nobody writes', 'sleep 2 | "$@" run --quiet -- echo hi'],
  ['it leads a session of its own', 'setsid -w "$@" run --quiet -- echo hi'],
]

for (const [name, script] of SURROUNDINGS) {
  test(`a box as ever if ${name}`, () => {
    const ended = viaBash(script)
    assert.deepEqual(ended, { code: 0, out: 'hi\n', err: '' })
  })
}

test('the signals that whoever started it blocks or ignores are not those of the program', () => {
  const masked = `python3 -c '
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPIPE, signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR2])
signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.execvp(sys.argv[1], sys.argv[1:])' "$@"`
  const { out } = viaBash(`${masked} run --quiet -- grep -E "Sig(Blk|Ign)" /proc/self/status`)
  assert.equal(out, 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n')
})

test('a working directory that was removed is told, if it is needed', context => {
  const directory = temporaryDirectory(context)
  const script = (words: string): string => `mkdir gone; cd gone; rmdir ../gone; "$@" ${words}`
  const without = viaBash(script('run --quiet -- echo hi'), { cwd: directory })
  assert.deepEqual(without, { code: 0, out: 'hi\n', err: '' })
  const needed = viaBash(script('run --copy-in x -- cat x'), { cwd: directory })
  assert.equal(needed.code, 125)
  assert.match(needed.err, /^glassbox: --copy-in: cannot read x: ENOENT\. [^\n]+\n$/)
})

test('with too few descriptors it fails in one line, or works', () => {
  // With fewer than 20 Node.js itself does not start.
  for (const most of [20, 22, 24, 26, 28, 30, 32, 40]) {
    const { code, err } = viaBash(`ulimit -n ${most}; "$@" run --quiet -- true`)
    if (code === 0) continue
    assert.equal(code, 125, `${most}: ${code} ${err}`)
    assert.match(err, /^glassbox: [^\n]+\n$/, `${most} descriptors`)
  }
  assert.equal(viaBash('ulimit -n 256; "$@" run --quiet -- true').code, 0)
})

test('what it writes has the mode of the umask, and is private under 077', context => {
  const directory = temporaryDirectory(context)
  const words = 'run --quiet --stdout out --trace t --copy-out f -- sh -c "echo x > f"'
  const { code } = viaBash(`umask 077; "$@" ${words}`, { cwd: directory })
  assert.equal(code, 0)
  assert.equal(viaBash('stat -c %a out t', { cwd: directory }).out, '600\n600\n')
})

test('glassbox says who it is when a file of its own is missing', () => {
  assert.equal(glassbox(['run', '--quiet', '--', 'true'], { env: { GLASSBOX_GATE: '/nowhere' } }).code, 125)
})
