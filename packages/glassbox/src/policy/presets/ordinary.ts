/**
 * The rules about calls that all presets have in common. Calls that programs can do without fail
 * with the error of a kernel that lacks them, so that programs use their fallback. What only
 * administrators, debuggers and attacks do ends the program, because the presets have `kill` as
 * their last word.
 */
import * as linux from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { because, ENOSYS, EPERM, is, refuse } from '../../seccomp/conditions.ts'
import { ARGUMENT_RULES, NAMESPACE_RULES } from '../../seccomp/defaults.ts'
import type { CallRule, KernelAction } from '../../seccomp/policy.ts'
import { GROUPS } from '../groups.ts'
import type { Rule } from '../policy.ts'

const allow: KernelAction = { kind: 'allow' }

const FALLBACKS: readonly CallRule[] = [
  ...because('programs use clone and openat instead, whose flags a filter can read', [
    { syscalls: ['clone3', 'openat2'], action: ENOSYS },
  ]),
  ...because('it makes calls that no filter sees; programs use threads instead', [
    {
      syscalls: [
        ...['io_uring_setup', 'io_uring_enter', 'io_uring_register'],
        ...['io_setup', 'io_destroy', 'io_submit', 'io_getevents', 'io_pgetevents', 'io_cancel'],
      ],
      action: ENOSYS,
    },
  ]),
  ...because('objects that outlive the program', [
    {
      syscalls: [
        ...['shmget', 'shmat', 'shmdt', 'shmctl', 'semget', 'semop', 'semtimedop', 'semctl'],
        ...['msgget', 'msgsnd', 'msgrcv', 'msgctl', 'add_key', 'request_key', 'keyctl'],
        ...['mq_open', 'mq_unlink', 'mq_timedsend', 'mq_timedreceive', 'mq_notify', 'mq_getsetattr'],
      ],
      action: ENOSYS,
    },
  ]),
  ...because('newer than most programs', [
    {
      syscalls: [
        ...['statmount', 'listmount', 'cachestat', 'file_getattr', 'file_setattr'],
        ...['setxattrat', 'getxattrat', 'listxattrat', 'removexattrat'],
        ...['lsm_get_self_attr', 'lsm_set_self_attr', 'lsm_list_modules', 'memfd_secret'],
      ],
      action: ENOSYS,
    },
  ]),
  ...because('it writes out file systems of the host; it may do so later', [
    { syscalls: ['sync'], action: refuse(0) },
    { syscalls: ['syncfs'], action: ENOSYS },
  ]),
  ...because('memory on nodes of the host, and hints for it', [
    {
      syscalls: ['mbind', 'set_mempolicy', 'set_mempolicy_home_node', 'process_madvise'],
      action: EPERM,
    },
  ]),
  ...because('files by handles instead of paths', [{ syscalls: ['name_to_handle_at'], action: EPERM }]),
  ...because('filters of its own', [{ syscalls: ['seccomp'], action: refuse(ERRNO.EINVAL) }]),
]

/** What programs ask of prctl. Everything else fails as on a kernel that does not know it. */
const PRCTL: readonly number[] = [
  ...[linux.PR_SET_NAME, linux.PR_GET_NAME, linux.PR_SET_VMA],
  ...[linux.PR_SET_PDEATHSIG, linux.PR_GET_PDEATHSIG],
  ...[linux.PR_SET_CHILD_SUBREAPER, linux.PR_GET_CHILD_SUBREAPER],
  ...[linux.PR_SET_NO_NEW_PRIVS, linux.PR_GET_NO_NEW_PRIVS],
  ...[linux.PR_SET_TIMERSLACK, linux.PR_GET_TIMERSLACK],
  ...[linux.PR_SET_THP_DISABLE, linux.PR_GET_THP_DISABLE],
  ...[linux.PR_SET_SPECULATION_CTRL, linux.PR_GET_SPECULATION_CTRL],
  ...[linux.PR_GET_DUMPABLE, linux.PR_GET_KEEPCAPS, linux.PR_GET_SECCOMP, linux.PR_GET_SECUREBITS],
  ...[linux.PR_CAPBSET_READ, linux.PR_CAP_AMBIENT, linux.PR_GET_TID_ADDRESS, linux.PR_GET_TSC],
]

const PRCTL_RULES: readonly CallRule[] = [
  ...because(
    'names, and what it asks about itself',
    PRCTL.map(option => ({ syscalls: ['prctl'], when: [is(0, option)], action: allow })),
  ),
  ...because('a tracer could no longer read its memory; the call seems to succeed', [
    { syscalls: ['prctl'], when: [is(0, linux.PR_SET_DUMPABLE)], action: refuse(0) },
  ]),
  ...because('other requests', [{ syscalls: ['prctl'], action: refuse(ERRNO.EINVAL) }]),
]

const GROUP_RULES: readonly CallRule[] = Object.values(GROUPS).map(({ why, syscalls }) => ({
  ...{ syscalls, action: allow },
  why,
}))

const PAIRS: readonly CallRule[] = because('sockets in pairs, which have no name', [
  { syscalls: ['socketpair'], when: [is(0, linux.AF_UNIX)], action: allow },
  { syscalls: ['socketpair'], action: refuse(ERRNO.EAFNOSUPPORT) },
])

const NETWORK = ['socket', 'connect', 'bind', 'listen', 'accept', 'accept4']

/**
 * Libraries look for local services, such as name caches, by sockets of the host, and work without
 * them.
 */
export const NO_LOCAL_SERVICES: readonly Rule[] = because('libraries look for local services', [
  { syscalls: ['socket'], when: [is(0, linux.AF_UNIX)], action: refuse(ERRNO.EACCES) },
])

/** Run-time systems try out which networks there are. */
export const NO_NETWORK: readonly Rule[] = because('programs try out which networks there are', [
  { syscalls: NETWORK, action: refuse(ERRNO.EACCES) },
])

/** The rules of every preset. Rules that a preset adds come before them. */
export const ORDINARY_RULES: readonly Rule[] = [
  ...FALLBACKS,
  ...NAMESPACE_RULES.filter(({ syscalls }) => syscalls.includes('clone')),
  // Other rules here decide about these calls.
  ...ARGUMENT_RULES.filter(({ syscalls }) => !['prctl', 'shmget'].some(name => syscalls.includes(name))),
  ...PRCTL_RULES,
  ...PAIRS,
  ...GROUP_RULES,
]
