/**
 * What the ways to use a file (ACCESS) mean in Landlock's rights.
 *
 * Every right of the ABI is handled, so what no rule grants is denied. A right of a directory
 * holds for everything below it. For this reason a directory gets rights only by a pattern that
 * means everything below it (`/usr/`), and a file only by its own.
 *
 * Before ABI 3 the kernel has no right for truncation, and anybody may empty any file that its
 * mode lets them write. `TRUNCATION` closes that in the filter.
 */
import * as linux from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { ACCESS } from '../policy/resolved.ts'
import { because, refuse } from '../seccomp/conditions.ts'
import type { CallRule, Condition } from '../seccomp/policy.ts'
import type { Rights } from './types.ts'

/** The rights that came with each version of the ABI. */
const RIGHTS_SINCE: readonly (readonly [abi: number, rights: readonly number[]])[] = [
  [
    1,
    [
      ...[linux.LANDLOCK_ACCESS_FS_EXECUTE, linux.LANDLOCK_ACCESS_FS_WRITE_FILE],
      ...[linux.LANDLOCK_ACCESS_FS_READ_FILE, linux.LANDLOCK_ACCESS_FS_READ_DIR],
      ...[linux.LANDLOCK_ACCESS_FS_REMOVE_DIR, linux.LANDLOCK_ACCESS_FS_REMOVE_FILE],
      ...[linux.LANDLOCK_ACCESS_FS_MAKE_CHAR, linux.LANDLOCK_ACCESS_FS_MAKE_BLOCK],
      ...[linux.LANDLOCK_ACCESS_FS_MAKE_DIR, linux.LANDLOCK_ACCESS_FS_MAKE_REG],
      ...[linux.LANDLOCK_ACCESS_FS_MAKE_SOCK, linux.LANDLOCK_ACCESS_FS_MAKE_FIFO],
      linux.LANDLOCK_ACCESS_FS_MAKE_SYM,
    ],
  ],
  [2, [linux.LANDLOCK_ACCESS_FS_REFER]],
  [3, [linux.LANDLOCK_ACCESS_FS_TRUNCATE]],
  [5, [linux.LANDLOCK_ACCESS_FS_IOCTL_DEV]],
]

/** Since this version the kernel can refuse truncation. */
const ABI_OF_TRUNCATE = 3
/** Since this version signals and abstract sockets can be kept inside. */
const ABI_OF_SCOPES = 6

const sum = (bits: readonly number[]): number => bits.reduce((all, bit) => all | bit, 0)

/** Every right about files that this version of the ABI knows. */
export const rightsOfAbi = (abi: number): number =>
  sum(RIGHTS_SINCE.filter(([since]) => since <= abi).flatMap(([, rights]) => rights))

/**
 * Every scope that this version knows: no signal to a process outside, no connection to an
 * abstract socket outside.
 */
export const scopesOfAbi = (abi: number): number =>
  abi < ABI_OF_SCOPES ? 0 : linux.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | linux.LANDLOCK_SCOPE_SIGNAL

const READ_FILE = linux.LANDLOCK_ACCESS_FS_READ_FILE
const READ_DIR = linux.LANDLOCK_ACCESS_FS_READ_DIR
const EXECUTE = linux.LANDLOCK_ACCESS_FS_EXECUTE

/** What a program without privileges can do to a file, beyond reading it. */
const CHANGE_FILE =
  linux.LANDLOCK_ACCESS_FS_WRITE_FILE | linux.LANDLOCK_ACCESS_FS_TRUNCATE | linux.LANDLOCK_ACCESS_FS_IOCTL_DEV

