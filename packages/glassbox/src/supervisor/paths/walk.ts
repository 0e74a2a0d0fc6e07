/**
 * Follows a path component by component, as the kernel would do for the thread that named it.
 * `/proc/self` and `/proc/thread-self` mean that thread, not the tracer. `/proc/PID` of a process
 * outside the program is refused. Links are read once and followed here.
 *
 * It is the exact and slow way. resolve.ts takes it only if the kernel's own resolution for the
 * tracer could differ from that for the program.
 */
import { ERRNO } from '../../linux/errno.ts'
import {
  closeObject,
  entryName,
  isOfProc,
  isRootOfProc,
  nameOf,
  openEntry,
  openObject,
  openThrough,
  pathBytes,
  rootDirectory,
  textOfLink,
  typeOf,
} from './object.ts'
import { type Found, failed, found, missing, stranger } from './found.ts'

/** MAXSYMLINKS of the kernel. */
const MOST_LINKS = 40
/**
 * No path that people use has so many. With the 2048 that a path can have, and links that add 40
 * times as many, the tracer, which other programs wait for, would be busy for long.
 */
const MOST_COMPONENTS = 512
const NUMBER = /^\d+$/
const HERE = pathBytes('.')
/** The process whose part of /proc a name belongs to; the other one is for other mount points. */
const OWNER = /^\/proc\/(\d+)(?:\/|$)/
const OWNER_ELSEWHERE = /\/(\d+)(?:\/|$)/

/** For whom a path is resolved. */
export interface Viewer {
  readonly pid: number
  readonly tid: number
  /** Whether that process or thread belongs to the program. */
  readonly isMember: (id: number) => boolean
}

/** Whether an object of /proc belongs to a process outside the program. */
export function isStranger(name: string, { isMember }: Viewer): boolean {
  const owner = (name.startsWith('/proc/') ? OWNER : OWNER_ELSEWHERE).exec(name)?.[1]
  return owner !== undefined && !isMember(Number(owner))
}

/**
 * Follows `path` from the directory `start`, which stays open; -1 if the path is absolute. The
 * caller closes what is found.
 */
export function walk(start: number, path: string, follow: boolean, viewer: Viewer): Found {
  const walker = new Walker(start, path, viewer)
  try {
    return walker.run(follow)
  } finally {
    walker.close()
  }
}

class Walker {
  /** The directory that was reached. It is owned unless it is `#start`. */
  #at: number
  readonly #start: number
  /** The components that are left, the next one last. */
  readonly #rest: string[]
  readonly #viewer: Viewer
  #links = 0
  #components = 0

  constructor(start: number, path: string, viewer: Viewer) {
    this.#start = start
    this.#at = path.startsWith('/') ? rootDirectory() : start
    this.#rest = path.split('/').toReversed()
    this.#viewer = viewer
  }

  close(): void {
    this.#move(this.#start)
  }

  run(follow: boolean): Found {
    let mustBeDirectory = false
    while (this.#rest.length > 0) {
      const name = this.#rest.pop() ?? ''
      const isLast = this.#rest.every(part => part === '')
      // A slash or a dot at the end demands a directory.
      mustBeDirectory = name === '' || name === '.' || (isLast && this.#rest.length > 0)
      if (name === '' || name === '.') continue
      if (++this.#components > MOST_COMPONENTS) return this.#failed(ERRNO.ELOOP, name)
      const ended = this.#enter(name, isLast, follow || mustBeDirectory)
      if (ended) return ended
    }
    if (mustBeDirectory && typeOf(this.#at) !== 'directory') return this.#failed(ERRNO.ENOTDIR, '')
    return this.#give()
  }

  /** Goes to an entry. Returns the end of the walk, if this is one. */
  #enter(name: string, isLast: boolean, follow: boolean): Found | undefined {
    const isOwn = name === 'self' || name === 'thread-self'
    if ((isOwn || NUMBER.test(name)) && isRootOfProc(this.#at)) {
      if (!isOwn && !this.#viewer.isMember(Number(name))) return stranger(`${nameOf(this.#at)}/${name}`)
      if (isOwn) return this.#enterOwn(name, isLast, follow)
    }
    const bytes = pathBytes(name)
    const entry = openEntry(this.#at, bytes)
    if (entry < 0) return this.#failed(-entry, name, isLast)
    if ((isLast && !follow) || typeOf(entry) !== 'link') {
      this.#move(entry)
      return undefined
    }
    if (++this.#links > MOST_LINKS) {
      closeObject(entry)
      return this.#failed(ERRNO.ELOOP, name)
    }
    return this.#followLink(entry, bytes)
  }

  /** The entries `self` and `thread-self` of /proc are links with another text for each thread. */
  #enterOwn(name: string, isLast: boolean, follow: boolean): Found | undefined {
    const { pid, tid } = this.#viewer
    const target = name === 'self' ? `${pid}` : `${pid}/task/${tid}`
    if (isLast && !follow) {
      const entry = openEntry(this.#at, pathBytes(name))
      if (entry < 0) return this.#failed(-entry, name)
      this.#move(entry)
      return { ...this.#give(), link: target }
    }
    this.#rest.push(...target.split('/').toReversed())
    return undefined
  }

  #followLink(entry: number, name: Uint8Array): Found | undefined {
    const target = textOfLink(entry)
    const isProc = isOfProc(entry)
    closeObject(entry)
    if (isProc && this.#isMagic(name)) {
      const directory = nameOf(this.#at)
      if (isStranger(directory, this.#viewer)) return stranger(directory)
      const jumped = openThrough(this.#at, name)
      if (jumped < 0) return this.#failed(-jumped, '')
      this.#move(jumped)
      return undefined
    }
    if (target === undefined) return this.#failed(ERRNO.ENOENT, '')
    if (target.startsWith('/')) this.#move(rootDirectory())
    this.#rest.push(...target.split('/').toReversed())
    return undefined
  }

  /** Whether a link of /proc leads to an open file and not to a path. */
  #isMagic(name: Uint8Array): boolean {
    const fd = openObject(this.#at, name, true)
    closeObject(fd)
    return fd === -ERRNO.ELOOP
  }

  #move(to: number): void {
    if (this.#at !== this.#start) closeObject(this.#at)
    this.#at = to
  }

  #give(): Found {
    const fd = this.#at === this.#start ? openThrough(this.#at, HERE) : this.#at
    if (fd < 0) return failed(-fd, nameOf(this.#at))
    this.#at = this.#start
    const name = nameOf(fd)
    if (!isStranger(name, this.#viewer) || !isOfProc(fd)) return found(fd, name)
    closeObject(fd)
    return stranger(name)
  }

  #failed(errno: number, name: string, isLast = false): Found {
    const rest = [name, ...this.#rest.toReversed()].filter(part => part !== '' && part !== '.')
    const path = entryName(nameOf(this.#at), rest.join('/'))
    return isLast && errno === ERRNO.ENOENT ? missing(path) : failed(errno, path)
  }
}
