/**
 * The files that a pattern means now. Each is opened with O_PATH, so the file that is looked at is
 * the one that gets the rule. A file that does not exist, or that this user cannot reach, is no
 * match.
 *
 * Links are followed, but not the magic ones of /proc, which lead to files of this process. Links
 * in directories that programs write to do not lead out of them.
 */
import { InvalidOptionError } from '../errors.ts'
import { close, withDescriptor } from '../gate/descriptors.ts'
import { cString, syscall, systemError } from '../gate/gate.ts'
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
} from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { OPEN_HOW_BYTES } from '../linux/open-how.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { listingOf, type Listing } from './listing.ts'
import { look } from './look.ts'
import type { Grant } from './types.ts'

/** The most files that the patterns with wildcards of one policy may match. */
export const MOST_MATCHES = 4096
/** The most entries of directories that are compared with them. */
export const MOST_ENTRIES = 65_536

/** Errors that mean that there is no such file for the program. */
const NO_MATCH: readonly number[] = [
  ...[ERRNO.ENOENT, ERRNO.ENOTDIR, ERRNO.ELOOP, ERRNO.EACCES, ERRNO.EXDEV, ERRNO.ENAMETOOLONG],
  ...[ERRNO.ENXIO, ERRNO.ENODEV, ERRNO.ESTALE],
]
/** openat2 gives up if a directory is renamed during the call (openat2(2)). */
const TRIES = 16

/** A directory that names are resolved from. */
interface Anchor {
  readonly fd: number
  /** RESOLVE_*. */
  readonly resolve: number
  /** The path that the names below are relative to. */
  readonly path: string
}

/**
 * Opens the files that patterns mean. Owns the descriptors of the directories that it starts from.
 */
export class Matcher {
  readonly #root: Anchor
  readonly #anchors = new Map<string, Anchor | undefined>()
  #matches = 0
  #entries = 0

  /** `root`: a descriptor of the root directory, if it is not that of this process. */
  constructor(root?: number) {
    this.#root =
      root === undefined
        ? { fd: AT_FDCWD, resolve: RESOLVE_NO_MAGICLINKS, path: '' }
        : { fd: root, resolve: RESOLVE_IN_ROOT, path: '' }
  }

  /** Calls `use` with a descriptor of each match, and closes it afterwards. */
  forEach(grant: Grant, use: (fd: number) => void): void {
    const anchor = this.#anchorOf(grant.within)
    if (!anchor) return
    const path = grant.path.slice(anchor.path.length)
    if (grant.kind === 'exact') withMatch(anchor, path, O_PATH, use)
    else if (grant.kind === 'tree') withMatch(anchor, path, O_PATH | O_DIRECTORY, use)
    else {
      const names = (grant.kind === 'level' ? `${path}/*` : path).split('/').filter(Boolean)
      this.#walk({ anchor, grant, use }, '', names)
    }
  }

  close(): void {
    for (const anchor of this.#anchors.values()) if (anchor) close(anchor.fd)
    this.#anchors.clear()
  }

  #anchorOf(within: string | undefined): Anchor | undefined {
    if (within === undefined) return this.#root
    if (!this.#anchors.has(within)) {
      const fd = open(this.#root, within, O_PATH | O_DIRECTORY)
      const resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS
      this.#anchors.set(within, fd === undefined ? undefined : { fd, resolve, path: within })
    }
    return this.#anchors.get(within)
  }

  /** Looks for the rest of a pattern's names below a directory. */
  #walk(search: Search, directory: string, [name = '', ...rest]: readonly string[]): void {
    if (name === '**') this.#walkBelow(search, directory, rest)
    else if (/[*?]/.test(name)) {
      for (const entry of this.#list(search, directory)?.matching(name) ?? [])
        this.#found(search, `${directory}/${entry}`, rest)
    } else this.#found(search, `${directory}/${name}`, rest)
  }

  #found(search: Search, path: string, rest: readonly string[]): void {
    if (rest.length > 0) this.#walk(search, path, rest)
    else
      withMatch(search.anchor, path, O_PATH, fd => {
        if (look(fd).isDirectory) return
        if (++this.#matches > MOST_MATCHES) throw tooMany(search.grant, `${MOST_MATCHES} files`)
        search.use(fd)
      })
  }

  /** Two stars: this directory, and every directory below it. Does not follow links. */
  #walkBelow(search: Search, directory: string, rest: readonly string[]): void {
    const names = rest.length === 0 ? ['*'] : rest
    this.#walk(search, directory, names)
    for (const entry of this.#list(search, directory)?.directories ?? [])
      this.#walkBelow(search, `${directory}/${entry}`, rest)
  }

  /**
   * The names are read before any is visited, so a directory is closed before the next is opened.
   */
  #list({ anchor, grant }: Search, directory: string): Listing | undefined {
    const fd = open(anchor, directory, O_RDONLY | O_DIRECTORY)
    if (fd === undefined) return undefined
    return withDescriptor(fd, () => {
      const left = MOST_ENTRIES - this.#entries
      const listing = listingOf(fd, left)
      if (!listing) throw tooMany(grant, `${MOST_ENTRIES} entries of directories`)
      this.#entries += listing.size
      return listing
    })
  }
}

interface Search {
  readonly anchor: Anchor
  readonly grant: Grant
  readonly use: (fd: number) => void
}

const OPENAT2 = syscallNumber('openat2')
/** struct open_how: flags, mode, how the path is resolved. */
const how = new BigUint64Array(OPEN_HOW_BYTES / 8)

/**
 * Opens a path; `undefined` if it does not match. Policies name many files that a host does not
 * have, so that is not an error.
 */
function open(anchor: Anchor, path: string, flags: number): number | undefined {
  const isBeneath = (anchor.resolve & RESOLVE_BENEATH) !== 0
  const name = cString(isBeneath ? path.replace(/^\/+/, '') || '.' : path || '/')
  how[0] = BigInt(flags | O_CLOEXEC)
  how[2] = BigInt(anchor.resolve)
  for (let tries = 1; ; tries++) {
    const result = syscall(OPENAT2, anchor.fd, name, how, OPEN_HOW_BYTES)
    if (result >= 0) return result
    if (NO_MATCH.includes(-result)) return undefined
    if (result !== -ERRNO.EAGAIN || tries === TRIES) throw systemError('openat2', -result, path)
  }
}

function withMatch(anchor: Anchor, path: string, flags: number, use: (fd: number) => void): void {
  const fd = open(anchor, path, flags)
  if (fd !== undefined) withDescriptor(fd, use)
}

const tooMany = ({ text }: Grant, most: string): InvalidOptionError =>
  new InvalidOptionError(
    'policy.paths',
    `policy.paths: "${text}" is compared with more than ${most}, which is the most.`,
    'Grant a directory with everything below it, by a final slash, or a narrower pattern.',
  )
