/**
 * The general registers of a thread on x86-64: struct user_regs_struct. Source: sys/user.h,
 * syscall(2).
 */

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
  eflags: 18,
  rsp: 19,
  ss: 20,
  fs_base: 21,
  gs_base: 22,
  ds: 23,
  es: 24,
  fs: 25,
  gs: 26,
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
