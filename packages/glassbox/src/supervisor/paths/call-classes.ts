/**
 * What each system call does with the files that it names. This table is the only fact about calls
 * with paths that is written by hand. path-calls.ts derives the rest from the table of system
 * calls, and a test fails if a call with a path is missing here.
 */

/**
 * The way in which a call uses a file. `open`: read or write, by the flags of the call. The others
 * are bits of ACCESS.
 */
export type Use = 'open' | 'read' | 'write' | 'execute' | 'stat'

/**
 * Who makes an allowed call:
 * - `kernel`: the program makes it. Landlock judges the object that the kernel finds, so it does
 *   not matter if the path changes after the decision.
 * - `tracer`: the tracer makes it, on the object that was judged. Landlock does not cover the
 *   call.
 * - `nobody`: no way to make it is safe, so it is denied if it has to be decided.
 */
export type Maker = 'kernel' | 'tracer' | 'nobody'

export interface CallClass {
  readonly use: Use
  readonly maker: Maker
  /** The last component is not followed if it is a link, whatever the flags say. */
  readonly nofollow?: boolean
  /** The call can make the file. So a file that does not exist is judged by its name. */
  readonly makes?: boolean
  /** The call fails with EEXIST if the file, the last that it names, is there. */
  readonly onlyNew?: boolean
  /** Indexes of arguments that hold a path, but name no file to this call. */
  readonly texts?: readonly number[]
  /** The file is that of the descriptor in argument 0. */
  readonly descriptor?: boolean
}

type Row = readonly [CallClass, readonly string[]]

const NOFOLLOW = { nofollow: true } as const
const MAKES = { nofollow: true, makes: true } as const
const MAKES_NEW = { ...MAKES, onlyNew: true } as const

const ROWS: readonly Row[] = [
  // What Landlock covers.
  [{ use: 'open', maker: 'kernel' }, ['open', 'openat']],
  [{ use: 'write', maker: 'kernel', makes: true }, ['creat']],
  [{ use: 'write', maker: 'kernel', ...NOFOLLOW }, ['unlink', 'unlinkat', 'rmdir']],
  [
    { use: 'write', maker: 'kernel', ...MAKES_NEW },
    ['mkdir', 'mkdirat', 'mknod', 'mknodat', 'link', 'linkat'],
  ],
  [{ use: 'write', maker: 'kernel', ...MAKES }, ['rename', 'renameat', 'renameat2']],
  // The target of a symbolic link is only text until something follows the link.
  [{ use: 'write', maker: 'kernel', ...MAKES_NEW, texts: [0] }, ['symlink', 'symlinkat']],
  [{ use: 'execute', maker: 'kernel' }, ['execve', 'execveat']],
  // A later relative path starts at the directory that the kernel chose, so a race gains nothing.
  [{ use: 'stat', maker: 'kernel' }, ['chdir']],

  // What Landlock does not cover.
  [
    { use: 'stat', maker: 'tracer' },
    [
      ...['stat', 'newfstatat', 'statx', 'statfs', 'access', 'faccessat', 'faccessat2'],
      ...['getxattr', 'listxattr', 'getxattrat', 'listxattrat', 'file_getattr'],
    ],
  ],
  [
    { use: 'stat', maker: 'tracer', ...NOFOLLOW },
    ['lstat', 'readlink', 'readlinkat', 'lgetxattr', 'llistxattr'],
  ],
  [
    { use: 'write', maker: 'tracer' },
    [
      ...['chmod', 'fchmodat', 'fchmodat2', 'chown', 'fchownat'],
      ...['utime', 'utimes', 'futimesat', 'utimensat'],
      ...['setxattr', 'removexattr', 'setxattrat', 'removexattrat', 'file_setattr'],
    ],
  ],
  [{ use: 'write', maker: 'tracer', ...NOFOLLOW }, ['lchown', 'lsetxattr', 'lremovexattr']],
  [{ use: 'write', maker: 'tracer', descriptor: true }, ['fchmod', 'fchown', 'fsetxattr', 'fremovexattr']],

  // Landlock covers it only if it also looks for this right at each open, up to the root.
  [{ use: 'write', maker: 'tracer' }, ['truncate']],
  // Events of a directory name its files.
  [{ use: 'read', maker: 'tracer' }, ['inotify_add_watch']],
  // Only the program's own call can make these.
  [{ use: 'read', maker: 'nobody' }, ['fanotify_mark']],
  [{ use: 'stat', maker: 'nobody' }, ['name_to_handle_at']],
  // Its flags are in memory.
  [{ use: 'write', maker: 'nobody' }, ['openat2']],
  // These change what a path means, or the host.
  [
    { use: 'write', maker: 'nobody' },
    [
      ...['chroot', 'pivot_root', 'mount', 'umount2', 'mount_setattr', 'move_mount'],
      ...['open_tree', 'open_tree_attr', 'fspick', 'uselib', 'swapon', 'swapoff', 'acct', 'quotactl'],
    ],
  ],
  // Which socket a descriptor means, and which file an address names, can both change after a
  // decision, and a tracer that connects could wait for long. So the sockets are refused.
  [{ use: 'write', maker: 'nobody' }, ['socket', 'socketpair']],
]

export const CALL_CLASSES: ReadonlyMap<string, CallClass> = new Map(
  ROWS.flatMap(([row, names]) => names.map(name => [name, row] as const)),
)

/**
 * Names of message queues: the table of system calls calls them paths, but no path leads there.
 */
export const NO_FILE_NAMES: readonly string[] = ['mq_open', 'mq_unlink']
