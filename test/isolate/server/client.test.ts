/**
 * The static client with a server whose keeper is scripted: what it passes, what it writes, how it
 * ends, and what happens without a server.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test as declare, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ANSWER_KIND } from '#glassbox/gate/generated/layouts.js'
import { IsolateServer } from '#glassbox/isolate/server/server.js'
import { ScriptedKeeper } from '../../support/scripted-keeper.js'

const client = fileURLToPath(
  new URL('../../../../packages/glassbox/prebuilds/isolate-linux-x64', import.meta.url),
)
const directory = mkdtempSync(join(tmpdir(), 'glassbox-server-'))
after(() => rmSync(directory, { recursive: true }))

/** In the place of the ordinary command: it says what it got. */
const ORDINARY = join(directory, 'ordinary')
writeFileSync(ORDINARY, '#!/bin/sh\necho "ordinary $GLASSBOX_ISOLATE_NAME $*"\nexit 5\n')
chmodSync(ORDINARY, 0o755)

const skip = process.geteuid?.() === 0 ? false : 'isolate must be started as root'
const test = (name: string, body: (context: TestContext) => Promise<void>): unknown =>
  declare(name, { skip }, body)

let servers = 0

/** A server, and the variables by which the client finds it. */
async function serve(t: { after(end: () => Promise<void>): void }) {
  const path = join(directory, `s${servers++}`, 'socket')
  const keeper = new ScriptedKeeper()
  const server = new IsolateServer({ path, boxes: 3, version: '1.2.3', keeper })
  await server.open()
  t.after(() => server.close())
  return { path, keeper, server, env: { GLASSBOX_ISOLATE_SOCKET: path } }
}

interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<{ code: number | null; signal: string | null; out: string; err: string }>
}

function start(words: readonly string[], env: Record<string, string>, argv0 = 'isolate'): Started {
  const child = spawn(client, words, {
    ...{ argv0, cwd: directory, stdio: ['pipe', 'pipe', 'pipe'] },
    env: { GLASSBOX_ISOLATE_COMMAND: ORDINARY, ...env },
  })
  let [out, err] = ['', '']
  child.stdout?.on('data', text => (out += text))
  child.stderr?.on('data', text => (err += text))
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, out, err }))
  return { child, ended }
}

const run = (words: readonly string[], env: Record<string, string>, argv0?: string) =>
  start(words, env, argv0).ended

test('a call of the client is a call of the command: text, exit code, reports', async t => {
  const { env, keeper } = await serve(t)
  assert.equal(keeper.prepared, 3)
  assert.deepEqual(await run(['-b4', '--init'], env), { code: 0, signal: null, out: '/boxes/4\n', err: '' })
  const failed = await run(['-M', 'meta', '--run', '--', 'exit', '7'], env)
  assert.deepEqual([failed.code, failed.err], [1, 'Exited with error status 7\n'])
  assert.match(readFileSync(join(directory, 'meta'), 'utf8'), /exitcode:7/)
  const wrong = await run(['--nonsense'], env, '/x/isolate')
  assert.deepEqual([wrong.code, wrong.err], [2, "/x/isolate: unrecognized option '--nonsense'\n"])
})

test('arguments, environment, name, mask, directory and streams are those of the client', async t => {
  const { env, keeper } = await serve(t)
  const script = `umask 026; exec "$0" -M meta-of-mask --run -- facts "$@"`
  const words = ['a b', '', 'é', '--']
  const child = spawn('sh', ['-c', script, client, ...words], {
    cwd: directory,
    env: { ...env, A: 'x=y', EMPTY: '' },
  })
  let out = ''
  child.stdout.on('data', text => (out += text))
  assert.deepEqual(await once(child, 'close'), [0, null])
  const facts = JSON.parse(out) as Record<string, unknown>
  assert.deepEqual([facts['umask'], facts['hasOwnDescriptors']], [0o026, false])
  assert.deepEqual(facts['ids'], { uid: process.getuid?.(), gid: process.getgid?.() })
  const variables = facts['environment'] as string[]
  for (const variable of ['A=x=y', 'EMPTY=']) assert.ok(variables.includes(variable), variable)
  assert.deepEqual(keeper.calls[0]?.program.argv, ['facts', ...words])
  assert.equal(statSync(join(directory, 'meta-of-mask')).mode & 0o777, 0o640)
})

test('many arguments and a large environment come whole', async t => {
  const { env, keeper } = await serve(t)
  const words = Array.from({ length: 3000 }, (_, index) => `word-${index}-${'x'.repeat(index % 300)}`)
  assert.equal(
    (await run(['--run', '--', 'exit', '0', ...words], { ...env, BIG: 'y'.repeat(100_000) })).code,
    0,
  )
  assert.deepEqual(keeper.calls[0]?.program.argv.slice(2), words)
})

test('much output of the server comes whole, however slowly it is read', async t => {
  const { env } = await serve(t)
  const { child, ended } = start(['--run', 'say', '3000000'], env)
  child.stdout?.pause()
  // Another client is served meanwhile.
  assert.equal((await run(['--version'], env)).code, 0)
  child.stdout?.resume()
  const { code, out } = await ended
  assert.deepEqual([code, out.length], [0, 3_000_000])
})

test('signals end the run as they end that of the command; others do nothing', async t => {
  const { env, keeper } = await serve(t)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGABRT', 'SIGSEGV'] as const) {
    const { child, ended } = start(['-M', 'm', '--run', 'wait'], env)
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    for (const harmless of ['SIGUSR1', 'SIGUSR2', 'SIGPIPE', 'SIGTTOU'] as const) child.kill(harmless)
    child.kill(signal)
    const { code, err } = await ended
    assert.deepEqual([code, err], [1, 'Interrupted\n'], signal)
    assert.match(
      readFileSync(join(directory, 'm'), 'utf8'),
      /^exitsig:\d+\nstatus:SG\nmessage:Interrupted\nkilled:1\n/,
    )
  }
  assert.equal(keeper.running, 0)
})

