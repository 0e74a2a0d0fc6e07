// Finds what a run of the tests leaves on the host, by comparing kinds and names before and
// after.
//
// Other programs, and other runs of these tests, use the host at the same time. So a thing counts
// only if it belongs to this run: it is below the run's own TMPDIR, its process has the run's
// environment variable, or it has a name or user id that only glassbox gives and that no living
// process uses.
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * The environment variable of every process that a test starts, unless the test gives it another
 * environment.
 */
const MARKER = 'GLASSBOX_TEST_RUN'

/** User ids of boxes begin here (container/identity.ts). */
const FIRST_BOX_USER = 0x70000000

/** Sockets, groups and namespaces disappear some time after the processes that used them. */
const PATIENCE_MS = 10_000
const INTERVAL_MS = 100

const read = path => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const list = (path, options) => {
  try {
    return readdirSync(path, options)
  } catch {
    return []
  }
}

const lines = path => read(path).split('\n').filter(Boolean)

const pids = () => list('/proc').filter(name => /^\d+$/.test(name))

/** Parent and state of a process; the name, in parentheses, may contain anything. */
function statusOf(pid) {
  const [state, parent] = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  return { state, parent }
}

/**
 * Processes of this run. Inits and launchers have no environment, so they count if their parent
 * has died.
 */
function processes({ id }) {
  return pids()
    .filter(pid => {
      const { state, parent } = statusOf(pid)
      if (state === undefined || state === 'Z' || pid === String(process.pid)) return false
      if (read(`/proc/${pid}/environ`).split('\0').includes(`${MARKER}=${id}`)) return true
      return parent === '1' && read(`/proc/${pid}/comm`).startsWith('glassbox')
    })
    .map(pid => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()}`)
}

const temporaryFiles = ({ directory }) =>
  list(directory, { recursive: true }).map(name => join(directory, name))

/**
 * Named shared memory. Tests give it names with the name of the product. The copy of the host's
 * configuration is kept on purpose (rootfs/configuration/place.ts).
 */
const sharedMemory = () =>
  list('/dev/shm').filter(name => /glassbox/i.test(name) && !/^glassbox\.\d+$/.test(name))

/** Mounts of this run's files, wherever they are mounted. The kernel writes a space as \040. */
const mounts = ({ directory }) =>
  lines('/proc/self/mountinfo').filter(line => line.replaceAll('\\040', ' ').includes(directory))

const cgroupRoots = () =>
  lines('/proc/self/mountinfo')
    .filter(line => / - cgroup2? /.test(line))
    .map(line => line.split(' ')[4])

/** Groups of boxes: their names begin with the id of the process that made them. */
function cgroups() {
  const search = (directory, depth) =>
    list(directory, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .flatMap(({ name }) => {
        const owner = /^glassbox-(\d+)-/.exec(name)?.[1]
        if (owner !== undefined) return read(`/proc/${owner}/comm`) === '' ? [`${directory}/${name}`] : []
        return depth > 0 ? search(`${directory}/${name}`, depth - 1) : []
      })
  return cgroupRoots().flatMap(path => search(path, 3))
}

const living = () =>
  new Set(
    pids().flatMap(pid => {
      const uid = /^Uid:\t(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]
      return uid === undefined ? [] : [uid]
    }),
  )

/** Keys of box users that have no process. The kernel would keep them forever. */
function keys() {
  const users = living()
  return lines('/proc/key-users')
    .map(line => /^\s*(\d+):\s*\d+ (\d+)\//.exec(line))
    .filter(match => match && Number(match[1]) >= FIRST_BOX_USER && Number(match[2]) > 0)
    .filter(match => !users.has(match[1]))
    .map(match => `of user ${match[1]}`)
}

/** Loop devices whose file is, or was, one of this run. */
const loopDevices = ({ directory }) =>
  list('/sys/block')
    .map(name => `${name} ${read(`/sys/block/${name}/loop/backing_file`).trim()}`)
    .filter(text => text.includes(directory))

/** The kinds of things, each with a function that lists them, given the run's id and directory. */
const KINDS = [
  { kind: 'process', list: processes },
  { kind: 'temporary file', list: temporaryFiles },
  { kind: 'shared memory', list: sharedMemory },
  { kind: 'mount', list: mounts },
  { kind: 'cgroup', list: cgroups },
  { kind: 'keys', list: keys },
  { kind: 'loop device', list: loopDevices },
]

/**
 * One run of the tests. Make it before the first test starts. It owns the run's TMPDIR until
 * `close()`.
 */
export class Surroundings {
  /** The environment of the tests' processes. */
  environment
  #run
  #before

  constructor() {
    const directory = mkdtempSync(join(tmpdir(), 'glassbox-tests-'))
    // Some tests become an ordinary user, who reads and makes files here.
    chmodSync(directory, 0o1777)
    this.#run = { id: randomBytes(8).toString('hex'), directory }
    this.environment = { ...process.env, TMPDIR: directory, [MARKER]: this.#run.id }
    this.#before = new Set(this.#things().map(({ kind, name }) => `${kind} ${name}`))
  }

  #things() {
    return KINDS.flatMap(({ kind, list: find }) => find(this.#run).map(name => ({ kind, name })))
  }

  /**
   * Waits a while for things to disappear. Resolves with what is left, and removes the directory.
   */
  async close() {
    const deadline = performance.now() + PATIENCE_MS
    let left
    for (;;) {
      left = this.#things().filter(({ kind, name }) => !this.#before.has(`${kind} ${name}`))
      if (left.length === 0 || performance.now() > deadline) break
      await sleep(INTERVAL_MS)
    }
    rmSync(this.#run.directory, { recursive: true, force: true })
    return left
  }
}
