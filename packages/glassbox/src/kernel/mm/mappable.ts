/**
 * What a file offers to be mapped: mmap(2). Pages of a regular file live in a backing file of the
 * platform, one page cache for reading, writing and mapping, so that they never differ.
 * `files/file-pages.ts` implements it for memory files and files of the host alike.
 */
import type { BackingFile } from '../platform/platform.ts'

export interface Mappable {
  /** Where the pages live. Guests cannot write pages of 'cache', whatever their mapping says. */
  readonly backing: BackingFile
  /** Set for /dev/zero: a mapping of it is anonymous memory. */
  readonly anonymous?: boolean
  /** The size in bytes now. Pages beyond it are SIGBUS. */
  readonly size: number
  /**
   * The offset in the backing file of the page at `offset` of the file, loaded and kept; or a
   * negative errno. Loads more than the page where that is cheaper.
   */
  page(offset: number): number
  /**
   * How many pages from `offset` on, at most `limit`, are loaded and lie side by side in the
   * backing file. 0: the first of them is not loaded.
   */
  pageRun(offset: number, limit: number): number
  /** A mapping began or ended to use it: its pages stay until all have ended. */
  hold(user: MappingUser): void
  drop(user: MappingUser): void
  /** A shared mapping may write these bytes from now on: the file's times, and its dirty state. */
  written(offset: number, length: number): void
  /** MADV_REMOVE: these bytes read as zero; 0, or a negative errno. Absent: it cannot do that. */
  punch?(offset: number, length: number): number
  /** msync(2), and the end of a mapping that could write: 0, or a negative errno. */
  sync(offset: number, length: number): number
}

/** An address space, as a file sees it. */
export interface MappingUser {
  /**
   * These bytes of the file lose their pages. Called before the pages are given back. `copies`: it
   * was truncated, so copies that private mappings have of them go too; those of a hole stay.
   */
  pagesGone(file: Mappable, offset: number, length: number, copies: boolean): void
}
