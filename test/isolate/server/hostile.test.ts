/**
 * Processes that speak to the server without keeping to its protocol: they are refused or dropped,
 * nothing of theirs stays open, and other clients are served meanwhile.
 */
import assert from 'node:assert/strict'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  mkdirSync,
  chmodSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { connect, type Socket } from 'node:net'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { send } from '#glassbox/gate/gate.js'
import { ANSWER_KIND, CALL_LAYOUT, CALL_MAGIC, CALL_MAX_LENGTH } from '#glassbox/gate/generated/layouts.js'
import { IsolateServer } from '#glassbox/isolate/server/server.js'
import { socketPath } from '#glassbox/isolate/server/socket-path.js'
import { ORDINARY } from '../../support/command.js'
import { ScriptedKeeper } from '../../support/scripted-keeper.js'

const CLIENT = fileURLToPath(
  new URL('../../../../packages/glassbox/prebuilds/isolate-linux-x64', import.meta.url),
)
const directory = mkdtempSync(join(tmpdir(), 'glassbox-hostile-'))
const path = join(directory, 'server', 'socket')
const keeper = new ScriptedKeeper()
const server = new IsolateServer({ path, boxes: 0, version: '1', keeper })
before(async () => {
  await server.open()
  await withOther() // what Node opens at the first client stays open
})
after(async () => {
  await server.close()
  rmSync(directory, { recursive: true })
})

interface Call {
  readonly magic?: number
  readonly words?: readonly string[]
  readonly variables?: readonly string[]
  readonly length?: number
  readonly wordCount?: number
  readonly variableCount?: number
}

function bytesOf({
  magic = CALL_MAGIC,
  words = ['isolate', '--version'],
  variables = [],
  ...counts
}: Call): Buffer {
  const texts = Buffer.from([...words, ...variables].map(word => `${word}\0`).join(''))
  const header = Buffer.alloc(CALL_LAYOUT.SIZE)
  header.writeUInt32LE(magic, CALL_LAYOUT.magic)
  header.writeUInt32LE(counts.length ?? texts.length, CALL_LAYOUT.length)
  header.writeUInt32LE(counts.wordCount ?? words.length, CALL_LAYOUT.words)
  header.writeUInt32LE(counts.variableCount ?? variables.length, CALL_LAYOUT.variables)
  return Buffer.concat([header, texts])
}

const descriptorOf = (socket: Socket): number => (socket as unknown as { _handle: { fd: number } })._handle.fd

async function connected(at = path): Promise<Socket> {
  const socket = connect(at)
  await once(socket, 'connect')
  return socket
}

/** The four descriptors of a call. */
function withDescriptors<T>(use: (descriptors: readonly number[]) => T): T {
  const directoryDescriptor = openSync('.', 'r')
  const file = openSync('/dev/null', 'r+')
  try {
    return use([file, file, file, directoryDescriptor])
  } finally {
    closeSync(directoryDescriptor)
    closeSync(file)
  }
}

interface Answers {
  readonly exit: number | undefined
  readonly text: string
}

/** Everything that the server answers, until it closes the connection. */
async function answers(socket: Socket): Promise<Answers> {
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  socket.on('error', () => {})
  await once(socket, 'close')
  const bytes = Buffer.concat(chunks)
  let [exit, text]: [number | undefined, string] = [undefined, '']
  for (let at = 0; at < bytes.length; ) {
    const [kind, value, length] = [0, 4, 8].map(offset => bytes.readUInt32LE(at + offset)) as [
      number,
      number,
      number,
    ]
    if (kind === ANSWER_KIND.exit) exit = value
    text += bytes.toString('utf8', at + 12, at + 12 + length)
    at += 12 + length
  }
  return { exit, text }
}

/** The server works, and has nothing open of those that it refused. */
async function assertUnharmed(openBefore: number): Promise<void> {
  const socket = await connected()
  withDescriptors(four => send(descriptorOf(socket), bytesOf({}), four))
  assert.equal((await answers(socket)).exit, 0)
  assert.equal(readdirSync('/proc/self/fd').length, openBefore)
}

