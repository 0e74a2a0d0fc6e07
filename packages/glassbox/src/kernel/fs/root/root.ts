/**
 * The root of a world: what the box of the namespace runner shows, made of the same description.
 * The root itself is in memory and read-only; host directories, own files and scratch directories
 * are mounted on it.
 *
 * The root owns the descriptors of the host's directories until `close()`.
 */
import { O_PATH } from '../../../linux/constants.ts'
import { bytesOfPath } from '../../../linux/path-bytes.ts'
import type { WorldMemory } from '../../mm/world-memory.ts'
import { Devices } from '../dev/devices.ts'
import { addDevices } from '../dev/nodes.ts'
import { attributesOf, closeHost, openHost } from '../host/calls.ts'
import { hostInode } from '../host/directory.ts'
import { HostFileSystem } from '../host/file-system.ts'
import { MemoryDirectory } from '../memory/directory.ts'
import { MemoryFile } from '../memory/file.ts'
import { MemoryFileSystem, type MemoryHost } from '../memory/file-system.ts'
import { MemoryLink } from '../memory/link.ts'
import type { ObjectClient } from '../object/answers.ts'
import { ObjectFileSystem, type ObjectMountDescription } from '../object/file-system.ts'
import { ObjectDirectory } from '../object/inode.ts'
import { setProcTime } from '../proc/inodes.ts'
import { OverlayFileSystem } from '../overlay/file-system.ts'
import { LateProcesses } from '../proc/late.ts'
import type { ProcSource } from '../proc/source.ts'
import { ProcFileSystem } from '../proc/system.ts'
import { Mounts } from '../path/mounts.ts'
import { bytesText } from '../path/names.ts'
import { ArrayTransfer } from '../array-transfer.ts'
import { Terminals } from '../terminal/terminals.ts'
import type { Attributes, Inode, Location, Mount, Time } from '../vfs.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** What the root shows. The types of rootfs/types.ts fit. */
export interface RootDescription {
  readonly binds: readonly {
    readonly source: string
    readonly target: string
    readonly directory: boolean
    readonly writable: boolean
    readonly inBox?: boolean
    readonly device?: boolean
    /** Whether the caller asked for it: then `owners` says who its files belong to. */
    readonly foreign?: boolean
    /** What changes in memory may take, if guests may make them. It is not writable then. */
    readonly copy?: { readonly bytes: number; readonly inodes: number }
  }[]
  readonly links: readonly { readonly path: string; readonly target: string }[]
  /** Files of the box itself; binds with `inBox` show them elsewhere. */
  readonly files: readonly { readonly path: string; readonly contents: Uint8Array }[]
  readonly directories?: readonly string[]
  /** TypeScript objects of the caller. */
  readonly objects?: readonly ObjectMountDescription[]
  readonly scratch: readonly {
    readonly path: string
    readonly mode: number
    readonly bytes: number
    readonly inodes: number
    readonly owner: Owner
    readonly noexec?: boolean
  }[]
}

export interface RootHost {
  readonly memory: WorldMemory
  random(target: Uint8Array): void
  now(): Time
  /** How guests see the owner of a file of a caller's bind; as on the host if it is left out. */
  readonly owners?: (attributes: Attributes) => Owner
  /** The line to the owner of `objects`, and whose their files are; required if there are any. */
  readonly objects?: { readonly client: ObjectClient; readonly owner: Owner }
}

export interface WorldRoot {
  readonly root: Mount
  readonly mounts: Mounts
  readonly devices: Devices
  /** Its pseudo terminals, which `attach` gives to the processes of a world. */
  readonly terminals: Terminals
  /** What memory file systems of this world are made of: memfd_create(2), /dev/shm. */
  readonly memoryHost: MemoryHost
  /** From now on /proc shows the processes of this world. */
  attachProcesses(source: ProcSource): void
  close(): void
}

const ROOT = { uid: 0, gid: 0 }
const PROC_FLAGS = { noExec: true, noSuid: true, noDevices: true }

/**
 * Makes the root. A source that the host does not have (any more) is left out: the caller has
 * checked those that it was asked for.
 */
