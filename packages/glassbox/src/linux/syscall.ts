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

/**
 * Where another ABI has an argument: in a register, whose value is shifted, or is the lower half
 * of a number with its upper half in another one; or in the memory that register 0 points to.
 */
export interface RegisterForm {
  readonly from: number
  readonly high?: number
  readonly shift?: number
  readonly inMemory?: true
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
  /** The arguments are not those of that call. */
  readonly hasOwnArguments?: boolean
  /** They lie in memory that cannot be read. */
  readonly hasUnreadArguments?: true
  /** Where the arguments are, if not in the registers of the same number. */
  readonly registers?: readonly RegisterForm[] | undefined
}
