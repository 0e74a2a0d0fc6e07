/**
 * What a printer of an argument sees, and what it says. Arguments are printed in their order, at
 * the entry of the call up to the first that the kernel fills in, at its exit the rest: strace's
 * way, which readers of its text rely on.
 */
import type { MemoryReader } from './memory.ts'
import type { Call, Outcome, TextOptions } from './types.ts'

export interface Context {
  readonly call: Call
  readonly memory: MemoryReader
  readonly options: TextOptions
  /** Bytes of a string, elements of an array. */
  readonly limit: number
  /** Undefined at the entry. */
  readonly outcome: Outcome | undefined
  /** What was remembered at the entry, by the address that it stands at. */
  readonly remembered: ReadonlyMap<bigint, bigint>
}

export type Printer = (value: bigint, context: Context) => string

export interface Kind {
  /** Whether it waits for the end of the call. */
  readonly late: boolean
  readonly print: Printer
  /** It follows from the register alone. */
  readonly isScalar?: boolean
  /** What must be kept of the memory at the entry, to be compared with at the exit. */
  readonly remember?: (value: bigint, context: Context) => bigint | undefined
}

/**
 * An argument as it is printed for one call: by the table, or by what another argument makes of
 * it.
 */
export interface Shown {
  readonly name: string
  readonly kind: string
  readonly value: bigint
}

export const signed32 = (value: bigint): number => Number(BigInt.asIntN(32, value))
export const argument = ({ call }: Context, index: number): bigint => call.args[index] ?? 0n
export const DEFAULT_STRING_LIMIT = 32
