/**
 * The calls that are refused under every policy, and also with `policy: null`. By them a program
 * could leave something on the host, or delay or observe processes outside its box, and no other
 * boundary prevents that.
 *
 * The guard is a list of refusals. It is combined with the policy into one filter, and a call is
 * made only if both allow it. See `guarded()` for how they are combined, and docs/security.md for
 * the consequences for programs.
 */
import {
  __O_TMPFILE,
  CLONE_NEWCGROUP,
  CLONE_NEWUSER,
  F_NOTIFY,
  F_SETLEASE,
  O_CREAT,
  PR_SET_SECCOMP,
  RENAME_WHITEOUT,
  S_IFBLK,
  S_IFCHR,
  S_IFMT,
  S_ISGID,
  S_ISUID,
  SECCOMP_MODE_FILTER,
  SECCOMP_SET_MODE_FILTER,
} from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { anyBit, because, EPERM, is, refuse } from './conditions.ts'
import type { KernelAction, Condition, CallPolicy, CallRule } from './policy.ts'

/**
 * Calls that set the mode of a file, with the index of the mode argument. `flags` is the index of
 * the argument that says whether the call has a mode.
 */
const MODES: readonly { readonly call: string; readonly mode: number; readonly flags?: number }[] = [
  { call: 'chmod', mode: 1 },
  { call: 'fchmod', mode: 1 },
  { call: 'fchmodat', mode: 2 },
  { call: 'fchmodat2', mode: 2 },
  { call: 'creat', mode: 1 },
  { call: 'mknod', mode: 1 },
  { call: 'mknodat', mode: 2 },
  { call: 'open', mode: 2, flags: 1 },
  { call: 'openat', mode: 3, flags: 2 },
]

/**
 * A program cannot make set-user-ID or set-group-ID files. It may have the caller's user id, so a
 * host user who executed such a file would run it as the caller. The set-group-ID bit of a
 * directory is refused too, because a filter cannot tell a directory from a file; mkdir ignores
 * both bits (mkdir(2)). A file that already has such a bit belongs to the caller, and the program
 * may still move, link or change it.
 */
const SET_ID_RULES: readonly CallRule[] = MODES.map(({ call, mode, flags }) => ({
  syscalls: [call],
  when: [
    ...(flags === undefined ? [] : [anyBit(flags, O_CREAT | __O_TMPFILE)]),
    anyBit(mode, S_ISUID | S_ISGID),
  ],
  action: EPERM,
}))

const isType = (mode: number, type: number): Condition => ({
  arg: mode,
  op: 'masked-eq',
  mask: BigInt(S_IFMT),
  value: BigInt(type),
  width: 32,
})

/**
 * A program cannot make device nodes, not even number 0, which overlay file systems read as
 * "removed". Any user may make that one (Linux 5.8), and the host may use the directory as a layer
 * of an overlay file system.
 */
const DEVICE_RULES: readonly CallRule[] = [
  ...[S_IFCHR, S_IFBLK].flatMap(type => [
    { syscalls: ['mknod'], when: [isType(1, type)], action: EPERM },
    { syscalls: ['mknodat'], when: [isType(2, type)], action: EPERM },
  ]),
  { syscalls: ['renameat2'], when: [anyBit(4, RENAME_WHITEOUT)], action: refuse(ERRNO.EINVAL) },
]

/**
 * Calls with modes, flags or names in memory, which a filter cannot read. Libraries work without
 * these calls.
 */
