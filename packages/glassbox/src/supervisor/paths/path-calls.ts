/**
 * The calls that name files: which arguments are paths, and how the call reads them. Derived from
 * the one table of system calls (src/linux/syscalls.ts) and the classes of call-classes.ts.
 */
import {
  AT_EMPTY_PATH,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  IN_DONT_FOLLOW,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
} from '../../linux/constants.ts'
import type { Syscall, SyscallArg } from '../../linux/syscall.ts'
import { allSyscalls } from '../../linux/syscalls.ts'
import { CALL_CLASSES, type CallClass } from './call-classes.ts'

/** Indexes of the arguments that name one file. */
export interface PathArgument {
  /** The path. Undefined: the file is that of the descriptor. */
  readonly path?: number
  /** The directory of a relative path, or the descriptor of the file. Undefined: AT_FDCWD. */
  readonly dirfd?: number
}

export interface PathCall extends CallClass {
  readonly nr: number
  readonly name: string
  readonly paths: readonly PathArgument[]
  /** The argument with AT_* flags. */
  readonly atFlags?: number
  /** The argument with O_* flags. */
  readonly openFlags?: number
  /** A link is followed only if AT_SYMLINK_FOLLOW says so. */
  readonly followsIfAsked: boolean
  /** An empty path means the descriptor, without AT_EMPTY_PATH. */
  readonly takesEmpty: boolean
  /** No path (NULL) means the descriptor, without AT_EMPTY_PATH. */
  readonly takesNull: boolean
}

/** Kinds of arguments in the table of system calls that hold AT_* flags: its sets are `at…`. */
const AT_KINDS = /^(\|at|\|at_\w+|\|faccessat|statxflags)$/
/** The table has no kind for the flags of the newest calls. */
const isAtFlags = ({ name, kind }: SyscallArg): boolean => AT_KINDS.test(kind) || name === 'at_flags'
const isDirectory = ({ kind }: SyscallArg): boolean => kind === 'dirfd' || kind === 'fandirfd'

/** unlinkat has AT_REMOVEDIR in these bits, and its path is never followed. */
const ASKS_TO_FOLLOW: ReadonlySet<string> = new Set(['linkat', 'name_to_handle_at'])
/** The mask of events has a flag too. */
const WATCH = 'inotify_add_watch'
const WATCH_MASK = 2
const TAKES_EMPTY: ReadonlySet<string> = new Set(['readlinkat'])
const TAKES_NULL: ReadonlySet<string> = new Set(['utimensat', 'futimesat'])

/** Where a call names files; empty if it names none. */
export function pathArguments({ args }: Syscall, texts: readonly number[] = []): PathArgument[] {
  return args.flatMap(({ kind }, path) => {
    if (kind !== 'path' || texts.includes(path)) return []
    const before = args[path - 1]
    return [before && isDirectory(before) ? { path, dirfd: path - 1 } : { path }]
  })
}

function pathCall(call: Syscall, row: CallClass): PathCall {
  const atFlags = call.args.findIndex(isAtFlags)
  const openFlags = call.args.findIndex(({ kind }) => kind === 'openflags')
  return {
    ...row,
    nr: call.nr,
    name: call.name,
    paths: row.descriptor ? [{ dirfd: 0 }] : pathArguments(call, row.texts),
    ...(atFlags < 0 ? {} : { atFlags }),
    ...(openFlags < 0 ? {} : { openFlags }),
    followsIfAsked: ASKS_TO_FOLLOW.has(call.name),
    takesEmpty: TAKES_EMPTY.has(call.name),
    takesNull: TAKES_NULL.has(call.name),
  }
}

let byNumber: ReadonlyMap<number, PathCall> | undefined

/** All calls that name files, by number. */
export function pathCalls(): ReadonlyMap<number, PathCall> {
  byNumber ??= new Map(
    allSyscalls().flatMap(call => {
      const row = CALL_CLASSES.get(call.name)
      return row ? [[call.nr, pathCall(call, row)] as const] : []
    }),
  )
  return byNumber
}

const word = (args: readonly bigint[], index: number | undefined): number =>
  index === undefined ? 0 : Number(BigInt.asIntN(32, args[index] ?? 0n))

/** The AT_* flags of a call; 0 if it has none. */
export const atFlagsOf = (call: PathCall, args: readonly bigint[]): number => word(args, call.atFlags)

/** The O_* flags of a call; 0 if it has none. */
export const openFlagsOf = (call: PathCall, args: readonly bigint[]): number => word(args, call.openFlags)

/** Whether the last component of a path is followed if it is a link. */
export function follows(call: PathCall, args: readonly bigint[]): boolean {
  const at = atFlagsOf(call, args)
  if (call.followsIfAsked) return (at & AT_SYMLINK_FOLLOW) !== 0
  if (call.nofollow || (at & AT_SYMLINK_NOFOLLOW) !== 0) return false
  if (call.name === WATCH && (word(args, WATCH_MASK) & IN_DONT_FOLLOW) !== 0) return false
  const open = openFlagsOf(call, args)
  return (open & O_NOFOLLOW) === 0 && (open & (O_CREAT | O_EXCL)) !== (O_CREAT | O_EXCL)
}

/** Whether AT_EMPTY_PATH lets an empty path mean the descriptor itself. */
export const allowsEmptyPath = (call: PathCall, args: readonly bigint[]): boolean =>
  (atFlagsOf(call, args) & AT_EMPTY_PATH) !== 0

/** A descriptor argument: the kernel reads 32 bits, signed. */
export const descriptorOf = (args: readonly bigint[], index: number): number => word(args, index)
