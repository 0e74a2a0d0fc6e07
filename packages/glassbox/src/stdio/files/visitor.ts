/** How what came out of a box is shown to whoever asked for it: one file at a time, and what could not be had too. */
import type { GlassboxError } from '../../errors.ts'

/** A regular file that is open while it is shown. */
export interface FoundFile {
  /** In the working directory. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Permissions only. */
  readonly mode: number
  /** All of it. Throws a RangeError where it is more than this process can hold. */
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
