/**
 * Names in the cache of names. A directory that says its answers are stable is asked once for each
 * name, also for names that do not exist; of others the inode is asked for again every time.
 *
 * A dentry that something is mounted on, or that only the cache knows, stays in its parent's map.
 */
import { ENOENT } from '../../../linux/errno-numbers.ts'
import type { Dentry, Inode, Mount } from '../vfs.ts'

/** How many missing names of stable directories are kept; then all of them are forgotten. */
const MOST_MISSING = 20_000

export class Name implements Dentry {
  name: string
  parent: Name | undefined
  inode: Inode
  readonly children: Map<string, Name | null> = new Map()
  mounted: Mount | undefined = undefined
  removed = false
  /** Names that its directory does not know: places of mounts. */
  own: Set<string> | undefined = undefined

  constructor(name: string, parent: Name | undefined, inode: Inode) {
    this.name = name
    this.parent = parent
    this.inode = inode
  }
}

/** Directories that hold missing names, so that these can be forgotten. */
let holders = new Set<Name>()
let missing = 0

function rememberMissing(parent: Name, name: string): void {
  if (++missing > MOST_MISSING) {
    for (const holder of holders) {
      for (const [key, child] of holder.children) if (child === null) holder.children.delete(key)
    }
    holders = new Set()
    missing = 1
  }
  holders.add(parent)
  parent.children.set(name, null)
}

/** The child of a directory with this name, or a negative errno. */
export function childOf(parent: Name, name: string): Name | number {
  const known = parent.children.get(name)
  const directory = parent.inode.directory
  if (known !== undefined) {
    if (directory === undefined || directory.stable) return known === null ? -ENOENT : known
    if (known !== null && (known.mounted !== undefined || parent.own?.has(name) === true)) return known
  }
  if (directory === undefined) return -ENOENT
  const inode = directory.lookup(name)
  if (typeof inode === 'number') {
    if (known) forget(known)
    if (inode === -ENOENT && directory.stable) rememberMissing(parent, name)
    return inode
  }
  if (known && known.inode === inode) return known
  const child = new Name(name, parent, inode)
  parent.children.set(name, child)
  return child
}

/** The name was made by this kernel. */
export function nameMade(parent: Name, name: string, inode: Inode): Name {
  const child = new Name(name, parent, inode)
  parent.children.set(name, child)
  return child
}

/** The name is gone; those who have it open or as working directory keep the dentry. */
export function forget(child: Name): void {
  child.removed = true
  const siblings = child.parent?.children
  if (siblings?.get(child.name) === child) siblings.delete(child.name)
}

/** The name moved. What had the new name before is gone. */
export function nameMoved(child: Name, parent: Name, name: string): void {
  const siblings = child.parent?.children
  if (siblings?.get(child.name) === child) siblings.delete(child.name)
  const old = parent.children.get(name)
  if (old) old.removed = true
  child.parent = parent
  child.name = name
  parent.children.set(name, child)
}

/** Both names change places: RENAME_EXCHANGE. */
export function namesExchanged(one: Name, other: Name): void {
  const { parent, name } = one
  one.parent = other.parent
  one.name = other.name
  other.parent = parent
  other.name = name
  one.parent?.children.set(one.name, one)
  other.parent?.children.set(other.name, other)
}
