/**
 * A regular file of the lower directory. Until it is written to, its pages are those of the lower
 * file, which all worlds of the thread share; then it has pages of its own, with a copy of the
 * contents. A change of attributes alone copies nothing.
 *
 * Descriptors see what is written, whenever they were opened. A mapping that was made before the
 * first opening for writing shows the old contents, as in the overlayfs of Linux.
 */
import { O_ACCMODE, O_RDONLY } from '../../../linux/constants.ts'
import { FilePages } from '../../mm/files/file-pages.ts'
import type { HostFile } from '../host/file.ts'
import { MemoryFile, MemoryOpenFile } from '../memory/file.ts'
import type { MemoryFileSystem } from '../memory/file-system.ts'
import type { AttributeChange, Attributes, FsCaller, Location, OpenFile } from '../vfs.ts'
import { copyContents } from './copy.ts'

export class OverlayFile extends MemoryFile {
  /** Until the contents were copied. */
  #lower: HostFile | undefined

  constructor(fileSystem: MemoryFileSystem, lower: HostFile, attributes: Attributes) {
    super(fileSystem, attributes)
    this.#lower = lower
  }

  get isCopied(): boolean {
    return this.#lower === undefined
  }

  override get mappable(): FilePages {
    return this.#lower?.mappable ?? super.mappable
  }

  override get size(): number {
    return this.#lower?.attributes().size ?? super.size
  }

  override get blocks(): number {
    return this.#lower?.attributes().blocks ?? super.blocks
  }

  override open(flags: number, location: Location, caller: FsCaller): OpenFile | number {
    const lower = this.#lower
    if (lower === undefined) return super.open(flags, location, caller)
    if ((flags & O_ACCMODE) !== O_RDONLY) {
      const error = this.#copy()
      return error < 0 ? error : super.open(flags, location, caller)
    }
    const below = lower.open(O_RDONLY, location, caller)
    return typeof below === 'number' ? below : new LowerOpenFile(this, flags, location, below)
  }

  override change(change: AttributeChange): number {
    // What truncation takes away is not copied.
    const error = change.size === undefined ? this.count() : this.#copy(change.size)
    return error < 0 ? error : super.change(change)
  }

  /** Takes at most so many bytes over. 0, or a negative errno: then nothing has changed. */
  #copy(most: number = Infinity): number {
    const { fileSystem } = this
    const lower = this.#lower
    if (lower === undefined) return 0
    const uncounted = this.count()
    if (uncounted < 0) return uncounted
    const pages = new FilePages(fileSystem.host.pages)
    const error = copyContents(lower, pages, most, fileSystem.limitPages - fileSystem.pages)
    if (error < 0) {
      pages.free()
      return error
    }
    fileSystem.pages += pages.pages
    this.pages = pages
    this.#lower = undefined
    return 0
  }

  /** The pages of the lower file are not its own. */
  protected override free(): void {
    if (this.#lower === undefined) super.free()
  }
}

/** An open file whose contents are, perhaps for a while, those of the lower file. */
class LowerOpenFile extends MemoryOpenFile {
  declare readonly inode: OverlayFile
  /** Keeps what the lower file needs to be read. */
  readonly #below: OpenFile

  constructor(inode: OverlayFile, flags: number, location: Location, below: OpenFile) {
    super(inode, flags, location)
    this.#below = below
  }

  override get size(): number {
    return this.inode.size
  }

  /** Holes of the lower file are read as bytes: which pages are loaded says nothing of them. */
  protected override nextData(offset: number): number {
    return this.inode.isCopied ? super.nextData(offset) : offset
  }

  protected override nextHole(offset: number): number {
    return this.inode.isCopied ? super.nextHole(offset) : this.size
  }

  override closed(): void {
    super.closed()
    this.#below.closed()
  }
}
