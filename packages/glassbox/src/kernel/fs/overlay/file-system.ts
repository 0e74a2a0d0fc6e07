/**
 * An overlay: a directory of the host that guests may change in memory. The host's directory stays
 * as it is.
 *
 * It is a memory file system whose inodes may have a lower one: an inode of a read-only tree of
 * the host. Such an inode is one object for its whole life, whatever is changed. So its number,
 * locks, watches and names stay when contents are copied, and a directory moves as in memory.
 *
 *     const lower = new HostFileSystem(fd, { writable: false, … })
 *     const top = hostInode(hostFileSystem, undefined, '', attributes)
 *     const overlay = new OverlayFileSystem(memoryHost, top.attributes().dev, { bytes, inodes })
 *     mounts.add(overlay, overlay.above(top), at)
 */
import { OVERLAYFS_SUPER_MAGIC, S_IFDIR, S_IFLNK, S_IFREG } from '../../../linux/constants.ts'
import { HostDirectory } from '../host/directory.ts'
import { HostFile } from '../host/file.ts'
import { MemoryFileSystem, type MemoryHost, type MemoryOptions } from '../memory/file-system.ts'
import type { MemoryInode } from '../memory/inode.ts'
import { MemoryNode } from '../memory/link.ts'
import type { Attributes, FileSystemStatistics, Inode } from '../vfs.ts'
import { OverlayDirectory } from './directory.ts'
import { OverlayFile } from './file.ts'
import { OverlayLink } from './link.ts'

/** Inodes without a lower one have numbers from here on: those of the host are below. */
const FIRST_OWN_INO = 2 ** 52
/** And those of what is mounted on the host below the lower directory. */
const FIRST_FOREIGN_INO = 2 ** 51

export class OverlayFileSystem extends MemoryFileSystem {
  /** The device of the lower directory: what is mounted below it has numbers of its own. */
  readonly #lowerDevice: number
  /** One inode for each lower one, also under several names. */
  readonly #above = new WeakMap<Inode, MemoryInode>()
  /** Those with several names are kept: one may be looked up when the others are gone. */
  readonly #linked = new Set<MemoryInode>()
  #foreign = 0

  constructor(host: MemoryHost, lowerDevice: number, limits: MemoryOptions) {
    super(host, { ...limits, type: 'overlay', source: 'overlay' })
    this.#lowerDevice = lowerDevice
  }

  override statistics(): FileSystemStatistics {
    return { ...super.statistics(), type: OVERLAYFS_SUPER_MAGIC }
  }

  override newIno(): number {
    return FIRST_OWN_INO + super.newIno()
  }

  /** The inode that stands for a lower one. */
  above(lower: Inode): MemoryInode {
    const known = this.#above.get(lower)
    if (known !== undefined) return known
    const attributes = this.#numbered(lower.attributes())
    const inode = this.#inodeFor(lower, attributes)
    this.#above.set(lower, inode)
    if (lower.type === S_IFDIR) return inode
    inode.nlink = attributes.nlink
    if (inode.nlink > 1) this.#linked.add(inode)
    return inode
  }

  #numbered(attributes: Attributes): Attributes {
    if (attributes.dev === this.#lowerDevice) return attributes
    return { ...attributes, ino: FIRST_FOREIGN_INO + this.#foreign++ }
  }

  #inodeFor(lower: Inode, attributes: Attributes): MemoryInode {
    const { type } = lower
    if (type === S_IFDIR && lower instanceof HostDirectory)
      return new OverlayDirectory(this, lower, attributes, each => this.above(each))
    if (type === S_IFREG && lower instanceof HostFile) return new OverlayFile(this, lower, attributes)
    if (type === S_IFLNK) return new OverlayLink(this, lower, attributes)
    return new MemoryNode(this, type, attributes, attributes.rdev)
  }
}
