/**
 * The contract of the virtual file system: inodes, names, mounts and open files. Memory, host
 * directories, overlays, proc, dev and objects of TypeScript are all made of them.
 *
 * Everything is synchronous. Results are values or negative errno numbers; nothing throws.
 */
import type { Mappable } from '../mm/mappable.ts'
import type { Transfer } from '../mm/transfer.ts'
import type { UserMemory } from '../mm/user-memory.ts'
import type { WaitQueue } from '../wait/queue.ts'

export interface Credentials {
  readonly uid: number
  readonly gid: number
  readonly euid: number
  readonly egid: number
  readonly suid: number
  readonly sgid: number
  /** Used for files instead of the effective ids: setfsuid(2). */
  readonly fsuid: number
  readonly fsgid: number
  readonly groups: readonly number[]
  /** Whether it has the capabilities of root. */
  readonly privileged: boolean
}

/** Changed by chdir, chroot and umask. Shared by threads, copied by fork: CLONE_FS. */
export interface FsContext {
  root: Location
  cwd: Location
  umask: number
}

export interface FsCaller {
  readonly credentials: Credentials
  readonly fs: FsContext
}

/** Names form a tree; an inode may have several. */
export interface Dentry {
  readonly name: string
  readonly parent: Dentry | undefined
  readonly inode: Inode
}

export interface Location {
  readonly mount: Mount
  readonly dentry: Dentry
}

export interface Mount {
  readonly root: Dentry
  /** Where it is mounted; undefined for the root of the world. */
  readonly at: Location | undefined
  readonly readOnly: boolean
  readonly noExec: boolean
  readonly noSuid: boolean
}

export interface Attributes {
  readonly dev: number
  readonly ino: number
  /** Type and permissions: S_IF* and bits. */
  readonly mode: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  readonly rdev: number
  readonly size: number
  /** In units of 512 bytes. */
  readonly blocks: number
  readonly blockSize: number
  readonly atime: Time
  readonly mtime: Time
  readonly ctime: Time
  readonly btime: Time
}

/** Since 1970. Nanoseconds alone would be beyond 2^53. */
export interface Time {
  readonly seconds: number
  readonly nanoseconds: number
}

/** What chmod, chown, truncate and utimensat change. */
export interface AttributeChange {
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly size?: number
  readonly atime?: Time
  readonly mtime?: Time
}

export interface Inode {
  attributes(): Attributes
  /** S_IF* of its mode, for the fast path of look-ups. */
  readonly type: number
  change(change: AttributeChange, now: Time): number
  /** Opens it. `flags`: O_* of open(2). */
  open(flags: number, caller: FsCaller): OpenFile | number
  /** Of a regular file: its pages. */
  readonly mappable?: Mappable
  /** Of a symbolic link: its text. */
  readlink?(caller: FsCaller): string | number
  /** Of a link that leads to a place whatever its text says, such as /proc/self/fd/3. */
  follow?(caller: FsCaller): Location | number
  readonly directory?: Directory
  readonly attributesExtended?: ExtendedAttributes
}

/** The operations of a directory. Names are strings of bytes (latin1), without slash. */
export interface Directory {
  /** An inode, or −ENOENT. */
  lookup(name: string): Inode | number
  /** Whether answers, also −ENOENT, stay true until this kernel changes them: then they are cached. */
  readonly stable: boolean
  create(name: string, mode: number, caller: FsCaller): Inode | number
  mkdir(name: string, mode: number, caller: FsCaller): Inode | number
  mknod(name: string, mode: number, device: number, caller: FsCaller): Inode | number
  symlink(name: string, target: string, caller: FsCaller): Inode | number
  link(name: string, inode: Inode): number
  unlink(name: string): number
  rmdir(name: string): number
  /** Moves to another directory of the same file system. `flags`: RENAME_*. */
  rename(name: string, target: Directory, newName: string, flags: number): number
  /** Without `.` and `..`. The order stays the same while nothing changes. */
  entries(): readonly DirectoryEntry[] | number
}

export interface DirectoryEntry {
  readonly name: string
  readonly ino: number
  /** DT_*. */
  readonly type: number
}

export interface ExtendedAttributes {
  get(name: string): Uint8Array | number
  set(name: string, value: Uint8Array, flags: number): number
  list(): readonly string[]
  remove(name: string): number
}

/**
 * An open file description: what descriptors refer to, with its offset and status flags. Shared by
 * dup(2) and fork(2). It is closed when its last reference goes.
 *
 * It knows no task. What cannot be done at once answers −EAGAIN; who wants to wait uses `queue`,
 * which is woken whenever the answer of `poll` may have changed.
 */
export interface OpenFile {
  /** O_* of open(2), without those that matter only at opening. Changed by F_SETFL. */
  flags: number
  position: number
  references: number
  /** Absent for pipes, sockets and the like, which have no name. */
  readonly location: Location | undefined
  readonly inode: Inode
  readonly queue: WaitQueue
  attributes(): Attributes
  /**
   * Moves bytes at `position`, which it does not change (a stream ignores it). Returns how many
   * were moved, 0 at the end of the file, or a negative errno.
   */
  read(transfer: Transfer, position: number): number
  write(transfer: Transfer, position: number): number
  /** Whether it has no position: pipes, sockets, terminals (ESPIPE). */
  readonly stream: boolean
  seek(offset: number, whence: number): number
  /** The POLL* bits that hold now. */
  poll(): number
  ioctl(request: number, argument: number, memory: UserMemory, caller: FsCaller): number
  /** For mmap(2); absent: ENODEV. */
  readonly mappable?: Mappable
  /** As /proc/self/fd shows it if it has no location: `pipe:[7]`, `anon_inode:[eventpoll]`. */
  readonly name: string
  /** Called once, when the last reference has gone. */
  closed(): void
}
