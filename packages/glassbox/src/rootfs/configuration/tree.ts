/**
 * Makes a filtered copy of the host's configuration: /etc, and the small parts of /var/lib and
 * /var/cache. It has what belongs to installed programs and everyone on the host may read, less
 * secrets. So a box whose user is the caller shows nothing that only the caller's groups may read.
 *
 * Links are copied as links and never followed; one that leads to a file that is not shown leads
 * nowhere in the box. Files are copies: `watched` lets a later process find out whether one has
 * changed.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { Ownership } from './packages.ts'
import { TOPS } from './packages.ts'
import { hasPrivateKey, isSecret } from './secrets.ts'
import { type Watched, watch } from './watched.ts'

export interface MadeTree {
  readonly watched: readonly Watched[]
  /** Directories of the host that are too large to copy. They are bound over empty ones. */
  readonly live: readonly string[]
}

/** Files that the box makes itself: they are mounted over these. */
export const PLACEHOLDERS = ['/etc/passwd', '/etc/group', '/etc/resolv.conf', '/etc/hosts'] as const

const CONTENTS: Readonly<Record<string, string>> = {
  '/etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
}

/** A part of /var above this size, in bytes, is bound. */
const LARGEST_COPY = 4 * 2 ** 20
/** A file of /etc above this size, in bytes, is not a configuration, and is left out. */
const LARGEST_FILE = 16 * 2 ** 20

/** Whether everyone may read a file, or list and enter a directory. */
export const isForEveryone = (stats: Stats): boolean =>
  stats.isDirectory() ? (stats.mode & 0o005) === 0o005 : (stats.mode & 0o004) !== 0

class TreeCopy {
  readonly watched: Watched[] = []
  readonly live: string[] = []
  readonly #to: string
  readonly #ownership: Ownership

  constructor(to: string, ownership: Ownership) {
    this.#to = to
    this.#ownership = ownership
  }

  /** Copies a path with everything in it that is shown. */
  copy(path: string): void {
    const stats = this.#lookAt(path)
    if (stats?.isDirectory()) this.#copyDirectory(path, stats)
    else if (stats?.isSymbolicLink()) symlinkSync(readlinkSync(path), this.#to + path)
    else if (stats?.isFile()) this.#copyFile(path)
  }

  /** Copies a part of /var, or shows a large one as it is if all of it may be shown. */
  copyOrBind(path: string): void {
    const stats = this.#lookAt(path)
    if (!stats) return
    const bytes = stats.isDirectory() ? this.#bytesToBind(path) : undefined
    if (bytes === undefined || bytes <= LARGEST_COPY) return this.copy(path)
    this.directory(path)
    this.live.push(path)
  }

  /** Makes a directory and its parents. */
  directory(path: string): void {
    if (path === '/') return
    this.directory(dirname(path))
    mkdirSync(this.#to + path, { recursive: true })
    chmodSync(this.#to + path, 0o755)
  }

  file(path: string, contents: string): void {
    writeFileSync(this.#to + path, contents)
    chmodSync(this.#to + path, 0o644)
  }

  /** Before anything is read: a change during the copying is then noticed. */
  #watch(path: string): void {
    const watched = watch(path)
    if (watched) this.watched.push(watched)
  }

  /** `undefined` if it is gone, or must not be shown. */
  #lookAt(path: string): Stats | undefined {
    if (isSecret(path) || this.#ownership.shows(path) === false) return undefined
    const stats = lstatSync(path, { throwIfNoEntry: false })
    return stats && (stats.isSymbolicLink() || isForEveryone(stats)) ? stats : undefined
  }

  #copyDirectory(path: string, stats: Stats): void {
    this.#watch(path)
    const names = readNames(path)
    if (!names) return
    this.directory(path)
    for (const name of names) this.copy(`${path}/${name}`)
    utimesSync(this.#to + path, stats.atimeMs / 1000, stats.mtimeMs / 1000)
  }

  #copyFile(path: string): void {
    let fd: number
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    } catch {
      return // it is gone, or this user is one of the few that may not read it
    }
    try {
      const stats = fstatSync(fd)
      if (!stats.isFile() || !isForEveryone(stats) || stats.size > LARGEST_FILE) return
      this.#watch(path)
      const contents = readFileSync(fd)
      if (hasPrivateKey(contents)) return
      const to = this.#to + path
      writeFileSync(to, contents)
      chmodSync(to, stats.mode & 0o001 ? 0o755 : 0o644)
      utimesSync(to, stats.atimeMs / 1000, stats.mtimeMs / 1000)
    } finally {
      closeSync(fd)
    }
  }

  /** The bytes in a directory; `undefined` if a part of it must not be shown. */
  #bytesToBind(directory: string): number | undefined {
    let bytes = 0
    for (const name of readNames(directory) ?? []) {
      const path = `${directory}/${name}`
      const stats = this.#lookAt(path)
      const inside = stats?.isDirectory() ? this.#bytesToBind(path) : stats?.size
      if (inside === undefined) return undefined
      bytes += inside
    }
    return bytes
  }
}

function readNames(directory: string): string[] | undefined {
  try {
    return readdirSync(directory)
  } catch {
    return undefined // it is gone, or this user may not read it
  }
}

/**
 * Copies into the empty directory `to`. `extra`: paths below /etc that are shown although no
 * package owns them.
 */
export function makeTree(to: string, ownership: Ownership, extra: readonly string[]): MadeTree {
  const tree = new TreeCopy(to, ownership)
  for (const top of TOPS) {
    tree.directory(top)
    for (const name of readNames(top) ?? []) {
      const path = `${top}/${name}`
      if (ownership.shows(path) !== true) continue
      if (top === '/etc') tree.copy(path)
      else tree.copyOrBind(path)
    }
  }
  for (const path of extra) {
    if (lstatSync(to + path, { throwIfNoEntry: false })) continue
    tree.directory(dirname(path))
    tree.copy(path)
  }
  for (const path of PLACEHOLDERS) tree.file(path, CONTENTS[path] ?? '')
  for (const [path, contents] of Object.entries(CONTENTS)) tree.file(path, contents)
  chmodSync(to, 0o755)
  return { watched: tree.watched, live: tree.live }
}
