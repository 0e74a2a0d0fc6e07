/**
 * The general registers of a guest thread, in the order of `struct user_regs_struct`. Values are
 * kept in 32-bit halves, since a number of JavaScript cannot hold every 64-bit value: `get` is
 * exact below 2^53; `copy` and the methods with `Exact` are always exact.
 */

import { ARGUMENT_REGISTERS, USER_REGS, USER_REGS_WORDS } from '../../linux/user-regs.ts'

/** Index of each register, in 64-bit words. */
export const REGISTER: typeof USER_REGS = USER_REGS

/** The registers of the arguments of a call. */
export const ARGUMENTS: readonly number[] = ARGUMENT_REGISTERS.x86_64

export class Registers {
  /** The low half of register `i` is word `2 * i`, the high half the next. */
  readonly words: Int32Array = new Int32Array(USER_REGS_WORDS * 2)

  /** The register as a signed number. */
  get(index: number): number {
    return (this.words[2 * index + 1] as number) * 2 ** 32 + ((this.words[2 * index] as number) >>> 0)
  }

  set(index: number, value: number): void {
    this.words[2 * index] = (value % 2 ** 32) | 0
    this.words[2 * index + 1] = Math.floor(value / 2 ** 32)
  }

  /** All 64 bits, as a signed number. */
  getExact(index: number): bigint {
    return (
      (BigInt(this.words[2 * index + 1] as number) << 32n) | BigInt((this.words[2 * index] as number) >>> 0)
    )
  }

  /** The low 64 bits of the value. */
  setExact(index: number, value: bigint): void {
    this.words[2 * index] = Number(BigInt.asIntN(32, value))
    this.words[2 * index + 1] = Number(BigInt.asIntN(32, value >> 32n))
  }

  copy(other: Registers): void {
    this.words.set(other.words)
  }
}
