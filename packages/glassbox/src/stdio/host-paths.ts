/**
 * Files of the host that a caller names, beside directories that programs of the box may write. A
 * program can leave a link in a writable bind; whoever opens a path through it is led anywhere,
 * with the rights of this process. So what lies beneath the source of a writable bind is opened
 * from a descriptor of that source, without following any link below it (openat2(2), Linux 5.6).
 * Everything else is opened as its name says: no program of this box can change what it leads to.
 *
 * Whether a path leads beneath such a source is found out by walking it as the kernel would
 * (path_resolution(7)): links outside of the sources are the host's own, and may lead into one.
 */
import { lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, normalize } from 'node:path'
import { GlassboxError } from '../errors.ts'
import { openat2, withDescriptor } from '../gate/descriptors.ts'
import { call, cString } from '../gate/gate.ts'
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
} from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import type { Bind } from '../job/options.ts'

/** As many as the kernel follows. */
const MAX_LINKS = 40
const WITHOUT_LINKS = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS

/** Where a path leads. */
interface Place {
  /** Absolute and without links. */
  readonly base: string
  /** From there on, without links where it is confined. */
  readonly rest: string
  /** Whether `base` is the source of a writable bind, and `rest` lies beneath it. */
  readonly confined: boolean
}

/**
 * What makes two names the same directory. Where this user may not look, it can open nothing
 * either.
 */
function identityOf(path: string): string | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats?.isDirectory() ? `${stats.dev}:${stats.ino}` : undefined
  } catch {
    return undefined
  }
}

export class HostPaths {
  /**
   * The sources as they are now, which is what the box shows: their names may come to mean others.
   */
  readonly #writable: ReadonlySet<string>

  constructor(binds: readonly Bind[] = []) {
    const sources = binds.filter(({ writable }) => writable === true).map(({ source }) => identityOf(source))
    this.#writable = new Set(sources.filter(identity => identity !== undefined))
  }

  /** As open(2). The caller closes the descriptor. */
  open(path: string, flags: number, mode = 0): number {
    const place = this.#confined(path)
    if (!place) return call('openat', [AT_FDCWD, cString(path), flags | O_CLOEXEC, mode], path)
    // openat2(2) refuses what open(2) overlooks: a mode for a file that it does not make.
    return openConfined(path, place, { flags, mode: flags & O_CREAT ? mode : 0 })
  }

  /**
   * The directory of a file that need not be there, and its name in it, which is no link of the
   * host's. The caller closes it.
   */
  openParent(path: string): { directory: number; name: string } {
    const place = this.#locate(path)
    const name = basename(place.rest)
    const above = { ...place, rest: dirname(place.rest) }
    const flags = O_PATH | O_DIRECTORY
    const directory = place.confined
      ? openConfined(path, above, { flags })
      : call('openat', [AT_FDCWD, cString(join(above.base, above.rest)), flags | O_CLOEXEC, 0], path)
    return { directory, name }
  }

  /** Whether it lies where programs of the box may write. */
  isWritable(path: string): boolean {
    return this.#confined(path) !== undefined
  }

  /** The path without any link; throws where it leads nowhere. */
  real(path: string): string {
    const place = this.#confined(path)
    if (!place) return realpathSync(path)
    return withDescriptor(openConfined(path, place, { flags: O_PATH }), () => join(place.base, place.rest))
  }

  #confined(path: string): Place | undefined {
    if (this.#writable.size === 0) return undefined
    const place = this.#locate(path)
    return place.confined ? place : undefined
  }

  #locate(path: string): Place {
    return walk(resolveFrom(path), directory => this.#writable.has(identityOf(directory) ?? ''))
  }
}

/**
 * Absolute, with everything that the path says: `..` behind a link is not what stands before the
 * link.
 */
function resolveFrom(path: string): string {
  if (isAbsolute(path)) return path
  try {
    return `${process.cwd()}/${path}`
  } catch {
    return path // the current directory was removed: nothing is there
  }
}

const namesOf = (path: string): string[] => path.split('/').filter(name => name !== '' && name !== '.')

/**
 * Takes a path name by name, until it is beneath a directory that programs may write, or at its
 * end.
 */
function walk(path: string, isWritable: (directory: string) => boolean): Place {
  let at = '/'
  let names = namesOf(path)
  for (let links = 0; ; ) {
    // No link is followed in there, so `..` is what stands before it.
    if (isWritable(at)) names = namesOf(normalize(names.join('/')))
    const [name, ...rest] = names
    if (name === undefined) return { base: at, rest: '.', confined: false }
    if (name !== '..' && isWritable(at)) return { base: at, rest: names.join('/'), confined: true }
    names = rest
    if (name === '..') {
      at = dirname(at)
      continue
    }
    const here = join(at, name)
    const target = linkAt(here)
    if (target !== undefined && links++ < MAX_LINKS) {
      names = [...namesOf(target), ...rest]
      if (isAbsolute(target)) at = '/'
    } else if (rest.length === 0) return { base: at, rest: name, confined: false }
    else at = here
  }
}

/** Where a link leads; `undefined` for what is none, or not there, or not ours to look at. */
function linkAt(path: string): string | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : undefined
  } catch {
    return undefined // whoever opens it is told why
  }
}

function openConfined(
  path: string,
  { base, rest }: Place,
  how: { readonly flags: number; readonly mode?: number },
): number {
  const flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
  const source = call('openat', [AT_FDCWD, cString(base), flags, 0], base)
  return withDescriptor(source, from => {
    try {
      return openat2(from, rest, { ...how, resolve: WITHOUT_LINKS })
    } catch (error) {
      if (!(error instanceof GlassboxError) || error.errno !== ERRNO.ELOOP) throw error
      throw new GlassboxError(
        'ERR_GLASSBOX_FILE',
        `${path}: a symbolic link below ${base}, which is bound writable, is not followed`,
        {
          path,
          errno: error.errno,
          syscall: 'openat2',
          cause: error,
          hint: 'A program may have left it there: name the file itself, or remove the link.',
        },
      )
    }
  })
}
