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

/** A name of an inode. Names form a tree; an inode may have several. `dentry.ts` makes them. */
export interface Dentry {
  readonly name: string
  /** Undefined: the root of a file system. */
  readonly parent: Dentry | undefined
  readonly inode: Inode
  /** Names below it that were looked up; null: there is no such name. */
  readonly children: Map<string, Dentry | null>
  /** What is mounted on it. */
  readonly mounted: Mount | undefined
  /** Whether the name was removed; the inode may live on. */
  readonly removed: boolean
  /** Names below it that its directory does not know: places of mounts. */
  readonly own: ReadonlySet<string> | undefined
}

export interface Location {
  readonly mount: Mount
  readonly dentry: Dentry
}

export interface Mount {
  /** As /proc/self/mountinfo shows it. */
  readonly id: number
  readonly fileSystem: FileSystem
  readonly root: Dentry
  /** Where it is mounted; undefined for the root of the world. */
  readonly at: Location | undefined
  readonly readOnly: boolean
  readonly noExec: boolean
  readonly noSuid: boolean
  readonly noDevices: boolean
}

/** What statfs(2) and /proc/self/mounts say of a file system. */
export interface FileSystem {
  /** As in /proc/filesystems: `tmpfs`, `proc`. */
  readonly type: string
  /** The device, as /proc/self/mounts shows it. */
  readonly source: string
  statistics(): FileSystemStatistics
}

export interface FileSystemStatistics {
  /** The magic number of statfs(2). */
  readonly type: number
  readonly blockSize: number
  readonly blocks: number
  readonly freeBlocks: number
  readonly files: number
  readonly freeFiles: number
  readonly nameLength: number
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

/** What a new inode begins with. The VFS has applied the umask and set-gid directories. */
export interface NewInode {
  /** Permissions, without the type. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

export interface Inode {
  attributes(): Attributes
  /** S_IF* of its mode, for the fast path of look-ups. */
  readonly type: number
  /** Changes attributes; the caller has checked permissions. */
  change(change: AttributeChange): number
  /**
   * Opens it; permissions have been checked, and O_TRUNC is done by `change`. `flags`: O_* of
   * open(2). A file that is not ready yet, such as a FIFO without a writer, has `opening`.
   */
  open(flags: number, location: Location, caller: FsCaller): OpenFile | number
  /** Of a regular file: its pages. */
  readonly mappable?: Mappable | undefined
  /** Of a symbolic link: its text. */
  readlink?(caller: FsCaller): string | number
  /** Of a link that leads to a place whatever its text says, such as /proc/self/fd/3. */
  follow?(caller: FsCaller): Location | number
  readonly directory?: Directory | undefined
  readonly extended?: ExtendedAttributes | undefined
  /** flock(2) and fcntl(2) locks; made by the first one. */
  locks?: unknown
  /** Who watches it: inotify(7). */
  watches?: unknown
  /** What keeps it without a name, such as open files, as far as it knows. */
  readonly users?: number
  /**
   * Checks permissions by itself: 0 or −EACCES. For inodes whose attributes are dear to ask for.
   * `want`: R_OK, W_OK and X_OK together.
   */
  permits?(want: number, credentials: Credentials): number
}

/**
 * The operations of a directory. Names are strings of bytes (latin1), without slash. A change that
 * is absent is refused: EPERM, for an unnamed file EOPNOTSUPP.
 */
export interface Directory {
  /** An inode, or −ENOENT. */
  lookup(name: string): Inode | number
  /** Whether answers, also −ENOENT, stay true until this kernel changes them. */
  readonly stable: boolean
  /** Whether no name can be made that is not there, whatever the permissions: ENOENT. */
  readonly fixed?: boolean
  create?(name: string, node: NewInode): Inode | number
  mkdir?(name: string, node: NewInode): Inode | number
  /** `type`: S_IF*; `device` for devices only. */
  mknod?(name: string, type: number, device: number, node: NewInode): Inode | number
  symlink?(name: string, target: string, node: NewInode): Inode | number
  /** A regular file without a name: O_TMPFILE. */
  unnamed?(node: NewInode): Inode | number
  link?(name: string, inode: Inode): number
  unlink?(name: string): number
  rmdir?(name: string): number
  /** Moves to another directory of the same file system. `flags`: RENAME_*. */
  rename?(name: string, target: Directory, newName: string, flags: number): number
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

/** How long a read and a write wait, and their result then: VTIME of terminals, SO_RCVTIMEO. */
export interface Patience {
  readonly readNs: number
  readonly writeNs: number
  readonly result: number
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
  /** Directories: the names from `position` on, of which `.` and `..` are 0 and 1. */
  names?(): readonly DirectoryEntry[] | number
  /** How long calls on it wait; absent: for ever. */
  readonly patience?: Patience | undefined
  /** Of the master of a terminal: opens its other side, TIOCGPTPEER. */
  readonly peer?: (flags: number, caller: FsCaller) => OpenFile | number
  /** open(2) waits until it is false: a FIFO whose other end is missing. */
  readonly opening?: boolean
  /** fallocate(2); absent: EOPNOTSUPP. */
  allocate?(mode: number, offset: number, length: number): number
  /** ftruncate(2); absent: that of its inode. */
  resize?(size: number): number
  /** fsync(2); absent: nothing to do. */
  sync?(): number
  /** Of a regular file that is not always ready: epoll takes it. */
  readonly pollable?: boolean
  /** The POLL* bits that hold now. */
  poll(): number
  ioctl(request: number, argument: number, memory: UserMemory, caller: FsCaller): number
  /** For mmap(2); absent: ENODEV. */
  readonly mappable?: Mappable | undefined
  /** As /proc/self/fd shows it if it has no location: `pipe:[7]`, `anon_inode:[eventpoll]`. */
  readonly name: string
  /** Those who are to know that it is closed: epoll instances. */
  closeListeners?: Set<CloseListener> | undefined
  /** A descriptor of it was closed, in this table of descriptors. */
  flushed?(table: object): void
  /** Called once, when the last reference has gone. */
  closed(): void
}

export interface CloseListener {
  fileClosed(): void
}
