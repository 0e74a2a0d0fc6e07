/**
 * Moves files into and out of a box, by descriptors. Every name is resolved beneath the box's
 * directory, without following a symbolic or magic link and without crossing a mount. No program
 * of the box runs meanwhile. But a program of another box may have received a descriptor of the
 * directory, and may exchange names at any time.
 *
 * Each operation uses and closes a descriptor of its own. The box may be closed at any time; a
 * running operation then ends at its next step.
 */
import { fstatSync } from 'node:fs'
import { GlassboxError } from '../../errors.ts'
import { close, openat2 } from '../../gate/descriptors.ts'
import { call } from '../../gate/gate.ts'
import { pathComponents } from '../../job/box-path.ts'
import type { CollectedFile, DirectoryEntry } from '../../job/files.ts'
import { F_DUPFD_CLOEXEC, O_DIRECTORY, O_PATH } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { pathOfBytes } from '../../linux/path-bytes.ts'
import {
  BENEATH_ON_ONE_MOUNT as BENEATH,
  kindOf,
  lookAt,
  nextNames,
  openDirectory,
  openToRead,
  setMode,
  typeOf,
} from './beneath.ts'
import { readBytes } from './copy.ts'
import { boxFileError, brief, refusal } from './errors.ts'
import { Pace, type Stoppable } from './pace.ts'
import { removeTree } from './remove.ts'
import { sortByName } from './sort.ts'
import { withTreeWriter } from './tree-writer.ts'
import { notRegular, Visit } from './visit.ts'
import type { FileVisitor } from './visitor.ts'
import { type InputFile, putInput, type StopSignal } from '../input-files.ts'
import type { Owner } from '../pipe.ts'

const OWNER_ALL = 0o700

export interface BoxFilesOptions {
  /** Resolves when the box has its working directory. */
  readonly ready: () => Promise<unknown>
  /**
   * A descriptor of the working directory, which may be one with O_PATH. The callee does not close
   * it.
   */
  readonly directory: () => number
  /**
   * The owner of new files, as ids of the host. Omitted if this process is the box's user itself.
   */
  readonly owner?: Owner | undefined
  /** Whether the directory belongs to the caller, so that its mode is not changed here. */
  readonly keepsMode?: boolean
}

/** The files of one box. */
export class BoxFiles {
  readonly #options: BoxFilesOptions
  #closed = false
  readonly #running = new Set<Promise<unknown>>()

  constructor(options: BoxFilesOptions) {
    this.#options = options
  }

  /**
   * Whether there is a regular file of that name, or a link. Only a program of the box may follow
   * the link.
   */
  has(path: string): boolean {
    try {
      const type = typeOf(lookAt(this.#usable(), pathComponents(path).join('/'), BENEATH))
      return type === 'file' || type === 'link'
    } catch (error) {
      return (error as GlassboxError).errno === ERRNO.ELOOP
    }
  }

  /** Puts files into the box and replaces existing ones of the same names. */
  write(input: InputFile, signal?: StopSignal): Promise<void> {
    const what = `Cannot put ${describe(input)} into the box`
    return this.#operate(what, input.path, signal, (top, pace) =>
      withTreeWriter(top, { resolve: BENEATH, owner: this.#options.owner }, writer =>
        putInput(input, pathComponents(input.path), writer, pace),
      ),
    )
  }

  /** Reads a regular file of at most `maxBytes`. */
  read(path: string, maxBytes: number): Promise<CollectedFile> {
    return this.#operate(`Cannot read ${brief(path)}`, path, undefined, async (top, pace) => {
      const fd = openToRead(top, pathComponents(path).join('/'), BENEATH)
      try {
        const stats = fstatSync(fd)
        if (stats.isDirectory()) throw refusal(ERRNO.EISDIR, 'it is a directory')
        if (!stats.isFile()) throw notRegular(kindOf(stats))
        if (stats.size > maxBytes) throw tooLarge(stats.size, maxBytes)
        return { contents: await readBytes(fd, stats.size, pace), mode: stats.mode & 0o777 }
      } finally {
        close(fd)
      }
    })
  }