test('a client that is killed ends its run', async t => {
  const { env, keeper } = await serve(t)
  const { child, ended } = start(['--run', 'wait'], env)
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  assert.equal(keeper.running, 1)
  child.kill('SIGKILL')
  await ended
  while (keeper.running > 0) await new Promise(resolve => setTimeout(resolve, 5))
})

test('fifty calls at once run side by side, each with its own end', async t => {
  const { env, keeper } = await serve(t)
  const all = Array.from({ length: 50 }, (_, index) => start([`-b${index}`, '--run', 'wait'], env))
  await Promise.all(all.map(({ child }) => once(child.stdout as NodeJS.ReadableStream, 'data')))
  assert.equal(keeper.running, 50)
  for (const { child } of all) child.kill('SIGTERM')
  for (const { ended } of all) assert.equal((await ended).code, 1)
})

test('a server that ends interrupts its runs, and its socket is gone', async t => {
  const { env, path, server, keeper } = await serve(t)
  const { child, ended } = start(['--run', 'wait'], env)
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  await server.close()
  const { code, err } = await ended
  assert.deepEqual([code, err, keeper.closed], [1, 'Interrupted\n', true])
  assert.throws(() => statSync(path), { code: 'ENOENT' })
})

test('without a server, the client becomes the ordinary command', async () => {
  const expected = { code: 5, signal: null, out: 'ordinary my-isolate --run -- x y\n', err: '' }
  const words = ['--run', '--', 'x', 'y']
  for (const path of [join(directory, 'nowhere'), join(directory, 'ordinary', 'x'), ''])
    assert.deepEqual(await run(words, { GLASSBOX_ISOLATE_SOCKET: path }, 'my-isolate'), expected)
})

test('what cannot be passed to another process is left to the ordinary command', async t => {
  const { env, keeper } = await serve(t)
  const lines = [
    ['--inherit-fds', '--run', 'x'],
    ['--inh', '--tty', '--run', 'x'],
    ['--tty-hack', '--run', 'x'],
    ['-n0', '--run', 'x'],
    ['-M', '/dev/stdout', '--run', 'x'],
    ['--json=/proc/self/fd/1', '--run', 'x'],
    ['-M', '/dev/fd/1', '--run', 'x'],
    ['doctor', 'judge0'],
    ['--server'],
  ]
  for (const words of lines) assert.match((await run(words, env)).out, /^ordinary isolate /, words.join(' '))
  const pinned = spawn('taskset', ['-c', '0', client, '--run', 'exit', '0'], {
    env: { ...env, GLASSBOX_ISOLATE_COMMAND: ORDINARY },
  })
  assert.deepEqual(await once(pinned, 'close'), [5, null], 'a client on one CPU wants its program there')
  const limited = spawn('sh', ['-c', 'ulimit -t 1000; exec "$0" --run exit 0', client], {
    env: { ...env, GLASSBOX_ISOLATE_COMMAND: ORDINARY },
  })
  assert.deepEqual(await once(limited, 'close'), [5, null], 'a client with a limit of its own')
  assert.deepEqual(keeper.calls, [])
})

test('a client without one of the three streams is left to the ordinary command', async t => {
  const { env, keeper } = await serve(t)
  const child = spawn('sh', ['-c', 'exec "$0" --init <&-', client], {
    env: { ...env, GLASSBOX_ISOLATE_COMMAND: ORDINARY },
  })
  assert.deepEqual(await once(child, 'close'), [5, null])
  assert.deepEqual(keeper.calls, [])
})

/** A server that takes a call, answers with these bytes, and is lost. */
async function losing(t: { after(end: () => void): void }, name: string, answer: Uint8Array) {
  const path = join(directory, name)
  const server = createServer(socket => socket.once('data', () => socket.end(answer))).listen(path)
  t.after(() => server.close())
  await once(server, 'listening')
  return { GLASSBOX_ISOLATE_SOCKET: path }
}

const answerOf = (kind: number): Buffer => Buffer.from(Uint32Array.of(kind, 0, 0).buffer)

test('a server lost in mid-run is exit code 2, and said', async t => {
  const env = await losing(t, 'lost', answerOf(ANSWER_KIND.begun))
  const { code, err } = await run(['--run', 'x'], env)
  assert.deepEqual([code, err], [2, 'The server of isolate was lost during the call\n'])
})

test('a server lost before it has done anything leaves the call to the ordinary command', async t => {
  const half = answerOf(ANSWER_KIND.begun).subarray(0, 5)
  for (const [name, answer] of [
    ['none', Buffer.alloc(0)],
    ['half', half],
    ['meta', answerOf(ANSWER_KIND.meta)],
  ] as const) {
    const { code, out } = await run(['--run', 'x'], await losing(t, `lost-${name}`, answer))
    assert.deepEqual([code, out], [5, 'ordinary isolate --run x\n'], name)
  }
})

test('a command that is not there is named', async () => {
  const { code, err } = await run(['--init'], {
    GLASSBOX_ISOLATE_SOCKET: '',
    GLASSBOX_ISOLATE_COMMAND: '/nowhere',
  })
  assert.equal(code, 2)
  assert.match(err, /No server of isolate listens, and the ordinary command cannot be executed: \/nowhere\n/)
})

test('a path that no socket can have is said', async () => {
  const long = `/${'x'.repeat(200)}`
  const { code, err } = await run(['--init'], { GLASSBOX_ISOLATE_SOCKET: long })
  assert.deepEqual([code, err], [2, `The path of the server's socket is too long: ${long}\n`])
})
