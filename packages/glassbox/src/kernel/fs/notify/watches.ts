/**
 * What inotify(7) tells: operations on names and files say what they did, and the watches on the
 * inode and on its directory hear it. While there is no watch at all, that costs one comparison.
 */
import {
  IN_ACCESS,
  IN_ATTRIB,
  IN_CLOSE_NOWRITE,
  IN_CLOSE_WRITE,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_EXCL_UNLINK,
  IN_ISDIR,
  IN_MODIFY,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_ONESHOT,
  IN_OPEN,
  O_ACCMODE,
  O_PATH,
  S_IFDIR,
} from '../../../linux/constants.ts'
import type { Dentry, Inode, OpenFile } from '../vfs.ts'

const CHANGES = IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_DELETE_SELF
const MOVES = IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF
/** All events that can be asked for. */
export const IN_ALL_EVENTS: number = CHANGES | MOVES | IN_OPEN | IN_ACCESS | IN_CLOSE_WRITE | IN_CLOSE_NOWRITE

/** Who watches. */
export interface Watcher {
  heard(watch: Watch, mask: number, cookie: number, name: string): void
  /** The watch is gone, because its inode is or because it was for one event. */
  lost(watch: Watch): void
}

/** One watch of one instance on one inode. */
export class Watch {
  readonly watcher: Watcher
  readonly descriptor: number
  readonly inode: Inode
  /** IN_*: the events, and how. */
  mask: number

  constructor(watcher: Watcher, descriptor: number, inode: Inode, mask: number) {
    this.watcher = watcher
    this.descriptor = descriptor
    this.inode = inode
    this.mask = mask
  }
}

/** All watches of all instances. */
let count = 0
let cookies = 0

export const watchCount = (): number => count

const watchesOf = (inode: Inode): Set<Watch> | undefined => inode.watches as Set<Watch> | undefined

export function addWatch(watch: Watch): void {
  const watches = watchesOf(watch.inode) ?? new Set<Watch>()
  watch.inode.watches = watches.add(watch)
  count++
}

export function dropWatch(watch: Watch): void {
  if (watchesOf(watch.inode)?.delete(watch) === true) count--
}

function deliver(inode: Inode, mask: number, cookie: number, name: string, isRemoved = false): void {
  const watches = watchesOf(inode)
  if (watches === undefined) return
  for (const watch of [...watches]) {
    if ((watch.mask & mask & IN_ALL_EVENTS) === 0) continue
    if (isRemoved && (watch.mask & IN_EXCL_UNLINK) !== 0) continue
    watch.watcher.heard(watch, mask, cookie, name)
    if ((watch.mask & IN_ONESHOT) !== 0) watch.watcher.lost(watch)
  }
}

const typed = (inode: Inode, mask: number): number => (inode.type === S_IFDIR ? mask | IN_ISDIR : mask)

/** Something was done with what has this name: its directory hears it first. */
export function tell(dentry: Dentry | undefined, mask: number): void {
  if (count === 0 || dentry === undefined) return
  const { inode, parent, name, removed } = dentry
  const event = typed(inode, mask)
  if (parent !== undefined) deliver(parent.inode, event, 0, name, removed)
  deliver(inode, event, 0, '')
}

export const tellFile = (file: OpenFile, mask: number): void => {
  if (count > 0 && (file.flags & O_PATH) === 0) tell(file.location?.dentry, mask)
}

/** The last reference to an open file goes. */
export function tellClosed(file: OpenFile): void {
  tellFile(file, (file.flags & O_ACCMODE) === 0 ? IN_CLOSE_NOWRITE : IN_CLOSE_WRITE)
}

/** A name was made; a further one changes how many the inode has. */
export function tellMade(parent: Inode, name: string, inode: Inode, isFurther = false): void {
  if (count === 0) return
  if (isFurther) deliver(inode, IN_ATTRIB, 0, '')
  deliver(parent, typed(inode, IN_CREATE), 0, name)
}

/** How many names an inode has, asked before one goes; 0 if nobody watches it. */
export const linksBefore = (inode: Inode): number =>
  count > 0 && watchesOf(inode) !== undefined ? inode.attributes().nlink : 0

/** A name of the inode has gone. */
export function tellRemoved(parent: Inode, name: string, inode: Inode, links: number): void {
  if (count === 0) return
  tellLinks(inode, links)
  deliver(parent, typed(inode, IN_DELETE), 0, name)
}

function tellLinks(inode: Inode, links: number): void {
  if (inode.type !== S_IFDIR) deliver(inode, IN_ATTRIB, 0, '')
  const isLast = inode.type === S_IFDIR || links <= 1
  if (isLast && (inode.users ?? 0) === 0) gone(inode)
}

/** A name moved; what had the new name before is gone. */
export function tellMoved(
  from: Inode,
  name: string,
  to: Inode,
  newName: string,
  inode: Inode,
  replaced?: { readonly inode: Inode; readonly links: number },
): void {
  if (count === 0) return
  const cookie = ++cookies
  deliver(from, typed(inode, IN_MOVED_FROM), cookie, name)
  deliver(to, typed(inode, IN_MOVED_TO), cookie, newName)
  if (replaced !== undefined && replaced.inode.type !== S_IFDIR) deliver(replaced.inode, IN_ATTRIB, 0, '')
  deliver(inode, IN_MOVE_SELF, 0, '')
  const isLast = replaced !== undefined && (replaced.links <= 1 || replaced.inode.type === S_IFDIR)
  if (isLast && (replaced.inode.users ?? 0) === 0) gone(replaced.inode)
}

/** An open file was closed: if its inode has no name any more, it is gone with it. */
export function tellIfGone(inode: Inode): void {
  if (count === 0 || watchesOf(inode) === undefined) return
  if ((inode.users ?? 0) === 0 && inode.attributes().nlink === 0) gone(inode)
}

function gone(inode: Inode): void {
  deliver(inode, IN_DELETE_SELF, 0, '')
  for (const watch of [...(watchesOf(inode) ?? [])]) watch.watcher.lost(watch)
}