  /**
   * Shows a file, or a directory and everything in it, to `visitor`. Errors are shown to the
   * visitor too; the promise rejects only if the box is closed.
   */
  visit(path: string, visitor: FileVisitor, maxEntries: number): Promise<void> {
    return this.#operate(`Cannot read ${brief(path)}`, path, undefined, async (top, pace) => {
      const visit = new Visit(pathComponents(path).join('/'), { visitor, pace, maxEntries })
      try {
        await visit.run(top)
      } catch (error) {
        if (this.#closed) throw error
        visit.fail('', error)
      }
    })
  }

  /** The entries of a directory; of the working directory if `path` is `.`. */
  list(path: string): Promise<DirectoryEntry[]> {
    return this.#operate(`Cannot list ${brief(path)}`, path, undefined, async (top, pace) => {
      const directory = openDirectory(top, isTop(path) ? '.' : pathComponents(path).join('/'), BENEATH)
      try {
        const entries: DirectoryEntry[] = []
        for (let names = nextNames(directory); names.length > 0; names = nextNames(directory)) {
          for (const { name } of names) {
            entries.push(entryOf(directory, pathOfBytes(name)))
            await pace.rest()
          }
        }
        return await sortByName(entries, pace)
      } finally {
        close(directory)
      }
    })
  }

  /** Removes a file, or a directory with everything in it. */
  remove(path: string): Promise<void> {
    return this.#operate(`Cannot remove ${brief(path)}`, path, undefined, async (top, pace) => {
      const names = pathComponents(path)
      const flags = O_PATH | O_DIRECTORY
      const parent = openat2(top, names.slice(0, -1).join('/') || '.', { flags, resolve: BENEATH })
      try {
        await removeTree(parent, names.at(-1) ?? '', BENEATH, pace)
      } finally {
        close(parent)
      }
    })
  }

  /** Ends the running operations, and waits for their end. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#running)
  }

  /**
   * The working directory. If a program has removed the owner's permissions, they are restored:
   * without them neither the next program nor an ordinary user's process could enter.
   */
  #usable(): number {
    const directory = this.#options.directory()
    if (this.#options.keepsMode) return directory
    const { mode } = fstatSync(directory)
    if ((mode & OWNER_ALL) !== OWNER_ALL) setMode(directory, (mode & 0o7777) | OWNER_ALL)
    return directory
  }

  #operate<T>(
    what: string,
    path: string,
    signal: StopSignal | undefined,
    work: (top: number, pace: Pace) => Promise<T>,
  ): Promise<T> {
    const stops: Stoppable[] = [{ throwIfAborted: () => this.#refuseIfClosed() }]
    if (signal) stops.push(signal)
    return this.#whenReady(top => work(top, new Pace(stops))).catch((error: unknown) => {
      if (signal?.aborted || isNewsOfBox(error)) throw error
      throw boxFileError(what, path, error)
    })
  }

  async #whenReady<T>(work: (top: number) => Promise<T>): Promise<T> {
    await this.#options.ready()
    this.#refuseIfClosed()
    const running = withOwnDescriptor(this.#usable(), work)
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  #refuseIfClosed(): void {
    if (!this.#closed) return
    throw new GlassboxError('ERR_GLASSBOX_BOX_CLOSED', 'This box was closed.', { hint: 'Open another one.' })
  }
}

/** Runs `work` with a duplicate of `directory`, which may be closed meanwhile. */
async function withOwnDescriptor<T>(directory: number, work: (top: number) => Promise<T>): Promise<T> {
  const top = call('fcntl', [directory, F_DUPFD_CLOEXEC, 0])
  try {
    return await work(top)
  } finally {
    close(top)
  }
}

const isTop = (path: string): boolean => /^[./]*$/.test(path) && !path.startsWith('/') && !path.includes('..')

/** Errors of the box rather than of the file, which are passed on unchanged. */
const isNewsOfBox = (error: unknown): boolean =>
  error instanceof GlassboxError && /BOX_CLOSED|BOX_LOST|MISSING|STEP|INVALID/.test(error.code)

const describe = (input: InputFile): string =>
  'contents' in input && input.contents instanceof Uint8Array
    ? `${brief(input.path)} (${input.contents.length} bytes)`
    : brief(input.path)

const tooLarge = (size: number, most: number): GlassboxError =>
  refusal(ERRNO.EFBIG, `${size} bytes are more than the ${most} that may be read`)

function entryOf(directory: number, name: string): DirectoryEntry {
  const stats = lookAt(directory, name, BENEATH)
  const type = typeOf(stats)
  return { name, type, size: type === 'file' ? stats.size : 0, mode: stats.mode & 0o777 }
}
