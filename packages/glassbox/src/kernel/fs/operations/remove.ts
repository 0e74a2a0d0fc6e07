/** Removing and moving names: unlink(2), rmdir(2), rename(2) with all flags. */
import { RENAME_EXCHANGE, RENAME_NOREPLACE, RENAME_WHITEOUT, S_IFDIR } from '../../../linux/constants.ts'
import {
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  EROFS,
  EXDEV,
} from '../../../linux/errno-numbers.ts'
import { EXECUTE, mayRemove, permits, WRITE } from '../permissions.ts'
import { linksBefore, tellMoved, tellRemoved } from '../notify/watches.ts'
import { forget, type Name, nameMoved, namesExchanged } from '../path/dentry.ts'
import { walk } from '../path/start.ts'
import { type LastKind, TO_REMOVE } from '../path/walk.ts'
import type { Directory, FsCaller, Location, Mount } from '../vfs.ts'

export function unlinkPath(start: Location, caller: FsCaller, path: Uint8Array, length: number): number {
  const found = walk.run(start, caller, path, length, TO_REMOVE)
  if (found !== 0 && !walk.missing) return found
  if (walk.last !== 'name') return walk.last === 'root' && found !== 0 ? found : -EISDIR
  const { parent, parentMount, dentry } = walk
  if (found !== 0) return parentMount.readOnly ? -EROFS : found
  if (walk.trailing) return dentry.inode.type === S_IFDIR ? -EISDIR : -ENOTDIR
  const denied = mayChange(parent, parentMount, dentry, caller)
  if (denied !== 0) return denied
  if (dentry.inode.type === S_IFDIR) return -EISDIR
  if (isMountPoint(dentry, walk.mount, parentMount)) return -EBUSY
  return remove(parent, dentry, directory => directory.unlink?.(dentry.name) ?? -EPERM)
}

export function removeDirectory(start: Location, caller: FsCaller, path: Uint8Array, length: number): number {
  const found = walk.run(start, caller, path, length, TO_REMOVE)
  if (found !== 0 && !walk.missing) return found
  if (walk.last === 'dot') return -EINVAL
  if (walk.last === 'dotdot') return -ENOTEMPTY
  if (walk.last === 'root') return -EBUSY
  const { parent, parentMount, dentry } = walk
  if (found !== 0) return parentMount.readOnly ? -EROFS : found
  const isMounted = isMountPoint(dentry, walk.mount, parentMount)
  if (isMounted) return parentMount.readOnly ? -EROFS : -EBUSY
  const denied = mayChange(parent, parentMount, dentry, caller)
  if (denied !== 0) return denied
  if (dentry.inode.type !== S_IFDIR) return -ENOTDIR
  return remove(parent, dentry, directory => directory.rmdir?.(dentry.name) ?? -EPERM)
}

function remove(parent: Name, dentry: Name, how: (directory: Directory) => number): number {
  const { inode, name } = dentry
  const { directory } = parent.inode
  const links = linksBefore(inode)
  const error = directory === undefined ? -ENOTDIR : how(directory)
  if (error !== 0) return error
  forget(dentry)
  tellRemoved(parent.inode, name, inode, links)
  return 0
}

/** What was found is the root of another mount than its name. */
const isMountPoint = (dentry: Name, mount: Mount, parentMount: Mount): boolean =>
  mount !== parentMount || dentry.mounted !== undefined

function mayChange(parent: Name, mount: Mount, child: Name, { credentials }: FsCaller): number {
  if (mount.readOnly) return -EROFS
  const denied = permits(parent.inode, WRITE | EXECUTE, credentials)
  return denied !== 0 ? denied : mayRemove(parent.inode, child.inode, credentials)
}

/** One side of a rename: what the walk found, kept while the other side is walked. */
interface Side {
  readonly last: LastKind
  readonly parent: Name
  readonly mount: Mount
  readonly name: string
  readonly child: Name | undefined
  readonly childMount: Mount
  readonly trailing: boolean
}

function side(start: Location, caller: FsCaller, path: Uint8Array, length: number): Side | number {
  const found = walk.run(start, caller, path, length, TO_REMOVE)
  // A name that is no directory but ends in a slash is looked at below.
  if (found !== 0 && !walk.missing && !(found === -ENOTDIR && walk.last === 'name' && walk.trailing))
    return found
  return {
    last: walk.last,
    parent: walk.parent,
    mount: walk.last === 'name' ? walk.parentMount : walk.mount,
    name: walk.name,
    child: found === -ENOENT ? undefined : walk.dentry,
    childMount: walk.mount,
    trailing: walk.trailing,
  }
}

