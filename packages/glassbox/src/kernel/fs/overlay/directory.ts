/**
 * A directory of an overlay: the names of its lower directory and those that were made, without
 * those that were removed. Only names that were looked up are in memory.
 */
import { S_IFDIR } from '../../../linux/constants.ts'
import { ENOENT } from '../../../linux/errno-numbers.ts'
import type { HostDirectory } from '../host/directory.ts'
import { MemoryDirectory, type NameTable } from '../memory/directory.ts'
import type { MemoryFileSystem } from '../memory/file-system.ts'
import type { MemoryInode } from '../memory/inode.ts'
import { directoryType } from '../open-file.ts'
import type { AttributeChange, Attributes, DirectoryEntry, Inode } from '../vfs.ts'

/** The inode of the overlay that stands for a lower one. */
export type Above = (lower: Inode) => MemoryInode

/** Names above those of a lower directory, which is asked once for each name that it has. */
class MergedNames implements NameTable {
  readonly shown = new Map<string, MemoryInode>()
  /** Names of the lower directory that it does not decide any more: shown above, or removed. */
  readonly settled = new Set<string>()
  readonly #lower: HostDirectory
  readonly #above: Above

  constructor(lower: HostDirectory, above: Above) {
    this.#lower = lower
    this.#above = above
  }

  /** The inode, or the negative errno of the lower directory. */
  find(name: string): MemoryInode | number | undefined {
    const known = this.shown.get(name)
    if (known !== undefined || this.settled.has(name)) return known
    const lower = this.#lower.lookup(name)
    if (typeof lower === 'number') return lower
    const inode = this.#above(lower)
    this.settled.add(name)
    this.shown.set(name, inode)
    return inode
  }

  get(name: string): MemoryInode | undefined {
    const found = this.find(name)
    return typeof found === 'number' ? undefined : found
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  set(name: string, inode: MemoryInode): Map<string, MemoryInode> {
    return this.shown.set(name, inode)
  }

  delete(name: string): boolean {
    return this.shown.delete(name)
  }
}

export class OverlayDirectory extends MemoryDirectory {
  readonly #lower: HostDirectory
  readonly #merged: MergedNames

  constructor(fileSystem: MemoryFileSystem, lower: HostDirectory, attributes: Attributes, above: Above) {
    super(fileSystem, attributes)
    this.#lower = lower
    this.#merged = new MergedNames(lower, above)
    this.nlink = attributes.nlink < 2 ? 2 + this.#directoriesBelow() : attributes.nlink
  }

  /** For file systems of the host that do not count the links of directories. */
  #directoriesBelow(): number {
    const entries = this.#lower.entries()
    return typeof entries === 'number' ? 0 : entries.filter(({ type }) => type === DIRECTORY).length
  }

  protected override get names(): NameTable {
    return this.#merged
  }

  override get size(): number {
    return this.#lower.attributes().size
  }

  override get blocks(): number {
    return this.#lower.attributes().blocks
  }

  override lookup(name: string): Inode | number {
    return this.#merged.find(name) ?? -ENOENT
  }

  override change(change: AttributeChange): number {
    const error = this.count()
    return error === 0 ? super.change(change) : error
  }

  /** Those of the lower directory in its order, then those that were made. */
  override entries(): readonly DirectoryEntry[] | number {
    const lower = this.#lower.entries()
    if (typeof lower === 'number') return lower
    const { shown, settled } = this.#merged
    const made = new Map(shown)
    const entries: DirectoryEntry[] = []
    for (const entry of lower) {
      const { name } = entry
      const inode = made.get(name)
      if (inode !== undefined) entries.push(entryOf(name, inode))
      else if (!settled.has(name)) entries.push(entry)
      made.delete(name)
    }
    for (const [name, inode] of made) entries.push(entryOf(name, inode))
    return entries
  }

  override get isEmpty(): boolean {
    if (this.#merged.shown.size > 0) return false
    const lower = this.#lower.entries()
    return typeof lower !== 'number' && lower.every(({ name }) => this.#merged.settled.has(name))
  }
}

const DIRECTORY = directoryType(S_IFDIR)

const entryOf = (name: string, { ino, type }: MemoryInode): DirectoryEntry => ({
  ...{ name, ino, type: directoryType(type) },
})
