/**
 * The files of `--meta` and `--json`. Each is opened, and made empty, when its option is read, and
 * written and closed at the end of the call. They are opened with the caller's rights: the keeper
 * is root. Owns their descriptors, which no program inherits.
 */
import { closeSync, constants, fchmodSync, openSync, writeSync } from 'node:fs'
import { errnoMessage } from '../linux/errno.ts'
import { bytesOfPath } from '../linux/path-bytes.ts'
import { asCaller } from './as-caller.ts'
import { type CallIo, IsolateError } from './types.ts'

const { O_WRONLY, O_CREAT, O_TRUNC, O_EXCL } = constants
const ALL_MAY_WRITE = 0o666

type Option = 'meta' | 'json'

interface OpenFile {
  readonly option: Option
  readonly path: string
  /** `undefined`: standard output. */
  readonly descriptor: number | undefined
}

export class ReportFiles {
  readonly #io: CallIo
  /** The last file of an option is its file. Earlier ones stay empty. */
  readonly #files = new Map<Option, OpenFile>()

  constructor(io: CallIo) {
    this.#io = io
  }

  /** Throws IsolateError (internal) if the file cannot be opened. */
  open(option: Option, path: string): void {
    const before = this.#files.get(option)
    this.#files.delete(option)
    if (before?.descriptor !== undefined) closeSync(before.descriptor)
    const descriptor = path === '-' ? undefined : this.#openFile(option, path)
    this.#files.set(option, { option, path, descriptor })
    if (option === 'meta' && descriptor !== undefined) this.#io.onMetaOpen?.(descriptor)
  }

  #openFile(option: Option, path: string): number {
    const { cwd, umask, ids } = this.#io
    const whole = bytesOfPath(path.startsWith('/') ? path : `${cwd}/${path}`)
    try {
      return asCaller(ids, () => openReport(whole, ALL_MAY_WRITE & ~umask))
    } catch (error) {
      throw fault(`Failed to open ${NAMES[option]} '${path}'`, error)
    }
  }

  has(option: Option): boolean {
    return this.#files.has(option)
  }

  /** Writes the whole text. Throws IsolateError (internal) if not all of it could be written. */
  write(option: Option, text: string): void {
    const file = this.#files.get(option)
    if (file === undefined) return
    if (file.descriptor === undefined) {
      this.#io.out(text)
      return
    }
    try {
      const bytes = Buffer.from(text)
      for (let at = 0; at < bytes.length; ) at += writeSync(file.descriptor, bytes, at)
    } catch (error) {
      throw fault(`Failed to write ${NAMES[option]} '${file.path}'`, error)
    }
  }

  /** Closes the files. Some file systems report only then that a file could not be written. */
  close(): void {
    const files = [...this.#files.values()]
    this.#files.clear()
    for (const { option, path, descriptor } of files) {
      if (descriptor === undefined) continue
      try {
        closeSync(descriptor)
      } catch (error) {
        throw fault(`Failed to write ${NAMES[option]} '${path}'`, error)
      }
    }
  }
}

const NAMES: Readonly<Record<Option, string>> = { meta: 'metafile', json: 'JSON file' }

function openReport(path: Buffer, mode: number): number {
  const made = openIfNew(path)
  if (made === undefined) return openSync(path, O_WRONLY | O_CREAT | O_TRUNC, mode)
  // The caller's umask is not that of a server, so a new file gets its mode afterwards.
  fchmodSync(made, mode)
  return made
}

function openIfNew(path: Buffer): number | undefined {
  try {
    return openSync(path, O_WRONLY | O_CREAT | O_EXCL, ALL_MAY_WRITE)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  }
}

function fault(what: string, error: unknown): IsolateError {
  const reason = errnoMessage(Math.abs((error as NodeJS.ErrnoException).errno ?? 0))
  return new IsolateError('internal', `${what}: ${reason}`, error)
}