const open = (): number => readdirSync('/proc/self/fd').length

const WRONG: readonly (readonly [about: string, call: Call, refusal: RegExp])[] = [
  ['another version', { magic: 1 }, /different versions/],
  ['a length beyond all bounds', { length: 0xffffffff }, /too long/],
  ['a length just too large', { length: CALL_MAX_LENGTH + 1 }, /too long/],
  ['more words than it says', { wordCount: 1 }, /not as many words/],
  ['fewer words than it says', { wordCount: 3 }, /not as many words/],
  ['no words at all', { words: [] }, /not as many words/],
  ['counts that overflow', { wordCount: 0xffffffff, variableCount: 3 }, /not as many words/],
  ['a word without an end', { length: 5 }, /no end/],
]

for (const [about, call, refusal] of WRONG) {
  test(`a call with ${about} is refused`, async () => {
    const openBefore = open()
    const socket = await connected()
    withDescriptors(four => send(descriptorOf(socket), bytesOf(call), four))
    const { exit, text } = await answers(socket)
    assert.equal(exit, 2)
    assert.match(text, refusal)
    await assertUnharmed(openBefore)
  })
}

const DESCRIPTORS: readonly (readonly [
  about: string,
  pick: (four: readonly number[]) => readonly number[],
  refusal: RegExp,
])[] = [
  ['no descriptors', () => [], /has 0 descriptors, not 4/],
  ['three descriptors', four => four.slice(1), /has 3 descriptors/],
  ['five descriptors', four => [...four, ...four.slice(3)], /too many/],
  ['a file as its directory', four => four.toReversed(), /not a directory/],
]

for (const [about, pick, refusal] of DESCRIPTORS) {
  test(`a call with ${about} is refused`, async () => {
    const openBefore = open()
    const socket = await connected()
    withDescriptors(four => send(descriptorOf(socket), bytesOf({}), pick(four)))
    const { exit, text } = await answers(socket)
    assert.equal(exit, 2)
    assert.match(text, refusal)
    await assertUnharmed(openBefore)
  })
}

test('half a message, then the end of the connection', async () => {
  const openBefore = open()
  const bytes = bytesOf({})
  for (const part of [0, 1, CALL_LAYOUT.SIZE - 1, CALL_LAYOUT.SIZE, bytes.length - 1]) {
    const socket = await connected()
    if (part > 0) withDescriptors(four => send(descriptorOf(socket), bytes.subarray(0, part), four))
    socket.end()
    assert.match((await answers(socket)).text, /only a part of its call/)
  }
  await assertUnharmed(openBefore)
})

