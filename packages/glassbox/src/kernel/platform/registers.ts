/**
 * The general registers of a guest thread, in the order of `struct user_regs_struct`. Values are
 * kept in 32-bit halves, since a number of JavaScript cannot hold every 64-bit value: `get` is
 * exact below 2^53; `copy` and the methods with `Exact` are always exact.
 */

import { ARGUMENT_REGISTERS } from '../../linux/ptrace.ts'

/** Index of each register, in 64-bit words. */
export const REGISTER = {
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
  origRax: 15,
  rip: 16,
  cs: 17,
  flags: 18,
  rsp: 19,
  ss: 20,
  fsBase: 21,
  gsBase: 22,
  ds: 23,
  es: 24,
  fs: 25,
  gs: 26,
} as const

/** The registers of the arguments of a call. */
export const ARGUMENTS: readonly number[] = ARGUMENT_REGISTERS.x86_64

const COUNT = 27

export class Registers {
  /** The low half of register `i` is word `2 * i`, the high half the next. */
  readonly words: Int32Array = new Int32Array(COUNT * 2)

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
