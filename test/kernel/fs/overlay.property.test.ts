/**
 * An overlay against a memory file system with the same start: the same random calls have the same
 * outcomes, the same tree is left, and the directory of the host stays as it was.
 */
import assert from 'node:assert/strict'
import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_TRUNC, O_WRONLY } from '#glassbox/linux/constants.js'
import { BUFFER, FileTask, ownCredentials } from '../../support/kernel/file-task.js'
import { temporaryDirectory } from '../../support/temporary.js'

const NAMES = ['a', 'b', 'c', 'd']
const CONTENTS = 'contents of the host'

/** What both have at the start: directories, a file in each, a hard link and a symbolic one. */
const DIRECTORIES = ['a', 'a/b', 'b', 'd', 'd/c']
const FILES = ['a/a', 'a/b/c', 'b/b', 'c', 'd/c/d']
const HARD_LINK = ['c', 'b/c'] as const
const LINK = ['a/b', 'd/a'] as const

const path = fc
  .tuple(
    fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '', '', '/'),
  )
  .map(([parts, end]) => parts.join('/') + end)
const flags = fc.constantFrom(
  ...[O_RDONLY, O_WRONLY, O_WRONLY | O_TRUNC, O_WRONLY | O_APPEND, O_RDONLY | O_TRUNC],
  ...[O_WRONLY | O_CREAT, O_WRONLY | O_CREAT | O_EXCL],
)

type Operation = readonly [call: string, ...args: (string | number)[]]
/** A path that a call takes stands behind `@`: each side puts its directory before it. */
const at = (text: string): string => `@${text}`

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(path, flags).map(([p, f]) => ['write', at(p), f] as const) },
  { weight: 2, arbitrary: path.map(p => ['read', at(p)] as const) },
  path.map(p => ['list', at(p)] as const),
  path.map(p => ['mkdir', at(p), 0o755] as const),
  path.map(p => ['unlink', at(p)] as const),
  path.map(p => ['rmdir', at(p)] as const),
  fc.tuple(path, fc.constantFrom(0, 5, 5000)).map(([p, size]) => ['truncate', at(p), size] as const),
  fc.tuple(path, fc.constantFrom(0o600, 0o755)).map(([p, mode]) => ['chmod', at(p), mode] as const),
  fc.tuple(path, path).map(([p, q]) => ['symlink', p, at(q)] as const),
  fc.tuple(path, path).map(([p, q]) => ['link', at(p), at(q)] as const),
  {
    weight: 3,
    arbitrary: fc
      .tuple(path, path, fc.constantFrom(0, 0, 1, 2))
      .map(([p, q, f]) => ['renameat2', -100, at(p), -100, at(q), f] as const),
  },
)

/** One side: a task and the directory in which it works. */
class Side {
  readonly #task: FileTask
  readonly #top: string

  constructor(task: FileTask, top: string) {
    this.#task = task
    this.#top = top
  }

