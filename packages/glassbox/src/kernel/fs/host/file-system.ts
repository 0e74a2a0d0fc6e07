/**
 * A directory or file of the host in the world. Everything beneath it is reached by descriptors of
 * its directories, so a guest cannot leave it, whatever links and moves there are.
 *
 * Of a read-only tree names and attributes are asked for once. A tree that guests may write is
 * asked every time, because the host may change it as well.
 */
import { O_CLOEXEC, O_DIRECTORY, O_PATH } from '../../../linux/constants.ts'
import type { PageAllocator } from '../../mm/pages/page-allocator.ts'
import { newDevice } from '../memory/file-system.ts'
import { reopenHost } from '../stream/host-calls.ts'
import type { Attributes, FileSystem, FileSystemStatistics } from '../vfs.ts'
import { attributesOf, closeHost, findBeneath, openBeneath, statisticsOf } from './calls.ts'

/** Descriptors of directories and files that are kept open for the next use. */
const MOST_DESCRIPTORS = 128

/** What has a descriptor. The inodes are in `inode.ts`. */
export interface HostEntry {
  readonly parent: HostEntry | undefined
  readonly name: string
  readonly isDirectory: boolean
}

export interface HostOptions {
  readonly writable: boolean
  /** The page allocators for files that guests only read, and for those that they may write. */
  readonly cache: PageAllocator
  readonly world: PageAllocator
  /** Changes what guests see as the owner of a file. */
  readonly owners?: (attributes: Attributes) => { readonly uid: number; readonly gid: number }
  /** As /proc/self/mounts shows it. */
  readonly source?: string
  readonly type?: string
}

export class HostFileSystem implements FileSystem {
  readonly type: string
  readonly source: string
  readonly writable: boolean
  readonly cache: PageAllocator
  readonly world: PageAllocator
  readonly #options: HostOptions
  readonly #root: number
  readonly #devices = new Map<number, number>()
  /** From the least to the most recently used. */
  readonly #open = new Map<HostEntry, number>()
  readonly #inodes = new Map<string, WeakRef<HostEntry>>()

  /** `root`: a descriptor of the host (O_PATH is enough), which belongs to this object now. */
  constructor(root: number, options: HostOptions) {
    this.#root = root
    this.#options = options
    this.type = options.type ?? 'ext4'
    // Not its path: that would tell of the host what guests need not know.
    this.source = options.source ?? 'glassbox'
    this.writable = options.writable
    this.cache = options.cache
    this.world = options.world
  }

  /** The attributes as guests see them. */
  seen(attributes: Attributes): Attributes {
    let dev = this.#devices.get(attributes.dev)
    if (dev === undefined) {
      dev = newDevice()
      this.#devices.set(attributes.dev, dev)
    }
    return { ...attributes, dev, ...this.#options.owners?.(attributes) }
  }

  rootAttributes(): Attributes | number {
    return attributesOf(this.#root)
  }

  /** An O_PATH descriptor of an inode, which stays the file system's; or a negative errno. */
  descriptor(inode: HostEntry): number {
    const { parent, name } = inode
    if (parent === undefined) return this.#root
    const known = this.#open.get(inode)
    if (known !== undefined) {
      this.#open.delete(inode)
      this.#open.set(inode, known)
      return known
    }
    const directory = this.descriptor(parent)
    if (directory < 0) return directory
    const fd = inode.isDirectory
      ? openBeneath(directory, name, O_PATH | O_DIRECTORY)
      : findBeneath(directory, name)
    if (fd < 0) return fd
    this.#open.set(inode, fd)
    if (this.#open.size > MOST_DESCRIPTORS) {
      for (const [oldest] of this.#open) {
        if (oldest === parent || oldest === inode) continue
        this.forget(oldest)
        break
      }
    }
    return fd
  }

  /** Opens an inode itself; the descriptor is the caller's. */
  open(inode: HostEntry, flags: number): number {
    const { parent, name } = inode
    if (parent === undefined)
      return inode.isDirectory
        ? openBeneath(this.#root, '.', flags)
        : reopenHost(this.#root, flags | O_CLOEXEC)
    const directory = this.descriptor(parent)
    return directory < 0 ? directory : openBeneath(directory, name, flags)
  }

  /** The inode was removed or moved: its descriptor is not used again. */
  forget(inode: HostEntry): void {
    const fd = this.#open.get(inode)
    if (fd === undefined) return
    this.#open.delete(inode)
    closeHost(fd)
  }

  /** One inode has one object, also under several names. */
  known(attributes: Attributes): HostEntry | undefined {
    return this.#inodes.get(`${attributes.dev}:${attributes.ino}`)?.deref()
  }

  remember(attributes: Attributes, inode: HostEntry): void {
    this.#inodes.set(`${attributes.dev}:${attributes.ino}`, new WeakRef(inode))
  }

  statistics(): FileSystemStatistics {
    const found = statisticsOf(this.#root)
    if (typeof found !== 'number') return found
    const nothing = { blocks: 0, freeBlocks: 0, files: 0, freeFiles: 0 }
    return { type: 0xef53, blockSize: 4096, nameLength: 255, ...nothing }
  }

  /** Gives all descriptors back. Nothing of the file system works afterwards. */
  close(): void {
    for (const fd of this.#open.values()) closeHost(fd)
    this.#open.clear()
    closeHost(this.#root)
  }
}
