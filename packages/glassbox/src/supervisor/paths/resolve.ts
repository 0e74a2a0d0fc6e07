/**
 * Which file a path means: the kernel resolves it for the tracer, which keeps what was found as a
 * descriptor. The decision is about that object, and the tracer acts on it, so a path or a
 * directory that changes meanwhile has no effect.
 */
import { AT_FDCWD } from '../../linux/constants.ts'
import { pathOfBytes } from '../../linux/path-bytes.ts'
import { type Found, found } from './found.ts'
import type { Named } from './named.ts'
import { closeObject, isOfProc, nameOf, openObject } from './object.ts'
import { type Viewer, walk } from './walk.ts'

/** A name of /proc that could belong to a process. */
const OF_PROCESS = /\/(?:\d+|self|thread-self)(?:\/|$)/

/**
 * Resolves a path. The caller closes what is found (closeFound), and `named.base` after that.
 *
 * The kernel's answer for the tracer is that for the program too, unless /proc is involved: then
 * the answer is an error, or an object of /proc.
 */
export function resolve({ base, path, end }: Named, follow: boolean, viewer: Viewer): Found {
  if (end) return end
  if (path === undefined) return { ...found(base, nameOf(base)), byDescriptor: true }
  const fd = openObject(base < 0 ? AT_FDCWD : base, path, follow)
  if (fd >= 0) {
    const name = nameOf(fd)
    if (!OF_PROCESS.test(name) || !isOfProc(fd)) return found(fd, name)
    closeObject(fd)
  }
  return walk(base, pathOfBytes(path.subarray(0, -1)), follow, viewer)
}