  do([call, ...args]: Operation): string {
    const [first, ...rest] = args.map(value =>
      typeof value === 'string' && value.startsWith('@') ? `${this.#top}/${value.slice(1)}` : value,
    ) as [string, ...(string | number)[]]
    if (call === 'write') return this.write(first, Number(rest[0]))
    if (call === 'read') return this.read(first)
    if (call === 'list') return this.list(first).join(' ')
    return String(this.#task.outcome(call, first, ...rest))
  }

  write(place: string, how: number, text: string = 'written'): string {
    const fd = this.#task.outcome('openat', -100, place, how, 0o644)
    if (typeof fd === 'string') return fd
    const written = this.#task.outcome('write', fd, BUFFER, this.#task.put(text))
    this.#task.call('close', fd)
    return String(written)
  }

  read(place: string): string {
    const fd = this.#task.outcome('openat', -100, place, O_RDONLY, 0)
    if (typeof fd === 'string') return fd
    const length = this.#task.outcome('read', fd, BUFFER, 10_000)
    this.#task.call('close', fd)
    return typeof length === 'string' ? length : this.#task.text(length)
  }

  list(place: string): string[] {
    const fd = this.#task.outcome('openat', -100, place, O_RDONLY, 0)
    if (typeof fd === 'string') return [fd]
    const length = this.#task.outcome('getdents64', fd, BUFFER, 10_000)
    this.#task.call('close', fd)
    if (typeof length === 'string') return [length]
    const names: string[] = []
    for (let from = BUFFER; from < BUFFER + length; from += this.#task.view.getUint16(from + 16, true)) {
      const end = this.#task.memory.indexOf(0, from + 19)
      const name = Buffer.from(this.#task.memory.subarray(from + 19, end)).toString('latin1')
      names.push(`${name}:${this.#task.memory[from + 18]}`)
    }
    return names.toSorted()
  }

  /** Mode, links and contents of everything beneath the directory. */
  tree(prefix: string = this.#top): string[] {
    return this.list(prefix).flatMap(entry => {
      const [name = '', type] = entry.split(':')
      if (name === '.' || name === '..') return []
      const place = `${prefix}/${name}`
      if (this.#task.call('newfstatat', -100, place, BUFFER, 0x100) < 0)
        return [`${place.slice(this.#top.length)} is missing`]
      const mode = this.#task.view.getUint32(BUFFER + 24, true).toString(8)
      const links = this.#task.view.getUint32(BUFFER + 16, true)
      const what = type === '8' ? this.read(place) : ''
      const below = type === '4' ? this.tree(place) : []
      return [`${place.slice(this.#top.length)} ${mode} ${links} ${what}`, ...below]
    })
  }
}

/** The start on the host. */
function makeOnHost(context: TestContext): string {
  const host = temporaryDirectory(context)
  for (const name of DIRECTORIES) mkdirSync(join(host, name), { mode: 0o755 })
  for (const name of FILES) writeFileSync(join(host, name), CONTENTS, { mode: 0o644 })
  linkSync(join(host, HARD_LINK[0]), join(host, HARD_LINK[1]))
  symlinkSync(LINK[0], join(host, LINK[1]))
  return host
}

/** The same in memory. */
function makeInMemory(task: FileTask, top: string): Side {
  const side = new Side(task, top)
  task.call('mkdir', top, 0o755)
  for (const name of DIRECTORIES) assert.equal(task.call('mkdir', `${top}/${name}`, 0o755), 0)
  for (const name of FILES) side.write(`${top}/${name}`, O_WRONLY | O_CREAT, CONTENTS)
  assert.equal(task.call('link', `${top}/${HARD_LINK[0]}`, `${top}/${HARD_LINK[1]}`), 0)
  assert.equal(task.call('symlink', LINK[0], `${top}/${LINK[1]}`), 0)
  return side
}

test('random calls in an overlay answer as in memory, leave the same tree, and none on the host', context => {
  const host = makeOnHost(context)
  const limits = { bytes: 2 ** 24, inodes: 1000 }
  const binds = [{ source: host, target: '/h', directory: true, writable: false, copy: limits }]
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 40 }), operations => {
      const task = new FileTask({ binds }, ownCredentials())
      try {
        const overlay = new Side(task, '/h')
        const memory = makeInMemory(task, '/w/m')
        for (const step of operations) assert.equal(overlay.do(step), memory.do(step), step.join(' '))
        assert.deepEqual(overlay.tree(), memory.tree())
      } finally {
        task.root.close()
      }
    }),
    { numRuns: 60 },
  )
  const untouched = new FileTask({ binds }, ownCredentials())
  context.after(() => untouched.root.close())
  const memory = makeInMemory(untouched, '/w/m')
  assert.deepEqual(new Side(untouched, '/h').tree(), memory.tree())
  for (const name of FILES) assert.equal(readFileSync(join(host, name), 'utf8'), CONTENTS)
})
