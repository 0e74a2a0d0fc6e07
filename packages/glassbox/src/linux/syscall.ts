/** What the table of system calls says about each. */

export interface SyscallArg {
  /** As the man page calls it. */
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