export function makeRoot(description: RootDescription, host: RootHost): WorldRoot {
  const devices = new Devices(target => host.random(target))
  const memoryHost: MemoryHost = { pages: host.memory.world, devices, now: () => host.now() }
  const own = new MemoryFileSystem(memoryHost, { source: 'glassbox' })
  const directory = (): Inode => new MemoryDirectory(own, { mode: 0o755, ...ROOT })
  setProcTime(() => host.now())
  const mounts = new Mounts()
  const root = mounts.add(own, directory(), undefined, { readOnly: true, noDevices: true })
  const maker = new RootMaker(mounts, own, host)
  for (const { path, target } of description.links) maker.link(path, target)
  for (const { path, contents } of description.files) maker.file(path, contents)
  const terminals = new Terminals(devices)
  addDevices(mounts, own, terminals)
  for (const { path, mode, bytes, inodes, owner, noexec = false } of description.scratch) {
    const fileSystem = new MemoryFileSystem(memoryHost, { bytes, inodes })
    const at = maker.place(path)
    const flags = { noExec: noexec, noSuid: true, noDevices: true }
    mounts.add(fileSystem, new MemoryDirectory(fileSystem, { mode, ...owner }), at, flags)
  }
  // After the directories in memory: a bind can be below one.
  for (const bind of description.binds) {
    if (bind.device === true) continue
    if (bind.inBox === true) maker.showOwn(bind.source, bind.target)
    else maker.bind(bind)
  }
  for (const path of description.directories ?? []) maker.place(path)
  for (const [index, each] of (description.objects ?? []).entries()) maker.object(index, each)
  let attached: ProcFileSystem | undefined
  const attachProcesses = (source: ProcSource): void => {
    attached = new ProcFileSystem(source, mounts)
  }
  const processes = new LateProcesses(() => attached)
  mounts.add(processes, processes.root, maker.place('/proc'), PROC_FLAGS)
  return { root, mounts, devices, terminals, memoryHost, attachProcesses, close: () => maker.close() }
}

class RootMaker {
  readonly #mounts: Mounts
  readonly #own: MemoryFileSystem
  readonly #host: RootHost
  readonly #memoryHost: MemoryHost
  readonly #opened: HostFileSystem[] = []

  constructor(mounts: Mounts, own: MemoryFileSystem, host: RootHost) {
    this.#mounts = mounts
    this.#memoryHost = own.host
    this.#own = own
    this.#host = host
  }

  /** A place for a mount or a file; missing directories are made. */
  place(path: string, last?: () => Inode): Location {
    return this.#mounts.place(path, (_name, isLast) =>
      isLast && last !== undefined ? last() : new MemoryDirectory(this.#own, { mode: 0o755, ...ROOT }),
    )
  }

  link(path: string, target: string): void {
    this.place(path, () => new MemoryLink(this.#own, bytesText(target), { mode: 0o777, ...ROOT }))
  }

  file(path: string, contents: Uint8Array): void {
    this.place(path, () => this.#newFile(contents))
  }

  #newFile(contents: Uint8Array): MemoryFile {
    const file = new MemoryFile(this.#own, { mode: 0o644, ...ROOT })
    file.mappable.write(new ArrayTransfer(contents), 0)
    return file
  }

  /** Shows a file of the box under another name. */
  showOwn(source: string, target: string): void {
    const shown = this.place(source).dentry.inode
    const at = this.place(target, () => this.#newFile(new Uint8Array()))
    this.#mounts.add(this.#own, shown, at, { readOnly: true, noDevices: true })
  }

  bind({ source, target, directory, writable, foreign, copy }: RootDescription['binds'][number]): void {
    const fd = openHost(bytesOfPath(`${source}\0`), O_PATH)
    if (fd < 0) return
    const attributes = attributesOf(fd)
    if (typeof attributes === 'number') return void closeHost(fd)
    const { memory, owners } = this.#host
    const fileSystem = new HostFileSystem(fd, {
      writable,
      cache: memory.cache,
      world: memory.world,
      ...(owners && foreign === true ? { owners } : {}),
    })
    this.#opened.push(fileSystem)
    const at = this.place(target, directory ? undefined : () => this.#newFile(new Uint8Array()))
    const flags = { readOnly: !writable && !copy, noSuid: true, noDevices: true }
    const inode = hostInode(fileSystem, undefined, '', attributes)
    if (!copy) return void this.#mounts.add(fileSystem, inode, at, flags)
    const overlay = new OverlayFileSystem(this.#memoryHost, inode.attributes().dev, copy)
    this.#mounts.add(overlay, overlay.above(inode), at, flags)
  }

  object(index: number, description: ObjectMountDescription): void {
    const { objects } = this.#host
    if (objects === undefined) throw new RangeError('an object without a line to its owner')
    const fileSystem = new ObjectFileSystem(index, description, { ...objects, now: () => this.#host.now() })
    const root = new ObjectDirectory(fileSystem, '/', { size: 0, mtimeMs: 0 })
    const flags = { readOnly: !description.writable, noExec: true, noSuid: true, noDevices: true }
    this.#mounts.add(fileSystem, root, this.place(description.target), flags)
  }

  close(): void {
    for (const fileSystem of this.#opened) fileSystem.close()
  }
}
