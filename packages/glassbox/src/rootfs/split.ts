/**
 * Makes room for the caller's binds inside the copy of the host's configuration. The copy is
 * read-only and shared by all boxes, so nothing can be made in it. If a target is missing there,
 * its directory is made in the box instead, and what the copy has in it is mounted or linked one
 * by one. That costs a mount for each name, and only boxes with such a bind pay it.
 */
import { type Dirent, lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { BindMount, SymbolicLink } from './types.ts'

export interface Parts {
  readonly binds: readonly BindMount[]
  readonly links: readonly SymbolicLink[]
}

/** The mounts and links that show the same as `bind`, and let each of `targets` be mounted. */
export function splitFor(bind: BindMount, targets: readonly string[]): Parts {
  const inside = targets.filter(target => target.startsWith(`${bind.target}/`))
  const lacks = inside.some(target => !exists(join(bind.source, target.slice(bind.target.length))))
  if (!bind.isCopy || !bind.directory || !lacks) return { binds: [bind], links: [] }
  const parts = readdirSync(bind.source, { withFileTypes: true }).map(entry => partOf(bind, entry, targets))
  return { binds: parts.flatMap(part => part.binds), links: parts.flatMap(part => part.links) }
}

/** A link is replaced, not followed: its target may be missing in the box. */
const exists = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === false

function partOf(bind: BindMount, entry: Dirent, targets: readonly string[]): Parts {
  const source = join(bind.source, entry.name)
  const target = join(bind.target, entry.name)
  if (!entry.isSymbolicLink())
    return splitFor({ ...bind, source, target, directory: entry.isDirectory() }, targets)
  // A target may replace the link itself.
  const isReplaced = targets.includes(target)
  return { binds: [], links: isReplaced ? [] : [{ path: target, target: readlinkSync(source) }] }
}
