/**
 * Numbers of ptrace(2) other than requests: events, kinds of system call stops.
 * Source: linux/ptrace.h.
 */

/** PTRACE_EVENT_*: bits 16 and up of a wait status. */
export const PTRACE_EVENT = {
  fork: 1,
  vfork: 2,
  clone: 3,
  exec: 4,
  vforkDone: 5,
  exit: 6,
  seccomp: 7,
  stop: 128,
} as const

/** PTRACE_SYSCALL_INFO_*. */
export const SYSCALL_INFO = { none: 0, entry: 1, exit: 2, seccomp: 3 } as const
