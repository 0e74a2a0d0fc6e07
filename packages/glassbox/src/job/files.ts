/**
 * Files of a box, in and out, as callers say them and get them. The same shape serves both ways:
 * `result.files` can be given as `files` of the next run. `file-kinds.ts` checks what was said.
 */
import type { Blob as NodeBlob } from 'node:buffer'
import { fileURLToPath } from 'node:url'
import { isInstance } from '../options/kind.ts'

/**
 * What a file is made of. Bytes are read when the box is ready: do not change them before the call
 * has ended.
 */
export type Contents = string | Uint8Array | ArrayBuffer | ArrayBufferView | NodeBlob

/**
 * One of `files`:
 * - contents alone: a file with the mode 0o644
 * - `{ contents, mode }`: a file with that mode, such as 0o755 for a program
 * - `{ file }`: a file or a directory of the host. A directory is copied whole: regular files,
 *   directories, and symbolic links as links, which lead to what the box has there. Anything else
 *   in it, such as a FIFO, is an error.
 * - `{ directory: true }`: an empty directory
 */
export type FileInput =
  | Contents
  | { readonly contents: Contents; readonly mode?: number }
  | { readonly file: string | URL; readonly mode?: number }
  | { readonly directory: true; readonly mode?: number }

/** By relative path in the working directory. Directories above a file are made. */
export type Files = Readonly<Record<string, FileInput>>

/** Where one of `collect` goes: into the result, or to a file or directory of the host. */
export type CollectTarget = true | { readonly file: string | URL }

/** Paths in the working directory, or an object of paths and where each goes. */
export type Collect = readonly string[] | Readonly<Record<string, CollectTarget>>

/** A file that came out of a box. It can be one of `files` as it is. */
export interface CollectedFile {
  readonly contents: Uint8Array
  /** Permissions only: set-user-ID and its like do not leave a box. */
  readonly mode: number
}

/** A directory that came out of a box. It can be one of `files` as it is. */
export interface CollectedDirectory {
  readonly directory: true
  readonly mode: number
}

/** Why a file could not be had. */
export interface FileError {
  /**
   * `ENOENT`: it is not there. `ELOOP`: a symbolic link, or one on the way to it. `ENOTSUP`: no
   * regular file and no directory. `EFBIG`: more than may be collected. `EACCES`: the program took
   * the permission to read it away. Otherwise the kernel's name for what failed.
   */
  readonly code: string
  /** Whether the box's file could not be read, or the host's not be written. */
  readonly side: 'box' | 'host'
  readonly message: string
}

/** How a file is written. */
export interface WriteOptions {
  /** Permissions, such as 0o755. */
  readonly mode?: number
}

/** How a file is read. */
export interface ReadOptions {
  /** A file that is larger is an error. Default 64 MiB. */
  readonly maxBytes?: number
}

/** One entry of a directory of a box. */
export interface DirectoryEntry {
  /** Bytes that are not UTF-8 are U+DC80 to U+DCFF, as in Python's surrogateescape. */
  readonly name: string
  readonly type: 'file' | 'directory' | 'link' | 'other'
  /** Bytes; 0 unless it is a file. */
  readonly size: number
  readonly mode: number
}

/** Whether it is text or bytes, of any kind that JavaScript has for them. */
export const isContents = (value: unknown): value is Contents =>
  typeof value === 'string' ||
  ArrayBuffer.isView(value) ||
  isInstance(value, ArrayBuffer) ||
  isInstance(value, Blob)

/** A path or a file: URL, as a path. */
export const hostPath = (file: string | URL): string =>
  typeof file === 'string' ? file : fileURLToPath(file)
