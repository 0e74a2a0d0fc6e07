/**
 * An open file of a TypeScript object. It has its own copy of the contents, of the moment when it
 * was opened. What is written to it reaches the object when the last descriptor is closed, and at
 * fsync(2).
 */
import { O_APPEND } from '../../../linux/constants.ts'
import { EFAULT, EFBIG } from '../../../linux/errno-numbers.ts'
import type { Transfer } from '../../mm/transfer.ts'
import { FileBase } from '../open-file.ts'
import type { Attributes, Location } from '../vfs.ts'
import { MOST_FILE_BYTES, type StoredFile } from './file-system.ts'

const LEAST_ROOM = 4096

export class ObjectOpenFile extends FileBase {
  declare readonly inode: StoredFile
  /** The contents, and room for more behind them. */
  #bytes: Uint8Array
  #size: number
  #isChanged = false

  constructor(inode: StoredFile, flags: number, location: Location, contents: Uint8Array) {
    super(inode, flags, location)
    this.#bytes = contents
    this.#size = contents.length
  }

  override get size(): number {
    return this.#size
  }

  override attributes(): Attributes {
    return { ...this.inode.attributes(), size: this.#size, blocks: Math.ceil(this.#size / 512) }
  }

  override read(transfer: Transfer, position: number): number {
    if (position >= this.#size) return 0
    const put = transfer.put(this.#bytes, position, Math.min(transfer.remaining, this.#size - position))
    return put === 0 && transfer.faulted ? -EFAULT : put
  }

  override write(transfer: Transfer, position: number): number {
    const at = (this.flags & O_APPEND) !== 0 ? this.#size : position
    const { remaining } = transfer
    if (remaining === 0) return 0
    if (at >= MOST_FILE_BYTES) return -EFBIG
    const length = Math.min(remaining, MOST_FILE_BYTES - at)
    const error = this.#grow(at + length)
    if (error !== 0) return error
    const taken = transfer.take(this.#bytes, at, length)
    if (taken === 0) return transfer.faulted ? -EFAULT : 0
    this.#size = Math.max(this.#size, at + taken)
    this.#isChanged = true
    return taken
  }

  /** Makes room. What was given by an answer is never written: another call may have it too. */
  #grow(length: number): number {
    if (this.#isChanged && length <= this.#bytes.length) return 0
    const room = Math.min(MOST_FILE_BYTES, Math.max(length, this.#bytes.length * 2, LEAST_ROOM))
    const error = this.inode.fileSystem.count(room - this.#bytes.length)
    if (error !== 0) return error
    const bytes = new Uint8Array(room)
    bytes.set(this.#bytes.subarray(0, this.#size))
    this.#bytes = bytes
    return 0
  }

  resize(size: number): number {
    if (size > MOST_FILE_BYTES) return -EFBIG
    const error = this.#grow(size)
    if (error !== 0) return error
    this.#bytes.fill(0, Math.min(size, this.#size))
    this.#size = size
    this.#isChanged = true
    return 0
  }

  #contents(): Uint8Array {
    return this.#bytes.slice(0, this.#size)
  }

  sync(): number {
    if (!this.#isChanged) return 0
    const error = this.inode.store(this.#contents())
    if (error === 0) this.#isChanged = false
    return error
  }

  override closed(): void {
    const { fileSystem, path } = this.inode
    if (this.#isChanged) fileSystem.hand(path, this.#contents())
    fileSystem.count(-this.#bytes.length)
  }
}
