/**
 * The calls that are refused to every program under a tracer, whatever its policy says. Without
 * namespaces the program is a neighbour of the service that started it, often with the same user
 * id, and the tracer sees only what the kernel shows it. By each of these calls a program could
 * get past the tracer, blind it, outlive it, or reach its neighbours.
 *
 * As with the guard of boxes, which is a part of it, a call is made only if the policy allows it
 * too. Signals to other processes are refused by Landlock, whose scope no filter can express.
 */
import * as linux from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { signalNumber } from '../linux/signals.ts'
import { anyBit, because, ENOSYS, EPERM, is, NAMESPACES, refuse } from '../seccomp/conditions.ts'
import { GUARD } from '../seccomp/guard.ts'
import type { CallRule, Condition } from '../seccomp/policy.ts'

/** The process id is not 0, which stands for the calling thread. */
const ofAnother = (arg: number): Condition => ({ arg, op: 'ne', value: 0n, width: 32 })

/** SIGXCPU, SIGXFSZ and SIGSYS are evidence for verdicts. */
const EVIDENCE = (['SIGXCPU', 'SIGXFSZ', 'SIGSYS'] as const).flatMap(name => signalNumber(name) ?? [])

/** Calls that send a signal with a chosen origin, with the index of the signal. */
const FORGERS = [
  ['rt_sigqueueinfo', 1],
  ['rt_tgsigqueueinfo', 2],
  ['pidfd_send_signal', 1],
] as const

/** Calls that change the scheduling or the limits of the process that their argument 0 names. */
const BY_PID = [
  'prlimit64',
  'sched_setaffinity',
  'sched_setattr',
  'sched_setparam',
  'sched_setscheduler',
  'migrate_pages',
  'move_pages',
]

/** Calls that change priorities of a process, a group, or all processes of a user. */
const PRIORITIES = [
  ['setpriority', linux.PRIO_USER],
  ['ioprio_set', linux.IOPRIO_WHO_USER],
] as const

const priorityRules: readonly CallRule[] = PRIORITIES.flatMap(([call, user]) => [
  { syscalls: [call], when: [is(0, user)], action: EPERM },
  { syscalls: [call], when: [ofAnother(1)], action: EPERM },
])

/** Every refusal to a program under a tracer, with its reason. */
export const SUPERVISED_GUARD: readonly CallRule[] = [
  ...GUARD,
  ...because(
    'the answer of a listener of its own takes precedence over the tracer, which then sees nothing',
    [
      {
        syscalls: ['seccomp'],
        when: [is(0, linux.SECCOMP_SET_MODE_FILTER), anyBit(1, linux.SECCOMP_FILTER_FLAG_NEW_LISTENER)],
        action: refuse(ERRNO.EBUSY),
      },
    ],
  ),
  // The call seems to succeed: programs that hide their keys in this way end if it fails.
  ...because('the tracer could no longer read the memory of the program', [
    { syscalls: ['prctl'], when: [is(0, linux.PR_SET_DUMPABLE)], action: refuse(0) },
  ]),
  ...because('/proc/self/exe would name another program', [
    { syscalls: ['prctl'], when: [is(0, linux.PR_SET_MM)], action: EPERM },
  ]),
  ...because(
    'the child would not be traced and would outlive the tracer, or would be a child of the service',
    [{ syscalls: ['clone'], when: [anyBit(0, linux.CLONE_UNTRACED | linux.CLONE_PARENT)], action: EPERM }],
  ),
  ...because('paths and process ids would mean other things to the program than to the tracer', [
    { syscalls: ['clone'], when: [anyBit(0, NAMESPACES)], action: EPERM },
    { syscalls: ['unshare'], when: [anyBit(0, NAMESPACES | linux.CLONE_NEWTIME)], action: EPERM },
    { syscalls: ['setns', 'pivot_root', 'chroot'], action: EPERM },
    {
      syscalls: [
        ...['mount', 'umount2', 'mount_setattr', 'move_mount', 'open_tree', 'open_tree_attr'],
        ...['fsopen', 'fsconfig', 'fsmount', 'fspick'],
      ],
      action: EPERM,
    },
  ]),
  ...because('it makes calls that no filter sees', [{ syscalls: ['io_setup', 'io_submit'], action: ENOSYS }]),
  ...because('reading its memory could block the tracer', [{ syscalls: ['userfaultfd'], action: EPERM }]),
  ...because('it reaches into other processes', [
    {
      syscalls: [
        ...['ptrace', 'process_vm_readv', 'process_vm_writev', 'process_madvise', 'process_mrelease'],
        ...['pidfd_getfd', 'kcmp', 'perf_event_open'],
      ],
      action: EPERM,
    },
  ]),
  ...because('it reaches files and kernel code by other ways than a path', [
    { syscalls: ['bpf', 'open_by_handle_at'], action: EPERM },
  ]),
  ...because(
    'limits and CPUs of another process, such as the service',
    BY_PID.map(call => ({ syscalls: [call], when: [ofAnother(0)], action: EPERM })),
  ),
  ...because('priorities of other processes, such as the service', priorityRules),
  ...because('it changes where other processes may run', [
    { syscalls: ['prctl'], when: [is(0, linux.PR_SCHED_CORE)], action: refuse(ERRNO.EINVAL) },
  ]),
  ...because('a signal to every process of the user', [
    { syscalls: ['kill'], when: [is(0, -1)], action: EPERM },
  ]),
  ...because(
    'it would forge the signal by which the kernel reports a limit',
    FORGERS.flatMap(([call, arg]) =>
      EVIDENCE.map(signal => ({ syscalls: [call], when: [is(arg, signal)], action: EPERM })),
    ),
  ),
  ...because('the object outlives the program, and other processes of the user reach it', [
    {
      syscalls: [
        ...['shmget', 'shmat', 'shmctl', 'semget', 'semop', 'semtimedop', 'semctl'],
        ...['msgget', 'msgsnd', 'msgrcv', 'msgctl', 'mq_open', 'mq_unlink'],
      ],
      action: ENOSYS,
    },
  ]),
]
