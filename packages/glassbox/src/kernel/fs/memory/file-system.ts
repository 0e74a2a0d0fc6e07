/**
 * A file system in memory, as tmpfs(5): the pages of its files are pages of the world. Its limits
 * are bytes and inodes; beyond them stands ENOSPC.
 */
import { TMPFS_MAGIC } from '../../../linux/constants.ts'
import type { PageAllocator } from '../../mm/pages/page-allocator.ts'
import type { Devices } from '../dev/devices.ts'
import type { FileSystem, FileSystemStatistics, Time } from '../vfs.ts'

const BLOCK = 4096
/** So many bytes of extended attributes count as one inode. */
const INODE_BYTES = 1024
/** For file systems without a limit of inodes. */
const MOST_ATTRIBUTE_INODES = 65_536

export interface MemoryOptions {
  /** Limits; without them as much as the world has. */
  readonly bytes?: number
  readonly inodes?: number
  readonly type?: string
  readonly source?: string
}

/** Where time, memory and devices come from. */
export interface MemoryHost {
  readonly pages: PageAllocator
  readonly devices: Devices
  now(): Time
}

let nextDevice = 0x20

/** A device number for a file system of this kernel, as Linux gives those without a disk. */
export const newDevice = (): number => nextDevice++

export class MemoryFileSystem implements FileSystem {
  readonly type: string
  readonly source: string
  readonly dev: number = newDevice()
  readonly host: MemoryHost
  readonly limitPages: number
  readonly limitInodes: number
  /** In use now. */
  pages = 0
  inodes = 0
  #nextIno = 1
  #attributeBytes = 0

  constructor(host: MemoryHost, { bytes, inodes, type = 'tmpfs', source = 'tmpfs' }: MemoryOptions = {}) {
    this.host = host
    this.type = type
    this.source = source
    this.limitPages = bytes === undefined ? Infinity : Math.ceil(bytes / BLOCK)
    this.limitInodes = inodes ?? Infinity
  }

  get isFull(): boolean {
    return this.inodes + Math.ceil(this.#attributeBytes / INODE_BYTES) >= this.limitInodes
  }

  /** Takes bytes for extended attributes, or gives them back: tmpfs(5) counts them as inodes. */
  takeAttributeBytes(bytes: number): boolean {
    const wanted = this.inodes + Math.ceil((this.#attributeBytes + bytes) / INODE_BYTES)
    if (bytes > 0 && wanted > Math.min(this.limitInodes, MOST_ATTRIBUTE_INODES)) return false
    this.#attributeBytes += bytes
    return true
  }

  newIno(): number {
    this.inodes++
    return this.#nextIno++
  }

  statistics(): FileSystemStatistics {
    const limited = this.limitPages !== Infinity
    return {
      type: TMPFS_MAGIC,
      blockSize: BLOCK,
      blocks: limited ? this.limitPages : 0,
      freeBlocks: limited ? Math.max(0, this.limitPages - this.pages) : 0,
      files: this.limitInodes === Infinity ? 0 : this.limitInodes,
      freeFiles: this.limitInodes === Infinity ? 0 : Math.max(0, this.limitInodes - this.inodes),
      nameLength: 255,
    }
  }
}
