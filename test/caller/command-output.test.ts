/** Whoever reads the command's output is full, slow or gone: lost output is never a success. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { assertNoGroupsLeft, command, viaBash } from '../support/command.js'
import { temporaryDirectory } from '../support/temporary.js'

after(assertNoGroupsLeft)

/** Each subcommand with something to say on stdout. */
const SPEAKING = [
  'run -- echo hi',
  'run --quiet -- head -c 60000 /dev/zero',
  'run --quiet -- head -c 900000 /dev/zero',
  "run -- sh -c 'echo a; sleep 0.1; echo b; sleep 0.1; exit 3'",
  'run --json -- echo hi',
  'run --json -- no-such-program',
  'run --plan -- echo hi',
  'run --help',
  'run --version',
  'doctor',
  'doctor --json',
  'completion bash',
  'help',
  'help run',
  '--version',
  'strace -h',
  'strace -V',
] as const

const FULL = 'glassbox: cannot write standard output: No space left on device\n'

for (const words of SPEAKING) {
  test(`${words} > /dev/full fails with its reason`, () => {
    const { code, err } = viaBash(`"$@" ${words} > /dev/full`)
    assert.equal(code, 125)
    assert.ok(err.endsWith(FULL), err)
    assert.equal(err.split(FULL).length, 2, 'said once')
  })
}

test('the same commands succeed if there is room: it is the device that fails them', () => {
  for (const words of ['run -- echo hi', 'run --json -- echo hi', 'run --plan -- echo hi', '--version'])
    assert.equal(viaBash(`"$@" ${words} > /dev/null`).code, 0, words)
})

test('stderr that cannot be written is a failure too', () => {
  for (const words of ['run -- true', "run --quiet -- sh -c 'echo oops >&2'", 'run -- no-such-program'])
    assert.deepEqual(viaBash(`"$@" ${words} 2> /dev/full`), { code: 125, out: '', err: '' }, words)
  assert.equal(viaBash('"$@" run --quiet -- true > /dev/full 2> /dev/full').code, 0, 'nothing was lost')
})

test('strace whose trace cannot be written fails', () => {
  assert.equal(viaBash('"$@" strace -o /dev/full true').code, 1)
  assert.match(
    viaBash('"$@" strace -o /dev/full true').err,
    /^strace: \/dev\/full: No space left on device\n/,
  )
  assert.equal(viaBash('"$@" strace true 2> /dev/full').code, 1)
})

test('an ordinary user is told the same', () => {
  const by = { ordinary: true, cwd: '/', env: { HOME: '/', GLASSBOX_CGROUP: '' } }
  for (const words of ['run --quiet -- echo hi', 'run --json -- echo hi', 'run --plan -- true'])
    assert.deepEqual(viaBash(`"$@" ${words} > /dev/full`, by), { code: 125, out: '', err: FULL }, words)
  assert.equal(viaBash('"$@" run --quiet -- yes | head -n 1; exit ${PIPESTATUS[0]}', by).code, 141)
  assert.equal(viaBash('"$@" strace -o /dev/full true', by).code, 1)
  const env = { ...by.env, NODE_OPTIONS: '--no-warnings' }
  assert.equal(
    viaBash('"$@" run --quiet -- echo hi', { ...by, env }).out,
    'hi\n',
    'also with variables of Node.js',
  )
})

test('a disk that is full in the middle of the output', {
  skip: process.getuid?.() === 0 ? false : 'needs root to mount a small file system',
}, context => {
  const directory = temporaryDirectory(context)
  mkdirSync(join(directory, 'small'))
  const script = (words: string): string => `
    mount -t tmpfs -o size=64k none small && "$@" run --quiet ${words} -- head -c 200000 /dev/zero > small/out
    echo $? $(stat -c %s small/out)`
  const unshared = (words: string): ReturnType<typeof viaBash> =>
    viaBash(`unshare -m bash -c '${script(words)}' bash "$@"`, { cwd: directory })
  for (const words of ['', '--json']) {
    const { out, err } = unshared(words)
    assert.equal(out, '125 65536\n', `${words}: what there was room for is there`)
    assert.match(err, /glassbox: cannot write standard output: No space left on device\n$/)
  }
})

test('a reader that goes away ends the command without a word, as SIGPIPE would', () => {
  for (const words of [
    'completion bash',
    'run --plan -- true',
    'run --json -- true',
    'doctor --json',
    'strace -h',
  ]) {
    const { code, err } = viaBash(`"$@" ${words} | true; exit \${PIPESTATUS[0]}`)
    // A short text may be in the pipe before `true` has ended.
    assert.ok(code === 141 || code === 0, `${words}: ${code}`)
    assert.equal(err, '', words)
  }
  const gone = viaBash('exec 3> >(exit); sleep 0.2; "$@" --version >&3')
  assert.deepEqual(gone, { code: 141, out: '', err: '' })
})

