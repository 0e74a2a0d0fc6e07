/**
 * How files of a box are shown to the one that asked for them: one at a time, and also what could
 * not be had.
 */
import type { GlassboxError } from '../../errors.ts'

/** A regular file that is open while it is shown. */
export interface FoundFile {
  /** In the working directory. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Permissions only. */
  readonly mode: number
  /** All of it. Throws a RangeError if it is more than this process can hold. */
  read(): Promise<Uint8Array>
  /** Copies it to where a descriptor of this process stands. */
  copyTo(to: number): Promise<unknown>
}

export interface FileVisitor {
  file(file: FoundFile): Promise<void>
  /** Shown before what is in it. */
  directory(path: string, mode: number): Promise<void>
  /** A file that could not be had, or a directory that could not be listed. */
  failed(path: string, error: GlassboxError): void
}
