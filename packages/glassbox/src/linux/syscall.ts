/** One entry of the syscall table. */

export interface SyscallArg {
  /** The argument's name in the man page. */
  readonly name: string
  /** `path`, `fd`, `|open`, `=lseek`, `buf<2`, `ptr>stat`, …: see scripts/linux/syscalls.txt. */
  readonly kind: string
}

export interface Syscall {
  readonly nr: number
  readonly name: string
  readonly args: readonly SyscallArg[]
  readonly result: string
  /** strace's classes, without the percent sign. */
  readonly classes: readonly string[]
}
