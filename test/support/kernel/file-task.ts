/**
 * A task that has files, and memory that is one array: for tests of file systems and of the calls
 * on files that need no platform. A call that would wait is the text `waits`.
 */
import { DescriptorTable } from '#glassbox/kernel/fs/descriptor-table.js'
import type { ObjectClient } from '#glassbox/kernel/fs/object/answers.js'
import { makeRoot, type RootDescription, type WorldRoot } from '#glassbox/kernel/fs/root/root.js'
import type { Credentials } from '#glassbox/kernel/fs/vfs.js'
import type { Transfer } from '#glassbox/kernel/mm/transfer.js'
import { WorldMemory } from '#glassbox/kernel/mm/world-memory.js'
import type { Platform } from '#glassbox/kernel/platform/platform.js'
import { FILE_FAMILIES } from '#glassbox/kernel/syscalls/files/index.js'
import type { Task } from '#glassbox/kernel/task/types.js'
import { BLOCKED, type Wait } from '#glassbox/kernel/wait/blocking.js'
import { ArrayTransfer } from '#glassbox/kernel/fs/array-transfer.js'
import { errnoName } from '#glassbox/linux/errno.js'
import { MemoryPlatform } from './memory-platform.js'

const HANDLERS = new Map(FILE_FAMILIES.flatMap(family => Object.entries(family)))
const BYTES = 1 << 20
/** Strings of arguments are put here, one after the other. */
const TEXTS = 4096
export const BUFFER = 1 << 16

const EMPTY: RootDescription = { binds: [], links: [], files: [], scratch: [] }

/** The credentials of this process: what it may do on the host it may do in the world. */
export function ownCredentials(uid: number = process.getuid?.() ?? 0): Credentials {
  const gid = uid
  return {
    ...{ uid, gid, euid: uid, egid: gid, suid: uid, sgid: gid, fsuid: uid, fsgid: gid },
    groups: [],
    privileged: uid === 0,
  }
}

export class FileTask {
  readonly root: WorldRoot
  readonly memory: Uint8Array = new Uint8Array(BYTES)
  readonly view: DataView = new DataView(this.memory.buffer)
  readonly signals: number[] = []
  wait: Wait | undefined
  readonly #task: Task
  #texts = TEXTS

  /** A world whose root has `/w`, a directory in memory, as working directory. */
  constructor(
    description: Partial<RootDescription> = {},
    credentials: Credentials = ownCredentials(),
    client?: ObjectClient,
  ) {
    const platform = new MemoryPlatform()
    const memory = new WorldMemory(platform as unknown as Platform)
    const now = { seconds: 1000, nanoseconds: 5 }
    const owner = { uid: credentials.fsuid, gid: credentials.fsgid }
    const scratch = [{ path: '/w', mode: 0o777, bytes: 8 << 20, inodes: 4096, owner }]
    const host = {
      memory,
      random: (target: Uint8Array) => void target.fill(7),
      now: () => now,
      ...(client ? { objects: { client, owner } } : {}),
    }
    this.root = makeRoot({ ...EMPTY, ...description, scratch }, host)
    const place = { mount: this.root.root, dentry: this.root.root.root }
    this.#task = {
      credentials,
      fs: { root: place, cwd: place, umask: 0o022 },
      memory: this.#userMemory(),
      files: new DescriptorTable({ soft: 1024 }),
      process: { pid: 2, limits: [] },
      world: {
        root: this.root.root,
        clock: { realSeconds: () => 1000, realNanoseconds: () => 5, monotonic: () => 0 },
      },
      signal: (signal: number) => this.signals.push(signal),
      block: (wait: Wait) => ((this.wait = wait), BLOCKED),
      maskUntilReturn: () => 0,
    } as unknown as Task
    this.call('chdir', '/w')
  }

  get task(): Task {
    return this.#task
  }

  /** Makes a call. A string becomes the address of its bytes. */
  call(name: string, ...args: (number | string)[]): number {
    this.#texts = TEXTS
    const entry = HANDLERS.get(name)
    if (entry === undefined) throw new Error(`no call ${name}`)
    const handler = typeof entry === 'function' ? entry : entry.handler
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = args.map(value =>
      typeof value === 'string' ? this.#text(value) : value,
    )
    return handler(this.#task, a, b, c, d, e, f)
  }

  /** The result as a number, the name of the error, or `waits`. */
  outcome(name: string, ...args: (number | string)[]): number | string {
    const result = this.call(name, ...args)
    if (result === BLOCKED) return 'waits'
    return result < 0 ? errnoName(-result) : result
  }

  /** The first bytes of the buffer as text. */
  text(length: number): string {
    return Buffer.from(this.memory.subarray(BUFFER, BUFFER + length)).toString('latin1')
  }

  put(text: string): number {
    this.memory.set(Buffer.from(text, 'latin1'), BUFFER)
    return text.length
  }

  #text(text: string): number {
    const at = this.#texts
    const bytes = Buffer.from(`${text}\0`, 'latin1')
    this.memory.set(bytes, at)
    this.#texts += bytes.length
    return at
  }

  #userMemory(): object {
    const { memory, view } = this
    return {
      read: (address: number, target: Uint8Array, offset: number, length: number) => {
        target.set(memory.subarray(address, address + length), offset)
        return 0
      },
      write: (address: number, source: Uint8Array, offset: number, length: number) => {
        memory.set(source.subarray(offset, offset + length), address)
        return 0
      },
      readInt32: (address: number) => view.getInt32(address, true),
      readInt64: (address: number) => Number(view.getBigInt64(address, true)),
      writeInt32: (address: number, value: number) => (view.setInt32(address, value, true), 0),
      writeInt64: (address: number, value: number) => (view.setBigInt64(address, BigInt(value), true), 0),
      readString: (address: number, target: Uint8Array) => {
        const end = memory.indexOf(0, address)
        if (end - address >= target.length) return -36
        target.set(memory.subarray(address, end))
        return end - address
      },
      buffer: (address: number, length: number): Transfer =>
        new ArrayTransfer(memory.subarray(address, address + length)),
    }
  }
}
