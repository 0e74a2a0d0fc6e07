/**
 * Numbers of ptrace(2) other than requests: events, kinds of system call stops, registers.
 * Source: linux/ptrace.h, sys/user.h.
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

/** The words of struct user_regs_struct on x86-64, by index. */
export const USER_REGS = {
  r15: 0,
  r14: 1,
  r13: 2,
  r12: 3,
  rbp: 4,
  rbx: 5,
  r11: 6,
  r10: 7,
  r9: 8,
  r8: 9,
  rax: 10,
  rcx: 11,
  rdx: 12,
  rsi: 13,
  rdi: 14,
  orig_rax: 15,
  rip: 16,
  cs: 17,
  rsp: 19,
} as const

export const USER_REGS_WORDS = 27

/**
 * The registers that hold a call's arguments, for `syscall` in 64-bit code and for `int 0x80`.
 * Source: syscall(2).
 */
export const ARGUMENT_REGISTERS: Readonly<Record<'x86_64' | 'i386', readonly number[]>> = {
  x86_64: [USER_REGS.rdi, USER_REGS.rsi, USER_REGS.rdx, USER_REGS.r10, USER_REGS.r8, USER_REGS.r9],
  i386: [USER_REGS.rbx, USER_REGS.rcx, USER_REGS.rdx, USER_REGS.rsi, USER_REGS.rdi, USER_REGS.rbp],
}
