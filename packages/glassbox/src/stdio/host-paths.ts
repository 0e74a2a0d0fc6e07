/**
 * Opens files of the host that a caller names, if programs of the box may write to some of the
 * host's directories. A program can leave a link in a writable bind. A path through that link
 * could lead anywhere, and would be opened with the rights of this process. So a path beneath the
 * source of a writable bind is opened from a descriptor of that source, and no link below it is
 * followed (openat2(2), Linux 5.6). Any other path is opened by its name: no program of this box
 * can change where it leads.
 *
 * To find out whether a path leads beneath such a source, it is walked as the kernel would do
 * (path_resolution(7)). Links outside the sources belong to the host, and may lead into a source.
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

/** The most links that the kernel follows in one path. */
const MAX_LINKS = 40
const WITHOUT_LINKS = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS

/** Where a path leads. */
interface Place {
  /** Absolute and without links. */
  readonly base: string
  /** The rest of the path. No link in it is followed if the place is confined. */
  readonly rest: string
  /** Whether `base` is the source of a writable bind, and `rest` lies beneath it. */
  readonly confined: boolean
}

/**
 * Identifies a directory, whatever its name. `undefined` if this user may not examine it; it
 * cannot open anything in it either.
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
   * The identities of the sources at the time of the bind. Their names may mean other directories
   * later.
   */
  readonly #writable: ReadonlySet<string>

  constructor(binds: readonly Bind[] = []) {
    const sources = binds.filter(({ writable }) => writable === true).map(({ source }) => identityOf(source))
    this.#writable = new Set(sources.filter(identity => identity !== undefined))
  }

  /** Like open(2). Throws if it fails. The caller closes the descriptor. */
  open(path: string, flags: number, mode = 0): number {
    const place = this.#confined(path)
    if (!place) return call('openat', [AT_FDCWD, cString(path), flags | O_CLOEXEC, mode], path)
    // openat2(2), unlike open(2), refuses a mode without O_CREAT.
    return openConfined(path, place, { flags, mode: flags & O_CREAT ? mode : 0 })
  }

  /**
   * Opens the directory of a file, which need not exist. `name` is the file's name in it, after
   * all links of the host have been followed. The caller closes the directory.
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

  /** Whether programs of the box may write at that path. */
  isWritable(path: string): boolean {
    return this.#confined(path) !== undefined
  }

  /** The path without any link. Throws if it does not exist. */
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
 * Makes a path absolute without normalizing it: `..` after a link is not the directory before the
 * link.
 */
function resolveFrom(path: string): string {
  if (isAbsolute(path)) return path
  try {
    return `${process.cwd()}/${path}`
  } catch {
    return path // the current directory was removed, so no relative path exists
  }
}

const namesOf = (path: string): string[] => path.split('/').filter(name => name !== '' && name !== '.')

/**
 * Walks a path name by name, until it is beneath a directory that programs may write to, or at its
 * end.
 */
function walk(path: string, isWritable: (directory: string) => boolean): Place {
  let at = '/'
  let names = namesOf(path)
  for (let links = 0; ; ) {
    // No link is followed from here on, so `..` can be resolved in the text.
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

/** The target of a link; `undefined` if there is no link, or this user may not examine it. */
function linkAt(path: string): string | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : undefined
  } catch {
    return undefined // opening it will fail with the reason
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
          hint: 'A program may have left the link there. Name the file itself, or remove the link.',
        },
      )
    }
  })
}
