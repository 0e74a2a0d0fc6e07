/**
 * Walks a tree of files by descriptors, without following links. At most three descriptors are
 * open at a time, at any depth: a directory is opened when its turn comes, by its path from the
 * top. If that path exceeds PATH_MAX, the directory is reported as failed.
 */
import { fstatSync } from 'node:fs'
import { GlassboxError } from '../../errors.ts'
import { close } from '../../gate/descriptors.ts'
import { systemError } from '../../gate/gate.ts'
import { MAX_PATH_BYTES } from '../../job/box-path.ts'
import { ERRNO } from '../../linux/errno.ts'
import { bytesOfPath, pathOfBytes } from '../../linux/path-bytes.ts'
import {
  type Dirent,
  kindOf,
  linkTarget,
  lookAt,
  nextNames,
  openDirectory,
  openToRead,
  typeOf,
} from './beneath.ts'
import type { Pace } from './pace.ts'
import { sortByName } from './sort.ts'

/** One entry of a tree. `path` is relative to the top; the top itself is `''`. */
export type Found = { readonly path: string } & (
  | { readonly type: 'directory'; readonly mode: number }
  /** The descriptor is open until the next step of the walk. */
  | { readonly type: 'file'; readonly mode: number; readonly size: number; readonly fd: number }
  | { readonly type: 'link'; readonly target: Uint8Array }
  | { readonly type: 'other'; readonly kind: string }
  | { readonly type: 'failed'; readonly error: unknown }
)

export interface WalkOptions {
  /** `BENEATH` or `BENEATH_ON_ONE_MOUNT`. */
  readonly resolve: number
  /** The most entries that the tree may have. */
  readonly maxEntries: number
  readonly pace: Pace
}

/**
 * Yields the directory `top` and everything in it, each directory before its contents. `top`
 * belongs to the caller.
 */
export async function* walk(top: number, options: WalkOptions): AsyncGenerator<Found> {
  const { resolve, pace } = options
  const budget = { left: options.maxEntries }
  const queue = ['']
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    await pace.rest()
    let directory: number
    try {
      if (bytesOfPath(path).length > MAX_PATH_BYTES) throw systemError('openat2', ERRNO.ENAMETOOLONG, path)
      directory = openDirectory(top, path || '.', resolve)
    } catch (error) {
      yield { type: 'failed', path, error }
      continue
    }
    try {
      yield { type: 'directory', path, mode: fstatSync(directory).mode & 0o777 }
      const below: string[] = []
      for (const { name, type } of await sortedNames(directory, budget, pace)) {
        await pace.rest()
        const entry = path === '' ? name : `${path}/${name}`
        if (type === 'directory') below.push(entry)
        else yield* lookAndTell(directory, name, entry, resolve)
      }
      for (const name of below.toReversed()) queue.push(name)
    } catch (error) {
      if (!(error instanceof TooMany)) throw error
      yield { type: 'failed', path, error }
      return
    } finally {
      close(directory)
    }
  }
}

class TooMany extends GlassboxError {}

/** The entries of a directory, in the same order on every file system. */
async function sortedNames(
  directory: number,
  budget: { left: number },
  pace: Pace,
): Promise<{ name: string; type: Dirent['type'] }[]> {
  const found: { name: string; type: Dirent['type'] }[] = []
  for (let names = nextNames(directory); names.length > 0; names = nextNames(directory)) {
    budget.left -= names.length
    if (budget.left < 0) throw tooMany()
    for (const { name, type } of names) found.push({ name: pathOfBytes(name), type })
    await pace.rest()
  }
  return sortByName(found, pace)
}

const tooMany = (): GlassboxError =>
  new TooMany('ERR_GLASSBOX_FILE', 'too many files and directories', {
    errno: ERRNO.EFBIG,
    hint: 'Name a directory below it, or put them into one file, such as an archive.',
  })

/**
 * Opens an entry and yields it with its real type. The type in the directory listing may be out of
 * date.
 */
function* lookAndTell(directory: number, name: string, path: string, resolve: number): Generator<Found> {
  let fd: number | undefined
  try {
    const stats = lookAt(directory, name, resolve)
    const type = typeOf(stats)
    if (type === 'link') yield { type, path, target: linkTarget(directory, name) }
    else if (type !== 'file') yield { type: 'other', path, kind: kindOf(stats) }
    else {
      fd = openToRead(directory, name, resolve)
      const { mode, size } = fstatSync(fd)
      yield { type, path, mode: mode & 0o777, size, fd }
    }
  } catch (error) {
    yield { type: 'failed', path, error }
  } finally {
    if (fd !== undefined) close(fd)
  }
}
