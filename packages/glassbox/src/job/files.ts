/**
 * The types of files that callers give to a box and get from it. Both have the same shape:
 * `result.files` can be the `files` of the next run. `file-kinds.ts` checks the values.
 */
import type { Blob as NodeBlob } from 'node:buffer'
import { fileURLToPath } from 'node:url'
import { isInstance } from '../options/kind.ts'

/**
 * The contents of a file. Bytes are not copied at the call. Do not change them before the call has
 * ended.
 */
export type Contents = string | Uint8Array | ArrayBuffer | ArrayBufferView | NodeBlob

/**
 * One entry of `files`:
 * - contents alone: a file with the mode 0o644
 * - `{ contents, mode }`: a file with that mode, such as 0o755 for a program; default 0o644
 * - `{ file }`: a file or a directory of the host; a file keeps its mode unless `mode` is given. A
 *   directory is copied whole: regular files, directories, and symbolic links as links, which are
 *   resolved in the box. Anything else in it, such as a FIFO, is an error.
 * - `{ directory: true }`: an empty directory; default mode 0o755
 *
 * @example
 * await run('./tool', [], { files: { tool: { contents: bytes, mode: 0o755 }, 'in.txt': 'hello' }
 * })
 */
export type FileInput =
  | Contents
  | { readonly contents: Contents; readonly mode?: number }
  | { readonly file: string | URL; readonly mode?: number }
  | { readonly directory: true; readonly mode?: number }

/** Files by their relative paths in the working directory. Missing parent directories are made. */
export type Files = Readonly<Record<string, FileInput>>

/** The target of a collected file: `true` for the result, or a file or directory of the host. */
export type CollectTarget = true | { readonly file: string | URL }

/**
 * Paths in the working directory, or an object that maps such paths to targets.
 *
 * @example
 * await run('make', [], { files, collect: { 'build/app': { file: '/srv/app' }, 'log.txt': true }
 * })
 */
export type Collect = readonly string[] | Readonly<Record<string, CollectTarget>>

/** A file that was collected from a box. It can be passed to `files` as it is. */
export interface CollectedFile {
  readonly contents: Uint8Array
  /** Permission bits only: set-user-ID and similar bits do not leave a box. */
  readonly mode: number
}

/** A directory that was collected from a box. It can be passed to `files` as it is. */
export interface CollectedDirectory {
  readonly directory: true
  readonly mode: number
}

/** Why a file could not be collected. */
export interface FileError {
  /**
   * `ENOENT`: the file does not exist. `ELOOP`: it is a symbolic link, or its path contains one.
   * `ENOTSUP`: it is neither a regular file nor a directory. `EFBIG`: it exceeds what may be
   * collected. `EACCES`: the program removed the permission to read it. Any other code is the
   * kernel's name of the error.
   */
  readonly code: string
  /** `box`: the file of the box could not be read. `host`: the target could not be written. */
  readonly side: 'box' | 'host'
  readonly message: string
}

/** Options of `box.writeFile()` and `box.makeDirectory()`. */
export interface WriteOptions {
  /** Permission bits, such as 0o755. */
  readonly mode?: number
}

/** Options of `box.readFile()`. */
export interface ReadOptions {
  /** The largest size in bytes; a larger file is an error. Default 64 MiB. */
  readonly maxBytes?: number
}

/** One entry of a directory of a box. */
export interface DirectoryEntry {
  /** A byte that is not UTF-8 is U+DC80 to U+DCFF, as with Python's surrogateescape. */
  readonly name: string
  readonly type: 'file' | 'directory' | 'link' | 'other'
  /** Size in bytes; 0 unless it is a file. */
  readonly size: number
  readonly mode: number
}

/** Whether the value is text or bytes, in any form that JavaScript has for them. */
export const isContents = (value: unknown): value is Contents =>
  typeof value === 'string' ||
  ArrayBuffer.isView(value) ||
  isInstance(value, ArrayBuffer) ||
  isInstance(value, Blob)

/** The path of a path or a file: URL. Throws for a URL of another scheme. */
export const hostPath = (file: string | URL): string =>
  typeof file === 'string' ? file : fileURLToPath(file)
