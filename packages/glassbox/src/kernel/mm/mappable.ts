/**
 * What a file offers to be mapped: mmap(2). Pages of a regular file live in a backing file of the
 * platform, one page cache for reading, writing and mapping, so that they never differ.
 */
import type { BackingFile } from '../platform/platform.ts'

export interface Mappable {
  /** Where the pages live. Guests cannot write pages of 'cache', whatever their mapping says. */
  readonly backing: BackingFile
  /** The size in bytes now. Pages beyond it are SIGBUS. */
  readonly size: number
  /**
   * The offset in the backing file of the page at `offset` of the file, loaded and kept; or a
   * negative errno. Consecutive pages of a file have consecutive offsets where that is possible:
   * `pageRun` says how far.
   */
  page(offset: number): number
  /** How many pages from `offset` on lie side by side in the backing file; at least 1. */
  pageRun(offset: number): number
  /** A mapping began or ended to use it: its pages stay until all have ended. */
  hold(): void
  drop(): void
  /** Called before a shared mapping may write: the file's times, and its dirty state. */
  written(offset: number, length: number): void
}
