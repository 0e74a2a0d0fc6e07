/** One entry of the syscall table. */
import type { Kind } from './schema/kinds.ts'

export interface SyscallArg {
  /** The argument's name in the man page. */
  readonly name: string
  /**
   * The notation of its kind, by which text is printed: `path`, `fd`, `|open`, `=lseek`, `buf<2`,
   * `ptr>stat`, …: see scripts/linux/syscalls.txt.
   */
  readonly kind: string
  /** The kind itself. */
  readonly schema: Kind
}

export interface Syscall {
  readonly nr: number
  readonly name: string
  readonly args: readonly SyscallArg[]
  readonly result: string
  /** strace's classes, without the percent sign. */
  readonly classes: readonly string[]
  /**
   * The name of the call of x86-64 that takes its arguments in the same way; undefined if there is
   * none.
   */
  readonly sameAs: string | undefined
}
