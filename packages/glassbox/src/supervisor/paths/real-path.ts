/**
 * Where the path of a rule leads to: a link counts as the file that it leads to. Two kinds of
 * links are not followed:
 * - what a program may have made, in a directory that programs write: it could lead anywhere
 * - `/proc/self`, which means another process for each process that asks
 */
import { dirname, join } from 'node:path'
import { AT_FDCWD } from '../../linux/constants.ts'
import { closeObject, nameOf, openThrough, pathBytes } from './object.ts'

const OF_ITSELF = /^\/proc\/(?:self|thread-self)(?:\/|$)/

/**
 * The path without links of what a path leads to, as far as it exists.
 *
 * @example
 * realPath('/bin/sh') // '/usr/bin/dash'
 * realPath('/bin/missing') // '/usr/bin/missing'
 * realPath('/dev/fd') // '/proc/self/fd'
 */
export const realPath = (path: string): string => follow(path).real

export interface Followed {
  readonly real: string
  /** The part of the path that exists; undefined if none was looked for, or found. */
  readonly found: string | undefined
}

/** The same, and how much of the path exists. */
export function follow(path: string): Followed {
  if (OF_ITSELF.test(path)) return { real: path, found: undefined }
  const missing: string[] = []
  for (let at = path; ; at = dirname(at)) {
    const real = realName(at)
    if (real !== undefined) return { real: join(ownName(real, process.pid) ?? real, ...missing), found: at }
    if (at === dirname(at)) return { real: path, found: undefined }
    missing.unshift(at.slice(dirname(at).length).replace(/^\//, ''))
  }
}

/**
 * Undefined if nothing is there, or something that has no name in the file system. Asked by a
 * descriptor, because that costs a third of realpath(3), and a tenth where nothing is there.
 */
function realName(path: string): string | undefined {
  const fd = openThrough(AT_FDCWD, pathBytes(path))
  if (fd < 0) return undefined
  const name = nameOf(fd)
  closeObject(fd)
  return name.startsWith('/') ? name : undefined
}

/**
 * A name of /proc as a rule about the own process has it; undefined if it belongs to another one.
 *
 * @example
 * ownName('/proc/4711/status', 4711) // '/proc/self/status'
 */
export function ownName(name: string, pid: number): string | undefined {
  const own = `/proc/${pid}`
  return name === own || name.startsWith(`${own}/`) ? `/proc/self${name.slice(own.length)}` : undefined
}