test('a message that comes byte by byte is a call; others are served meanwhile', async () => {
  const openBefore = open()
  const socket = await connected()
  const bytes = bytesOf({})
  withDescriptors(four => send(descriptorOf(socket), bytes.subarray(0, 1), four))
  for (const byte of bytes.subarray(1)) {
    socket.write(Buffer.of(byte))
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  await withOther()
  const { exit, text } = await answers(socket)
  assert.equal(exit, 0)
  assert.match(text, /^The process isolator/)
  await assertUnharmed(openBefore)
})

async function withOther(): Promise<void> {
  const socket = await connected()
  withDescriptors(four => send(descriptorOf(socket), bytesOf({}), four))
  assert.equal((await answers(socket)).exit, 0)
}

test('a client that sends nothing is dropped when it took too long', async t => {
  const at = join(directory, 'impatient', 'socket')
  const options = { path: at, boxes: 0, version: '1', keeper: new ScriptedKeeper(), patienceMs: 50 }
  const impatient = new IsolateServer(options)
  await impatient.open()
  t.after(() => impatient.close())
  const openBefore = open()
  const socket = await connected(at)
  assert.match((await answers(socket)).text, /did not send its call in time/)
  await assertUnharmed(openBefore)
})

test('a client that does not read holds up nobody, and its run ends when it goes', async () => {
  const openBefore = open()
  const socket = await connected()
  const words = ['isolate', '--run', 'say', '20000000']
  withDescriptors(four => send(descriptorOf(socket), bytesOf({ words }), four))
  while (!keeper.calls.some(({ program }) => program.argv[1] === '20000000')) await withOther()
  await withOther()
  socket.destroy()
  await once(socket, 'close')
  await assertUnharmed(openBefore)
})

test('signals that do not exist end the run like any other, and do not harm', async () => {
  const openBefore = open()
  const socket = await connected()
  withDescriptors(four =>
    send(descriptorOf(socket), bytesOf({ words: ['isolate', '-s', '--run', 'wait'] }), four),
  )
  socket.write(Buffer.of(0, 200, 255))
  assert.equal((await answers(socket)).exit, 1)
  await assertUnharmed(openBefore)
})

test('a second server says that the first one listens, and which process it is', async () => {
  const second = new IsolateServer({ path, boxes: 0, version: '1', keeper: new ScriptedKeeper() })
  await assert.rejects(second.open(), { message: `A server already listens at ${path} (pid ${process.pid})` })
  await withOther()
})

test('a stale socket is replaced', async t => {
  const stale = join(directory, 'stale', 'socket')
  mkdirSync(join(directory, 'stale'), { mode: 0o700 })
  writeFileSync(stale, 'left by a server that was killed')
  const next = new IsolateServer({ path: stale, boxes: 0, version: '1', keeper: new ScriptedKeeper() })
  await next.open()
  t.after(() => next.close())
})

test('a directory that others may enter is refused, and so is one of another user', async () => {
  const shared = join(directory, 'shared')
  mkdirSync(shared)
  chmodSync(shared, 0o755)
  const attempt = (at: string): Promise<void> =>
    new IsolateServer({ path: at, boxes: 0, version: '1', keeper: new ScriptedKeeper() }).open()
  await assert.rejects(attempt(join(shared, 'socket')), {
    message: /Other users may enter .*shared: make it private/,
  })
  await assert.rejects(attempt('/dev/null/socket'), { message: /Cannot use \/dev\/null for the socket: / })
})

/** The start of a script of Node that runs as another user. */
const asNobody = (script: string): readonly string[] => [...ORDINARY.slice(1), process.execPath, '-e', script]
const needsRoot = { skip: process.geteuid?.() === 0 ? false : 'only root has other users' }

test('a client of another user is refused, even if it reaches the socket', needsRoot, async () => {
  const openBefore = open()
  for (const each of [directory, join(directory, 'server')]) chmodSync(each, 0o711)
  chmodSync(path, 0o777)
  const script = `require('net').connect('${path}').on('data', b => process.stdout.write(b.subarray(12)))`
  const other = spawn(ORDINARY[0], asNobody(script), { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  other.stdout.on('data', text => (said += text))
  await once(other, 'close')
  assert.match(said, /^This server serves only its owner\n/)
  await assertUnharmed(openBefore)
})

test('a server of another user gets nothing from the client', needsRoot, async t => {
  const at = join('/tmp', `glassbox-foreign-${process.pid}`)
  const script = `require('net').createServer(s => s.on('data', () => process.stdout.write('got')))
    .listen('${at}', () => process.stdout.write('listening'))`
  const other = spawn(ORDINARY[0], asNobody(script), { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => {
    other.kill('SIGKILL')
    rmSync(at, { force: true })
  })
  let said = ''
  other.stdout.on('data', text => (said += text))
  await once(other.stdout, 'data')
  const client = spawnSync(CLIENT, ['--init'], { env: { GLASSBOX_ISOLATE_SOCKET: at }, encoding: 'utf8' })
  assert.deepEqual([client.status, client.stderr], [2, `The server belongs to another user: ${at}\n`])
  assert.equal(said, 'listening')
})

test('a path of the socket must be absolute and short', () => {
  assert.equal(socketPath('/x'), '/x')
  assert.equal(socketPath(''), '/run/glassbox-isolate/socket')
  assert.throws(() => socketPath('x'), { message: /must be an absolute path/ })
  assert.throws(() => socketPath(`/${'x'.repeat(107)}`), { message: /longer than 107 bytes/ })
})
