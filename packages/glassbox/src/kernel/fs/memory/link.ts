/** Symbolic links in memory, and inodes that stand for something else: devices, FIFOs, sockets. */
import { S_IFBLK, S_IFCHR, S_IFIFO, S_IFLNK } from '../../../linux/constants.ts'
import { ENXIO } from '../../../linux/errno-numbers.ts'
import { Pipe } from '../pipe/pipe.ts'
import { openPipe } from '../pipe/pipe-file.ts'
import type { FsCaller, Location, NewInode, OpenFile } from '../vfs.ts'
import type { MemoryFileSystem } from './file-system.ts'
import { MemoryInode } from './inode.ts'

export class MemoryLink extends MemoryInode {
  readonly #text: string

  constructor(fileSystem: MemoryFileSystem, text: string, node: NewInode) {
    super(fileSystem, S_IFLNK, { ...node, mode: 0o777 })
    this.#text = text
  }

  override get size(): number {
    return this.#text.length
  }

  readlink(): string {
    return this.#text
  }
}

/** A node of mknod(2). Opening it opens what it stands for. */
export class MemoryNode extends MemoryInode {
  /** Of a FIFO: while a task has it open. */
  #pipe: Pipe | undefined

  override open(flags: number, location: Location, caller: FsCaller): OpenFile | number {
    if (this.type === S_IFCHR || this.type === S_IFBLK) {
      if (location.mount.noDevices) return -ENXIO
      return this.fileSystem.host.devices.open(this, flags, location, caller)
    }
    if (this.type !== S_IFIFO) return -ENXIO
    if (this.#pipe === undefined || this.#pipe.isClosed) this.#pipe = new Pipe()
    return openPipe(this.#pipe, this, flags, location)
  }
}

export const newNode = (
  fileSystem: MemoryFileSystem,
  type: number,
  device: number,
  node: NewInode,
): MemoryNode => new MemoryNode(fileSystem, type, node, device)
