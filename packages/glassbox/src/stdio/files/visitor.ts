/**
 * The visitor of files of a box. It gets one file at a time, and also the failures.
 */
import type { GlassboxError } from '../../errors.ts'

/** A regular file. It is open only during the visit. */
export interface FoundFile {
  /** Path in the working directory. */
  readonly path: string
  /** Size in bytes. */
  readonly size: number
  /** Permission bits. */
  readonly mode: number
  /** Reads the whole file. Rejects with a RangeError if it is too large for a Uint8Array. */
  read(): Promise<Uint8Array>
  /** Copies the file to the position of a descriptor of this process. */
  copyTo(to: number): Promise<unknown>
}

export interface FileVisitor {
  file(file: FoundFile): Promise<void>
  /** Called before the contents of the directory are visited. */
  directory(path: string, mode: number): Promise<void>
  /** A file could not be read, or a directory could not be listed. */
  failed(path: string, error: GlassboxError): void
}