const UNSEEN: CallRule = {
  syscalls: ['openat2', 'clone3', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'],
  action: refuse(ERRNO.ENOSYS),
}

/**
 * Keys belong to a user id, not to a box. They outlive the box, and a later box with the same user
 * id would find them.
 */
const KEYS: CallRule = { syscalls: ['add_key', 'request_key', 'keyctl'], action: refuse(ERRNO.ENOSYS) }

/**
 * The owner of a file may take a lease on it without permission to write it. Then any process of
 * the host that opens the file waits up to /proc/sys/fs/lease-break-time seconds. F_NOTIFY reports
 * changes of the host's files by signals, as inotify does with events, and is obsolete.
 */
const LEASES: readonly CallRule[] = [F_SETLEASE, F_NOTIFY].map(command => ({
  syscalls: ['fcntl'],
  when: [is(1, command)],
  action: refuse(ERRNO.EINVAL),
}))

/**
 * With a cgroup namespace of its own, the program of an ordinary user could mount its own groups
 * and change their limits, because the caller owns those files.
 */
const OWN_GROUPS: readonly CallRule[] = ['unshare', 'clone'].map(call => ({
  syscalls: [call],
  when: [anyBit(0, CLONE_NEWCGROUP)],
  action: EPERM,
}))

export const GUARD: readonly CallRule[] = [
  ...because('its modes, flags or names are in memory, which a filter cannot read', [UNSEEN]),
  ...because('keys belong to a user id and outlive the program', [KEYS]),
  ...because('a set-user-ID file would run as the caller', SET_ID_RULES),
  ...because('a device node, or the mark of a removed file in an overlay', DEVICE_RULES),
  ...because('a lease delays processes of the host', LEASES),
  ...because('a cgroup namespace would let the program change its limits', OWN_GROUPS),
]

/**
 * Refused as well if the box shows a host file or directory that its programs may write. In a user
 * namespace of its own a program has capabilities. With them it could mount an overlay on the
 * directory, and the kernel would make whiteouts there for it. If the mount has an id map, it
 * could also give a file capabilities that hold on the host, because the map turns the root of the
 * namespace into the owner of the directory (user_namespaces(7), capabilities(7)).
 */
export const NO_USER_NAMESPACES: readonly CallRule[] = because(
  'in a user namespace it could leave capabilities and whiteouts in a writable bind',
  ['unshare', 'clone'].map(call => ({
    syscalls: [call],
    when: [anyBit(0, CLONE_NEWUSER)],
    action: EPERM,
  })),
)

/**
 * The same rules for calls of i386, which has two names for fcntl. They are used only if a policy
 * allows such calls.
 */
export const forI386 = (rules: readonly CallRule[]): readonly CallRule[] =>
  rules.map(rule => (rule.syscalls.includes('fcntl') ? { ...rule, syscalls: ['fcntl', 'fcntl64'] } : rule))

/**
 * Refuses filters that the program installs itself. They are not part of the guard: they are
 * refused only if the policy ends a program for some call, because the result of a second filter
 * can take precedence over the report of that call (seccomp(2)). EINVAL is the error of a kernel
 * without filters.
 */
export const NO_FILTERS: readonly CallRule[] = [
  { syscalls: ['seccomp'], when: [is(0, SECCOMP_SET_MODE_FILTER)], action: refuse(ERRNO.EINVAL) },
  {
    syscalls: ['prctl'],
    when: [is(0, PR_SET_SECCOMP), is(1, SECCOMP_MODE_FILTER)],
    action: refuse(ERRNO.EINVAL),
  },
]

const letsPass = ({ kind }: KernelAction): boolean => kind === 'allow' || kind === 'log' || kind === 'trace'

/**
 * `policy` with refusals that it cannot lift. Before each rule that would let a call pass, the
 * refusals of that call are tested. Calls that the policy itself refuses, or for which it ends the
 * program, are unchanged.
 */
export function withRefusals({ rules, otherwise }: CallPolicy, refusals: readonly CallRule[]): CallPolicy {
  const before = (rule: CallRule): CallRule[] =>
    refusals.flatMap(refusal => {
      const syscalls = refusal.syscalls.filter(name => rule.syscalls.includes(name))
      const when = [...(rule.when ?? []), ...(refusal.when ?? [])]
      return syscalls.length === 0 ? [] : [{ ...refusal, syscalls, when }]
    })
  const own = rules.filter(rule => !refusals.includes(rule))
  return {
    rules: [
      ...own.flatMap(rule => (letsPass(rule.action) ? [...before(rule), rule] : [rule])),
      ...(letsPass(otherwise) ? refusals : []),
    ],
    otherwise,
  }
}

export const guarded = (policy: CallPolicy): CallPolicy => withRefusals(policy, GUARD)
