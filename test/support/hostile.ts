/**
 * The surroundings of a hostile program: canaries on the host that nothing in a box may read or
 * change, and checks after each case. `guard()` registers the hooks of a test file. Its `run` also
 * looks for the canaries' secret in all output.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, type TestContext } from 'node:test'
import { type RunnerName, type RunOptions, type RunResult, run } from '#glassbox/index.js'
import { Cgroup } from '#glassbox/cgroup/group.js'
import { assertNothingLeft, surroundings } from './left.js'
import { program } from './programs.js'
import { temporaryDirectory } from './temporary.js'

export const root = process.getuid?.() === 0
export const needsRoot = root ? false : 'needs root'
/**
 * Whether there are cgroups. Without them init watches /proc: see the known limitations in
 * docs/security.md.
 */
const groups = Cgroup.plan({})
export const needsCgroup = 'missing' in groups ? 'needs cgroups for memory and processes' : false
/** v2 counts data that waits in sockets as memory; v1 counts it separately. */
export const countsSockets = !('missing' in groups) && groups.version('memory') === 2

export interface Canaries {
  /** What must never come out of a box. */
  readonly secret: string
  readonly directory: string
  /** Readable and writable by every user: only the box keeps a program from it. */
  readonly file: string
  readonly port: number
  /** Name of an abstract UNIX socket, without the leading NUL. */
  readonly abstract: string
  /** A UNIX socket of the file system. */
  readonly socket: string
  /** The id of a SysV segment that every user may use. */
  readonly segment: string
}

export interface World extends Canaries {
  /** Runs a guest of test/programs in a box. */
  run(guest: string, args?: readonly string[], options?: RunOptions<'utf8'>): Promise<RunResult>
  /** How many connections were made to a canary. */
  connections(): number
}

const listen = (server: Server, address: object): Promise<void> =>
  new Promise((resolve, reject) => server.once('error', reject).listen(address, resolve))

const segments = (id: string): string =>
  readFileSync('/proc/sysvipc/shm', 'utf8')
    .split('\n')
    .filter(line => line.trim().split(/\s+/)[1] === id)
    .join('\n')

const state = (path: string): object => {
  const { uid, gid, mode, size, nlink, mtimeMs, ino } = statSync(path)
  return { uid, gid, mode, size, nlink, mtimeMs, ino }
}

/** Fails if the canaries' secret is in the output of a box. */
function assertNoSecret(secret: string, { stdout, stderr, files, fileErrors }: RunResult): void {
  const contents = Object.values(files).map(file => file.contents)
  for (const bytes of [stdout, stderr, ...contents, JSON.stringify(fileErrors)]) {
    assert.equal(Buffer.from(bytes as string).includes(secret), false, 'the secret came out of the box')
  }
}

/**
 * Sets up canaries for the tests of a file. Checks after each test that they are unchanged and
 * that a trivial run works, and at the end that nothing is left. `runners`: those that the file
 * uses, whose warm workers may stay.
 */
export function guard({ runners = ['namespace'] }: { runners?: readonly RunnerName[] } = {}): World {
  const secret = `secret-${randomBytes(12).toString('hex')}`
  const world = { secret, abstract: `glassbox-${randomBytes(6).toString('hex')}` } as {
    -readonly [key in keyof World]: World[key]
  }
  const servers: Server[] = []
  const initial = surroundings()
  let connected = 0
  let files: Record<string, object> = {}
  let segment = ''
  world.connections = () => connected
  world.run = async (guest, args = [], options = {}) => {
    const result = await run(program(guest), args, options)
    assertNoSecret(secret, result)
    return result
  }

  before(async () => {
    process.env['GLASSBOX_CANARY'] = secret
    world.directory = mkdtempSync(join(tmpdir(), 'glassbox-canary-'))
    world.file = join(world.directory, 'canary')
    world.socket = join(world.directory, 'socket')
    execFileSync('chmod', ['755', world.directory])
    writeFileSync(world.file, secret)
    execFileSync('chmod', ['666', world.file])
    for (const address of [
      { host: '127.0.0.1', port: 0 },
      { path: `\0${world.abstract}` },
      { path: world.socket, writableAll: true },
    ]) {
      const server = createServer(socket => {
        connected++
        socket.on('error', () => {})
        socket.end(secret)
      })
      await listen(server, address)
      servers.push(server)
    }
    const address = servers[0]?.address()
    world.port = typeof address === 'object' && address ? address.port : 0
    world.segment =
      /\d+/.exec(execFileSync('ipcmk', ['-M', '4096', '-p', '0666'], { encoding: 'utf8' }))?.[0] ?? ''
    for (const runner of runners) await Promise.all([0, 1].map(() => run('true', [], { runner })))
    files = { file: state(world.file), directory: state(world.directory) }
    segment = segments(world.segment)
    assert.notEqual(segment, '')
    Object.assign(initial, surroundings())
  })

  afterEach(async () => {
    assert.equal(readFileSync(world.file, 'utf8'), secret, 'the canary file has its contents')
    assert.deepEqual({ file: state(world.file), directory: state(world.directory) }, files)
    assert.equal(segments(world.segment), segment, 'the SysV segment is as before')
    assert.equal(connected, 0, 'nobody connected to the canary sockets')
    const { ok, stdout } = await run('echo', ['well'])
    assert.deepEqual({ ok, stdout }, { ok: true, stdout: 'well\n' }, 'a trivial run works')
    assert.deepEqual(processesOfBoxes(), [], 'no process of a box is left')
  })

  after(async () => {
    // First close what would keep this process alive.
    for (const server of servers) server.close()
    execFileSync('ipcrm', ['-m', world.segment])
    rmSync(world.directory, { recursive: true, force: true })
    delete process.env['GLASSBOX_CANARY']
    await assertNothingLeft(initial)
  })
  return world
}

/** All descendants of this process. */
function processesOfBoxes(): string[] {
  const found: string[] = []
  const queue = [String(process.pid)]
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    let children: string
    try {
      children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    } catch {
      continue
    }
    const pids = children.split(' ').filter(Boolean)
    found.push(...pids)
    queue.push(...pids)
  }
  return found
}

/** What must hold for the usage in every result. */
export function assertSane({ cpuTimeMs, wallTimeMs, memoryBytes, processes = 1, limit }: RunResult): void {
  for (const figure of [cpuTimeMs, wallTimeMs, memoryBytes]) assert.ok(Number.isFinite(figure) && figure >= 0)
  assert.ok(processes >= 1)
  if (limit) assert.ok(limit.used >= limit.limit, `${limit.kind}: ${limit.used} of ${limit.limit}`)
}

export interface Native {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  /** The directory in which it ran, which is removed after the test. */
  readonly directory: string
}

/**
 * The positive control: runs a guest without a box, in a directory of its own. Never pass the
 * arguments of a bomb.
 */
export function unboxed(
  context: TestContext,
  guest: string,
  args: readonly string[] = [],
  input = '',
): Native {
  const directory = join(temporaryDirectory(context), 'cwd')
  mkdirSync(directory)
  const { status, signal, stdout } = spawnSync(program(guest), args, {
    cwd: directory,
    encoding: 'utf8',
    input,
    timeout: 20_000,
  })
  return { code: status, signal, stdout, directory }
}
