/**
 * The descriptors of a process, as an array by number. Closing one releases the process's fcntl(2)
 * locks on the file, whichever descriptor they were set by.
 */
import { EBADF, EMFILE } from '../../linux/errno-numbers.ts'
import type { FdTable } from './fd-table.ts'
import { releaseFlock, releaseLocksOf } from './locks/release.ts'
import { tellClosed, tellIfGone } from './notify/watches.ts'
import type { OpenFile } from './vfs.ts'

/** The limit of a process, RLIMIT_NOFILE: descriptors are below it. */
export interface DescriptorLimit {
  readonly soft: number
}

/** /proc/sys/fs/nr_open: no limit reaches farther. */
const MOST = 1_048_576

/** The size that a table begins with. It doubles when a descriptor needs it, and never shrinks. */
const FIRST_SIZE = 64

export class DescriptorTable implements FdTable {
  readonly #limit: DescriptorLimit
  #files: (OpenFile | undefined)[] = []
  #closing: boolean[] = []
  /** No descriptor below this one is free. */
  #firstFree = 0
  #size = FIRST_SIZE

  constructor(limit: DescriptorLimit) {
    this.#limit = limit
  }

  get limit(): number {
    return Math.min(this.#limit.soft, MOST)
  }

  get size(): number {
    return this.#size
  }

  makeRoom(fd: number): void {
    while (fd >= this.#size) this.#size *= 2
  }

  get(fd: number): OpenFile | undefined {
    return this.#files[fd]
  }

  free(from = 0): number {
    let fd = Math.max(from, this.#firstFree)
    while (this.#files[fd] !== undefined) fd++
    return fd >= this.limit ? -EMFILE : fd
  }

  add(file: OpenFile, closeOnExec: boolean, from = 0): number {
    const fd = this.free(from)
    if (fd < 0) return fd
    if (from <= this.#firstFree) this.#firstFree = fd + 1
    this.#put(fd, file, closeOnExec)
    return fd
  }

  set(fd: number, file: OpenFile, closeOnExec: boolean): number {
    if (fd < 0 || fd >= this.limit) return -EBADF
    const old = this.#files[fd]
    this.#put(fd, file, closeOnExec)
    if (old !== undefined) this.#release(old)
    return fd
  }

  #put(fd: number, file: OpenFile, closeOnExec: boolean): void {
    this.makeRoom(fd)
    while (this.#files.length < fd) this.#files.push(undefined)
    this.#files[fd] = file
    this.#closing[fd] = closeOnExec
  }

  close(fd: number): number {
    const file = this.#files[fd]
    if (file === undefined) return -EBADF
    this.#files[fd] = undefined
    if (fd < this.#firstFree) this.#firstFree = fd
    this.#release(file)
    return 0
  }

  #release(file: OpenFile): void {
    if (file.inode.locks !== undefined) releaseLocksOf(file.inode, this)
    file.flushed?.(this)
    dropReference(file)
  }

  closesOnExec(fd: number): boolean {
    return this.#closing[fd] === true
  }

  setCloseOnExec(fd: number, value: boolean): void {
    if (this.#files[fd] !== undefined) this.#closing[fd] = value
  }

  copy(limit: DescriptorLimit = this.#limit): DescriptorTable {
    const copy = new DescriptorTable(limit)
    copy.#files = this.#files.slice()
    copy.#closing = this.#closing.slice()
    copy.#firstFree = this.#firstFree
    copy.makeRoom(copy.#files.findLastIndex(file => file !== undefined))
    for (const file of copy.#files) if (file !== undefined) file.references++
    return copy
  }

  closeForExec(): void {
    for (let fd = 0; fd < this.#files.length; fd++) if (this.#closing[fd] === true) this.close(fd)
  }

  closeAll(): void {
    for (let fd = 0; fd < this.#files.length; fd++) this.close(fd)
    this.#files = []
    this.#closing = []
  }

  numbers(): readonly number[] {
    const numbers: number[] = []
    for (let fd = 0; fd < this.#files.length; fd++) if (this.#files[fd] !== undefined) numbers.push(fd)
    return numbers
  }
}

/** A reference to an open file goes; the last one closes it. */
export function dropReference(file: OpenFile): void {
  if (--file.references > 0) return
  tellClosed(file)
  releaseFlock(file)
  if (file.closeListeners !== undefined)
    for (const listener of [...file.closeListeners]) listener.fileClosed()
  file.closed()
  tellIfGone(file.inode)
}
