/**
 * A file system in memory, as tmpfs(5): the pages of its files are pages of the world. Its limits
 * are bytes and inodes; beyond them stands ENOSPC.
 */
import { TMPFS_MAGIC } from '../../../linux/constants.ts'
import type { PageAllocator } from '../../mm/pages/page-allocator.ts'
import type { Devices } from '../dev/devices.ts'
import type { FileSystem, FileSystemStatistics, Time } from '../vfs.ts'

const BLOCK = 4096

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

  constructor(host: MemoryHost, { bytes, inodes, type = 'tmpfs', source = 'tmpfs' }: MemoryOptions = {}) {
    this.host = host
    this.type = type
    this.source = source
    this.limitPages = bytes === undefined ? Infinity : Math.ceil(bytes / BLOCK)
    this.limitInodes = inodes ?? Infinity
  }

  get isFull(): boolean {
    return this.inodes >= this.limitInodes
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
