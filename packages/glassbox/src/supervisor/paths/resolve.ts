/**
 * Which file a path means: the kernel resolves it for the tracer, which keeps what was found as a
 * descriptor. The decision is about that object, and the tracer acts on it, so a path or a
 * directory that changes after that has no effect.
 */
import { AT_FDCWD } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { pathOfBytes } from '../../linux/path-bytes.ts'
import { type Found, found, missing } from './found.ts'
import type { Named } from './named.ts'
import { closeObject, entryName, isOfProc, nameOf, openEntry, openObject, openPlain } from './object.ts'
import { type Viewer, walk } from './walk.ts'

/** A name of /proc that could belong to a process. */
const OF_PROCESS = /\/(?:\d+|self|thread-self)(?:\/|$)/

/**
 * Resolves a path. The caller closes what is found (closeFound), and `named.base` after that.
 *
 * The kernel's answer for the tracer is that for the program too, unless /proc is involved: then
 * the answer is an error, or an object of /proc.
 */
export function resolve(named: Named, follow: boolean, viewer: Viewer): Found {
  const { base, path, end } = named
  if (end) return end
  if (path === undefined) return { ...found(base, nameOf(base)), byDescriptor: true }
  return resolveQuickly(named, follow) ?? walk(base, pathOfBytes(path.subarray(0, -1)), follow, viewer)
}

/**
 * The same for what the kernel alone can tell: an object outside of /proc/PID, or that an entry of
 * a directory is missing. Otherwise undefined.
 */
export function resolveQuickly({ base, path, end }: Named, follow: boolean): Found | undefined {
  if (end || path === undefined) return undefined
  const plain = base < 0 ? plainName(path) : undefined
  const tried = plain === undefined ? -ERRNO.ELOOP : openPlain(path, follow)
  const hasNoLink = tried !== -ERRNO.ELOOP
  const fd = hasNoLink ? tried : openObject(base < 0 ? AT_FDCWD : base, path, follow)
  if (fd >= 0) {
    const name = hasNoLink && plain !== undefined ? plain : nameOf(fd)
    if (!OF_PROCESS.test(name) || !isOfProc(fd)) return found(fd, name)
    closeObject(fd)
  }
  return fd === -ERRNO.ENOENT ? resolveMissing(base, path) : undefined
}

/**
 * An absolute path as the kernel would name what it leads to if no component is a link. The kernel
 * has to be asked for the name otherwise, which costs as much as to open it.
 */
const plainName = (path: Uint8Array): string | undefined =>
  isPlain(path) ? pathOfBytes(path.subarray(0, -1)) : undefined

/** Whether each component is a name, after one slash. One that begins with a dot need not be. */
function isPlain(path: Uint8Array): boolean {
  if (path[0] !== SLASH) return false
  for (let at = 0; at >= 0; at = path.indexOf(SLASH, at + 1)) {
    const first = path[at + 1]
    if (first === SLASH || first === DOT || first === 0) return false
  }
  return true
}

const SLASH = 0x2f
const DOT = 0x2e
const ROOT = Uint8Array.of(SLASH, 0)
const HERE = Uint8Array.of(DOT, 0)

/**
 * What a path leads to if its directory exists and the last entry does not; undefined if that is
 * not so, or if /proc is involved.
 */
function resolveMissing(base: number, path: Uint8Array): Found | undefined {
  const slash = path.lastIndexOf(SLASH)
  const last = path.subarray(slash + 1)
  // An empty component, or one that begins with a dot, may be no entry.
  if (last.length === 1 || last[0] === DOT) return undefined
  const directory = slash < 0 ? HERE : slash === 0 ? ROOT : Uint8Array.of(...path.subarray(0, slash), 0)
  const fd = openObject(base < 0 ? AT_FDCWD : base, directory, true)
  if (fd < 0) return undefined
  try {
    const name = nameOf(fd)
    if (name.startsWith('/proc') || (OF_PROCESS.test(name) && isOfProc(fd))) return undefined
    const entry = openEntry(fd, last)
    closeObject(entry)
    if (entry !== -ERRNO.ENOENT) return undefined
    return missing(entryName(name, pathOfBytes(last.subarray(0, -1))))
  } finally {
    closeObject(fd)
  }
}
