/**
 * What stays refused whatever the policy says, `null` included: calls by which a program would
 * leave something on the host, or hold up or learn from those who have nothing to do with its box,
 * and which no other boundary stops.
 *
 * The guard is a list of refusals. It is laid on together with the policy, as one filter: a call
 * is made only where both let it pass. See `guarded()` for how they are put together, and
 * docs/security.md for what follows for programs.
 */
import {
  __O_TMPFILE,
  CLONE_NEWCGROUP,
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
import { anyBit, EPERM, is, refuse } from './conditions.ts'
import type { Action, Condition, Policy, Rule } from './policy.ts'

/**
 * Calls that give a file its mode, and which argument that is; `flags`: the argument that says
 * whether there is a mode.
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
 * No set-user-ID or set-group-ID file: the program may have the caller's user id, so whoever
 * executed such a file on the host would become the caller. A directory with the set-group-ID bit
 * is refused along, since a filter cannot tell it from a file; mkdir drops both bits by itself
 * (mkdir(2)). A file that has a bit already, and is moved, linked or changed, is the caller's.
 */
const SET_ID_RULES: readonly Rule[] = MODES.map(({ call, mode, flags }) => ({
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
 * No device, not even the one of number 0 that overlay file systems take for "removed": the kernel
 * lets everybody make it (Linux 5.8), and the host may read the directory as a layer of such a
 * file system.
 */
const DEVICE_RULES: readonly Rule[] = [
  ...[S_IFCHR, S_IFBLK].flatMap(type => [
    { syscalls: ['mknod'], when: [isType(1, type)], action: EPERM },
    { syscalls: ['mknodat'], when: [isType(2, type)], action: EPERM },
  ]),
  { syscalls: ['renameat2'], when: [anyBit(4, RENAME_WHITEOUT)], action: refuse(ERRNO.EINVAL) },
]

/**
 * Calls whose modes, flags or names stand in memory, where no filter sees them. Libraries go on
 * without.
 */
const UNSEEN: Rule = {
  syscalls: ['openat2', 'clone3', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'],
  action: refuse(ERRNO.ENOSYS),
}

/**
 * Keys belong to a user id, not to a box: they outlive it, and a later box with its number would
 * find them.
 */
const KEYS: Rule = { syscalls: ['add_key', 'request_key', 'keyctl'], action: refuse(ERRNO.ENOSYS) }

/**
 * A lease asks for no permission to write, only for the user id: whoever opens the file, anywhere
 * on the host, then waits for /proc/sys/fs/lease-break-time. F_NOTIFY tells of the host's files as
 * inotify does, by signals, and nothing uses it any more.
 */
const LEASES: readonly Rule[] = [F_SETLEASE, F_NOTIFY].map(command => ({
  syscalls: ['fcntl'],
  when: [is(1, command)],
  action: refuse(ERRNO.EINVAL),
}))

/**
 * In a cgroup namespace of its own an ordinary user's program could mount its groups and write
 * their limits, which are the caller's files.
 */
const OWN_GROUPS: readonly Rule[] = ['unshare', 'clone'].map(call => ({
  syscalls: [call],
  when: [anyBit(0, CLONE_NEWCGROUP)],
  action: EPERM,
}))

export const GUARD: readonly Rule[] = [
  UNSEEN,
  KEYS,
  ...SET_ID_RULES,
  ...DEVICE_RULES,
  ...LEASES,
  ...OWN_GROUPS,
]

/**
 * The same for the calls of i386, which has fcntl by two names. Only where a policy lets such
 * calls pass at all.
 */
export const GUARD_I386: readonly Rule[] = GUARD.map(rule =>
  rule.syscalls.includes('fcntl') ? { ...rule, syscalls: ['fcntl', 'fcntl64'] } : rule,
)

/**
 * Filters of the program's own. Not in the guard: only where a policy ends a program for a call,
 * since what a second filter answers may outrank the report of the call (seccomp(2)). EINVAL is
 * what a kernel without filters says.
 */
export const NO_FILTERS: readonly Rule[] = [
  { syscalls: ['seccomp'], when: [is(0, SECCOMP_SET_MODE_FILTER)], action: refuse(ERRNO.EINVAL) },
  {
    syscalls: ['prctl'],
    when: [is(0, PR_SET_SECCOMP), is(1, SECCOMP_MODE_FILTER)],
    action: refuse(ERRNO.EINVAL),
  },
]

const letsPass = ({ kind }: Action): boolean => kind === 'allow' || kind === 'log' || kind === 'trace'

/**
 * `policy` with refusals that it cannot lift. Wherever it would let a call pass, the refusals of
 * that call are asked first; what the policy itself refuses, or ends a program for, stays as it
 * says.
 */
export function withRefusals({ rules, otherwise }: Policy, refusals: readonly Rule[]): Policy {
  const before = (rule: Rule): Rule[] =>
    refusals.flatMap(({ syscalls, when = [], action }) => {
      const shared = syscalls.filter(name => rule.syscalls.includes(name))
      return shared.length === 0 ? [] : [{ syscalls: shared, when: [...(rule.when ?? []), ...when], action }]
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

export const guarded = (policy: Policy): Policy => withRefusals(policy, GUARD)