test('a program whose reader went away is told by SIGPIPE', () => {
  const { out, err } = viaBash('"$@" run -- yes | head -n 1; exit ${PIPESTATUS[0]}')
  assert.equal(out, 'y\n')
  assert.match(err, /^glassbox: killed by signal SIGPIPE · /)
  const { code } = viaBash('"$@" run -- yes | head -n 1; exit ${PIPESTATUS[0]}')
  assert.equal(code, 141)
  const ended = viaBash('exec 3> >(exit); sleep 0.2; "$@" run --quiet -- echo hi >&3')
  assert.equal(ended.code, 141, 'also if the program had ended before it could be told')
})

test('a stdout that does not block is written whole', () => {
  // python's end of the pipe is made non-blocking for all that share it, and read slowly.
  const script = (words: string): string => `python3 -c '
import os, subprocess, sys, time
r, w = os.pipe()
os.set_blocking(w, False)
p = subprocess.Popen(sys.argv[1:], stdout=w, stderr=subprocess.PIPE)
os.close(w)
n = 0
while True:
    b = os.read(r, 4096)
    if not b: break
    n += len(b)
    if n < 200000: time.sleep(0.001)
print(n, p.wait())' "$@" ${words}`
  assert.equal(viaBash(script('run --quiet -- head -c 500000 /dev/zero')).out, '500000 0\n')
  const [bytes = '', code] = viaBash(script('run --plan -- true')).out.split(' ')
  assert.ok(Number(bytes) > 4096 && code === '0\n', `${bytes} ${code}`)
})

test('a closed stdout is written to no other file', context => {
  const directory = temporaryDirectory(context)
  const { code } = viaBash('"$@" run --trace t -- echo hi >&-', { cwd: directory })
  assert.equal(code, 0, 'Node.js puts /dev/null in its place')
  assert.equal(readFileSync(join(directory, 't'), 'utf8').includes('\nhi\n'), false)
  assert.equal(viaBash('"$@" run -- true >&- 2>&- <&-').code, 0)
})

test('a stdout that was opened for reading fails with its reason', () => {
  const { code, err } = viaBash('"$@" run --quiet -- echo hi 1< /dev/null')
  assert.deepEqual([code, err], [125, 'glassbox: cannot write standard output: Bad file descriptor\n'])
})

test('a slow reader gets everything, and Ctrl-C does not wait for one that reads nothing', async context => {
  assert.equal(viaBash('"$@" run --quiet -- head -c 3000000 /dev/zero | (sleep 0.3; wc -c)').out, '3000000\n')
  const child = spawn(process.execPath, [command, 'run', '--quiet', '--', 'yes'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  context.after(() => child.kill('SIGKILL'))
  // Its first bytes show that it runs; nothing is read after them.
  await new Promise(resolve => child.stdout.once('readable', resolve))
  const exited = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGINT')
  assert.equal(await exited, 130)
  child.stdout.destroy()
})

test('64 MiB of control characters on both streams, within the default limits, are a result', context => {
  const directory = temporaryDirectory(context)
  const half = 'head -c 67108864 /dev/zero | tr "\\0" "\\1"'
  const script = `"$@" run --json --wall-time 60s -- sh -c '${half}; ${half} >&2' > result.json; echo $?`
  const { out, err } = viaBash(script, { cwd: directory })
  assert.deepEqual([out, err], ['0\n', ''])
  const bytes = readFileSync(join(directory, 'result.json'))
  // Base64 of a third more each: far below the 805 million letters of escapes.
  assert.ok(bytes.length < 2 * 67_108_864 * 1.34 + 2000, String(bytes.length))
  const head = bytes.toString('latin1', 0, 1000)
  assert.match(head, /^\{"status":"exited","ok":true,"exitCode":0,/)
  const digest = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')
  const expected = digest(Buffer.alloc(67_108_864, 1))
  for (const name of ['stdout', 'stderr']) {
    const start = bytes.indexOf(`"${name}":{"base64":"`) + name.length + 14
    const text = bytes.toString('latin1', start, bytes.indexOf('"', start))
    assert.equal(digest(Buffer.from(text, 'base64')), expected, name)
  }
  assert.ok(bytes.subarray(-20).includes('}\n'))
})

test('a trace is cut at its size, says so, and the program goes on', context => {
  const directory = temporaryDirectory(context)
  // A look at each of many files.
  const words = 'run --trace t --trace-size 8k -- sh -c "ls -l /usr/lib > /dev/null; exit 5"'
  const { code, err } = viaBash(`"$@" ${words}`, { cwd: directory })
  assert.equal(code, 5)
  assert.match(err, /^glassbox: --trace: t was truncated at 8 KiB\. Use --trace-size to change the limit\.\n/)
  const text = readFileSync(join(directory, 't'), 'utf8')
  assert.ok(text.endsWith('\n+++ the trace is cut here: it may be no longer +++\n'), text.slice(-200))
  assert.ok(statSync(join(directory, 't')).size <= 8192 + 60)
  const whole = viaBash(`"$@" ${words.replace('8k', 'unlimited')}`, { cwd: directory })
  assert.equal(whole.err.includes('was cut'), false)
  assert.ok(statSync(join(directory, 't')).size > 8192, 'without the limit it is longer')
})
