/**
 * An area of an address space: consecutive pages with the same rights, whose contents lie side by
 * side in one backing file. What a guest sees as one mapping may be several areas here, since
 * copies and files that are not loaded split it; /proc/PID/maps joins them again.
 */
import { PROT_WRITE } from '../../../linux/constants.ts'
import type { BackingFile } from '../../platform/platform.ts'
import type { MappedFile } from '../mapped-file.ts'
import { PAGE_SIZE } from '../pages/page.ts'

/** Properties that mappings have beside their rights. */
export const AREA_SHARED = 1
export const AREA_GROWS_DOWN = 2
export const AREA_NO_RESERVE = 4
export const AREA_LOCKED = 8
export const AREA_DONT_FORK = 16
export const AREA_WIPE_ON_FORK = 32
/** The file was opened so that it may be written: mprotect(2) may allow writing. */
export const AREA_MAY_WRITE = 64
export const AREA_MAY_EXECUTE = 128
/** Anonymous memory that mlock(2) or madvise(2) say nothing about, but maps and smaps do. */
export const AREA_DONT_DUMP = 256

/** Whether memory with this protection and these flags is data, which RLIMIT_DATA limits. */
export const isData = (protection: number, flags: number): boolean =>
  (protection & PROT_WRITE) !== 0 && (flags & (AREA_SHARED | AREA_GROWS_DOWN)) === 0

/** `hostProtection` of an area that the host does not have mapped. */
export const UNMAPPED = -1

export type AreaName = 'heap' | 'stack' | 'vdso' | 'vvar' | undefined

export class Area {
  start: number
  end: number
  /** PROT_* as the guest asked for it. */
  protection: number
  flags: number
  /** Where the contents of `start` are; meaningful if `backing` is set. */
  offset = 0
  /** undefined: there are no pages yet. The first touch makes or loads them. */
  backing: BackingFile | undefined = undefined
  /** Whether the pages are counted in the allocator of the world; else they are the file's. */
  owned = false
  /** Whether a write needs a copy first, as far as the pages are shared. */
  copyOnWrite = false
  /** The protection that the host has, or will have after the next flush. */
  hostProtection: number = UNMAPPED
  file: MappedFile | undefined = undefined
  /** Of `start`. */
  fileOffset = 0
  name: AreaName = undefined

  constructor(start: number, end: number, protection: number, flags: number) {
    this.start = start
    this.end = end
    this.protection = protection
    this.flags = flags
  }

  get pages(): number {
    return (this.end - this.start) / PAGE_SIZE
  }

  get shared(): boolean {
    return (this.flags & AREA_SHARED) !== 0
  }

  /** Private memory that is the guest's own: no file behind it. */
  get anonymous(): boolean {
    return this.file === undefined
  }

  /** What the host should have: nothing without pages or rights, no writing before a copy. */
  get wantedProtection(): number {
    if (this.backing === undefined || this.protection === 0) return UNMAPPED
    return this.copyOnWrite ? this.protection & ~PROT_WRITE : this.protection
  }

  /** The part [from, to) as an area of its own. */
  part(from: number, to: number): Area {
    const part = new Area(from, to, this.protection, this.flags)
    part.offset = this.offset + (from - this.start)
    part.backing = this.backing
    part.owned = this.owned
    part.copyOnWrite = this.copyOnWrite
    part.hostProtection = this.hostProtection
    part.file = this.file
    part.fileOffset = this.fileOffset + (from - this.start)
    part.name = this.name
    return part
  }

  /** Whether `next`, which begins where this ends, continues it in every respect. */
  isContinuedBy(next: Area): boolean {
    return (
      this.backing === next.backing &&
      (this.backing === undefined || this.offset + (this.end - this.start) === next.offset) &&
      this.hostProtection === next.hostProtection &&
      this.owned === next.owned &&
      this.copyOnWrite === next.copyOnWrite &&
      this.looksContinuedBy(next)
    )
  }

  /** Whether a guest sees both as one mapping. */
  looksContinuedBy(next: Area): boolean {
    return (
      this.end === next.start &&
      this.protection === next.protection &&
      this.flags === next.flags &&
      this.file === next.file &&
      this.name === next.name &&
      (this.file === undefined || this.fileOffset + (this.end - this.start) === next.fileOffset)
    )
  }
}
