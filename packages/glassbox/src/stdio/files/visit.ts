/**
 * Visits one path beneath a directory: a regular file, or a directory and everything in it. Links
 * are not followed. Links, FIFOs, sockets and devices are reported as failures.
 */
import { fstatSync } from 'node:fs'
import type { GlassboxError } from '../../errors.ts'
import { close, openat2 } from '../../gate/descriptors.ts'
import { O_DIRECTORY, O_PATH } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { BENEATH_ON_ONE_MOUNT as BENEATH, kindOf, lookAt, openToRead } from './beneath.ts'
import { copyBytes, readBytes } from './copy.ts'
import { boxFileError, brief, refusal } from './errors.ts'
import type { Pace } from './pace.ts'
import type { FileVisitor, FoundFile } from './visitor.ts'
import { walk } from './walk.ts'

export interface VisitOptions {
  readonly visitor: FileVisitor
  readonly pace: Pace
  /** The most entries that a directory may have, including those of its subdirectories. */
  readonly maxEntries: number
}

/** The error for a FIFO, a socket or a device. */
export const notRegular = (kind: string): GlassboxError =>
  refusal(ERRNO.EOPNOTSUPP, `it is a ${kind}, not a regular file`)

export class Visit {
  readonly #path: string
  readonly #visitor: FileVisitor
  readonly #pace: Pace
  readonly #maxEntries: number

  /** `path` is normalized. */
  constructor(path: string, { visitor, pace, maxEntries }: VisitOptions) {
    this.#path = path
    this.#visitor = visitor
    this.#pace = pace
    this.#maxEntries = maxEntries
  }

  /** `top` is the working directory. Rejects if the path itself cannot be read. */
  async run(top: number): Promise<void> {
    const stats = lookAt(top, this.#path, BENEATH)
    if (stats.isDirectory()) await this.#tree(top)
    else if (stats.isFile()) await this.#file(top)
    else throw refusalOf(kindOf(stats))
  }

  /** Reports a failure. `below`: the name relative to the visited path. */
  fail(below: string, error: unknown): void {
    const path = this.#name(below)
    this.#visitor.failed(path, boxFileError(`Cannot read ${brief(path)}`, path, error))
  }

  async #file(top: number): Promise<void> {
    const fd = openToRead(top, this.#path, BENEATH)
    try {
      const stats = fstatSync(fd)
      if (!stats.isFile()) throw notRegular(kindOf(stats))
      await this.#visitor.file(this.#found('', fd, stats.size, stats.mode & 0o777))
    } finally {
      close(fd)
    }
  }

  async #tree(top: number): Promise<void> {
    const directory = openat2(top, this.#path, { flags: O_PATH | O_DIRECTORY, resolve: BENEATH })
    try {
      for await (const found of walk(directory, {
        resolve: BENEATH,
        maxEntries: this.#maxEntries,
        pace: this.#pace,
      })) {
        if (found.type === 'directory') await this.#visitor.directory(this.#name(found.path), found.mode)
        else if (found.type === 'file')
          await this.#visitor.file(this.#found(found.path, found.fd, found.size, found.mode))
        else if (found.type === 'failed') this.fail(found.path, found.error)
        else this.fail(found.path, refusalOf(found.type === 'link' ? 'symbolic link' : found.kind))
      }
    } finally {
      close(directory)
    }
  }

  #found(below: string, fd: number, size: number, mode: number): FoundFile {
    return {
      path: this.#name(below),
      size,
      mode,
      read: () => readBytes(fd, size, this.#pace),
      copyTo: to => copyBytes(fd, to, size, this.#pace),
    }
  }

  #name(below: string): string {
    return below === '' ? this.#path : `${this.#path}/${below}`
  }
}

const refusalOf = (kind: string): GlassboxError =>
  kind === 'symbolic link'
    ? refusal(ERRNO.ELOOP, 'it is a symbolic link, which is not followed')
    : notRegular(kind)
