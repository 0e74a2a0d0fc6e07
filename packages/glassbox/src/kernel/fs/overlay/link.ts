/** A symbolic link of the lower directory. Its text never changes. */
import { S_IFLNK } from '../../../linux/constants.ts'
import { EACCES } from '../../../linux/errno-numbers.ts'
import type { MemoryFileSystem } from '../memory/file-system.ts'
import { MemoryInode } from '../memory/inode.ts'
import type { Attributes, FsCaller, Inode } from '../vfs.ts'

export class OverlayLink extends MemoryInode {
  readonly #lower: Inode
  readonly #size: number

  constructor(fileSystem: MemoryFileSystem, lower: Inode, attributes: Attributes) {
    super(fileSystem, S_IFLNK, attributes)
    this.#lower = lower
    this.#size = attributes.size
  }

  override get size(): number {
    return this.#size
  }

  readlink(caller: FsCaller): string | number {
    return this.#lower.readlink?.(caller) ?? -EACCES
  }
}