/** And to the entries of a directory. No program makes device nodes, so no rule grants that. */
const CHANGE_DIRECTORY = sum([
  ...[linux.LANDLOCK_ACCESS_FS_REMOVE_DIR, linux.LANDLOCK_ACCESS_FS_REMOVE_FILE],
  ...[linux.LANDLOCK_ACCESS_FS_MAKE_DIR, linux.LANDLOCK_ACCESS_FS_MAKE_REG],
  ...[linux.LANDLOCK_ACCESS_FS_MAKE_SOCK, linux.LANDLOCK_ACCESS_FS_MAKE_FIFO],
  ...[linux.LANDLOCK_ACCESS_FS_MAKE_SYM, linux.LANDLOCK_ACCESS_FS_REFER],
])

/** Of a file, and of everything below a directory. */
const MEANINGS: readonly (readonly [access: number, file: number, tree: number])[] = [
  [ACCESS.read, READ_FILE, READ_FILE | READ_DIR],
  [ACCESS.write, READ_FILE | CHANGE_FILE, READ_FILE | READ_DIR | CHANGE_FILE | CHANGE_DIRECTORY],
  [ACCESS.execute, EXECUTE | READ_FILE, EXECUTE | READ_FILE | READ_DIR],
  [ACCESS.list, 0, READ_DIR],
]

const known = new Map<string, Rights>()

/**
 * The rights for ways to use a file (bits of ACCESS), in this version of the ABI. `tree`: the
 * pattern means everything below a directory, and nothing else.
 *
 * @example
 * rightsFor(ACCESS.list, { tree: true, abi: 7 })
 * // { file: 0, directory: LANDLOCK_ACCESS_FS_READ_DIR }
 */
export function rightsFor(access: number, { tree, abi }: { tree: boolean; abi: number }): Rights {
  const key = `${access} ${tree} ${abi}`
  const before = known.get(key)
  if (before) return before
  const meanings = MEANINGS.filter(([bit]) => access & bit)
  const all = rightsOfAbi(abi)
  const rights = tree
    ? { file: 0, directory: all & sum(meanings.map(([, , below]) => below)) }
    : { file: all & sum(meanings.map(([, file]) => file)), directory: 0 }
  known.set(key, rights)
  return rights
}

const openFlags = (arg: number, mask: number, value: number): Condition => ({
  arg,
  op: 'masked-eq',
  mask: BigInt(mask),
  value: BigInt(value),
  width: 32,
})

/** An open with O_TRUNC empties the file, even if it is opened only for reading. */
const TRUNCATING_OPENS: readonly CallRule[] = [
  { call: 'open', flags: 1 },
  { call: 'openat', flags: 2 },
].flatMap(({ call, flags }) =>
  [linux.O_RDONLY, linux.O_ACCMODE].map(mode => ({
    syscalls: [call],
    when: [openFlags(flags, linux.O_ACCMODE | linux.O_TRUNC, mode | linux.O_TRUNC)],
    action: refuse(ERRNO.EACCES),
  })),
)

/**
 * The same without truncation. Otherwise each open for reading looks for the right to empty the
 * file too, in every directory up to the root. `REFUSALS_WITHOUT_TRUNCATION` must be in the filter
 * then, and truncate(2) must be decided by path.
 */
export const rightsWithoutTruncation = (abi: number): number =>
  rightsOfAbi(abi) & ~linux.LANDLOCK_ACCESS_FS_TRUNCATE

export const REFUSALS_WITHOUT_TRUNCATION: readonly CallRule[] = because(
  'it empties a file that it opens for reading only',
  TRUNCATING_OPENS,
)

/**
 * Calls that a filter has to refuse next to the ruleset of this ABI; see `withRefusals()`. Before
 * ABI 3 these are the calls that empty a file which was not opened for writing. truncate(2) is
 * refused for every file then, because a filter cannot read the path; ftruncate(2) works.
 */
export const refusalsFor = (abi: number): readonly CallRule[] => (abi < ABI_OF_TRUNCATE ? TRUNCATION : [])

const TRUNCATION: readonly CallRule[] = [
  { syscalls: ['truncate'], action: refuse(ERRNO.EACCES) },
  { syscalls: ['openat2'], action: refuse(ERRNO.ENOSYS) },
  ...TRUNCATING_OPENS,
]