export function renamePath(
  fromStart: Location,
  from: Uint8Array,
  fromLength: number,
  toStart: Location,
  to: Uint8Array,
  toLength: number,
  caller: FsCaller,
  flags: number,
): number {
  if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) !== 0) return -EINVAL
  if ((flags & RENAME_EXCHANGE) !== 0 && (flags & ~RENAME_EXCHANGE) !== 0) return -EINVAL
  // Whiteouts are of overlays, which this kernel makes itself.
  if ((flags & RENAME_WHITEOUT) !== 0) return -EINVAL
  const source = side(fromStart, caller, from, fromLength)
  if (typeof source === 'number') return source
  const target = side(toStart, caller, to, toLength)
  if (typeof target === 'number') return target
  if (source.mount !== target.mount) return -EXDEV
  if (source.last !== 'name') return -EBUSY
  if (target.last !== 'name') return (flags & RENAME_NOREPLACE) !== 0 ? -EEXIST : -EBUSY
  if (source.child === undefined) return -ENOENT
  if (target.child !== undefined && (flags & RENAME_NOREPLACE) !== 0) return -EEXIST
  const { child } = source
  const exchange = (flags & RENAME_EXCHANGE) !== 0
  if (exchange && target.child === undefined) return -ENOENT
  if (exchange && target.trailing && target.child?.inode.type !== S_IFDIR) return -ENOTDIR
  const slashed = source.trailing || (target.trailing && !exchange)
  if (slashed && child.inode.type !== S_IFDIR) return -ENOTDIR
  if (target.child === undefined && target.parent.inode.directory?.fixed === true) return -ENOENT
  if (isBelow(target.parent, child)) return -EINVAL
  if (target.child !== undefined && isBelow(source.parent, target.child)) {
    return exchange ? -EINVAL : -ENOTEMPTY
  }
  return move(source, child, target, caller, flags)
}

function move(source: Side, child: Name, target: Side, caller: FsCaller, flags: number): number {
  const { credentials } = caller
  const denied = mayChange(source.parent, source.mount, child, caller)
  if (denied !== 0) return denied
  const victim = target.child
  const refused =
    victim === undefined
      ? permits(target.parent.inode, WRITE | EXECUTE, credentials)
      : mayChange(target.parent, target.mount, victim, caller)
  if (refused !== 0) return refused
  const exchange = (flags & RENAME_EXCHANGE) !== 0
  if (victim !== undefined && !exchange) {
    const replaced = typesFit(child, victim)
    if (replaced !== 0) return replaced
  }
  // A directory that moves elsewhere changes its `..`.
  if (child.inode.type === S_IFDIR && source.parent !== target.parent) {
    const unwritable = permits(child.inode, WRITE, credentials)
    if (unwritable !== 0) return unwritable
  }
  if (isMountPoint(child, source.childMount, source.mount)) return -EBUSY
  if (victim !== undefined && isMountPoint(victim, target.childMount, target.mount)) return -EBUSY
  if (victim !== undefined && victim.inode === child.inode) return 0
  const [from, to] = [source.parent.inode.directory, target.parent.inode.directory]
  if (from === undefined || to === undefined) return -ENOTDIR
  const replaced = victim && !exchange ? { inode: victim.inode, links: linksBefore(victim.inode) } : undefined
  const error = from.rename?.(source.name, to, target.name, flags) ?? -EPERM
  if (error !== 0) return error
  if (exchange && victim !== undefined) namesExchanged(child, victim)
  else nameMoved(child, target.parent, target.name)
  const [old, next] = [source.parent.inode, target.parent.inode]
  tellMoved(old, source.name, next, target.name, child.inode, replaced)
  if (exchange && victim !== undefined) tellMoved(next, target.name, old, source.name, victim.inode)
  return 0
}

function typesFit(child: Name, victim: Name): number {
  const isDirectory = child.inode.type === S_IFDIR
  const isVictimDirectory = victim.inode.type === S_IFDIR
  if (isDirectory === isVictimDirectory) return 0
  return isDirectory ? -ENOTDIR : -EISDIR
}

/** Whether a place is the ancestor or below it. */
function isBelow(place: Name, ancestor: Name): boolean {
  for (let at: Name | undefined = place; at !== undefined; at = at.parent) if (at === ancestor) return true
  return false
}
