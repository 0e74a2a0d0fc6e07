/**
 * The input and the result of a printer of an argument. Arguments are printed in order. At the
 * entry of the call, printing stops at the first argument that the kernel fills in; the rest is
 * printed at the exit. strace does the same, and readers of its text rely on it.
 */
import type { Reading } from '../codec/reading.ts'
import type { Kind as SchemaKind } from '../linux/schema/kinds.ts'
import { widthOf } from '../linux/schema/widths.ts'
import type { Syscall } from '../linux/syscall.ts'
import { fitRegister } from './call-form.ts'
import type { Call, Outcome, TextOptions } from './types.ts'

/** A call, as the codec reads from it, and how its text is printed. */
export interface Context extends Reading {
  /** In the form of the call of x86-64 that it means: see call-form.ts. */
  readonly call: Call
  readonly syscall: Syscall | undefined
  readonly options: TextOptions
  /** Bytes of a string, or elements of an array. */
  readonly limit: number
  /** Elements of an array: with -v, all. */
  readonly elements: number
  /** Undefined at the entry. */
  readonly outcome: Outcome | undefined
  /** Values that were remembered at the entry, by address. */
  readonly remembered: ReadonlyMap<bigint, bigint>
}

/** Prints a value by the notation of its kind. */
export type KindText = (kind: string, value: bigint, context: Context) => string

export type Printer = (value: bigint, context: Context) => string

export interface Kind {
  /** Whether it can be printed only after the call has ended. */
  readonly late: boolean
  readonly print: Printer
  /** Whether it depends only on the register. */
  readonly isScalar?: boolean
  /** Reads the memory that must be remembered at the entry, to be compared at the exit. */
  readonly remember?: (value: bigint, context: Context) => bigint | undefined
}

/**
 * An argument as it is printed for one call: by the table, or by what another argument makes of
 * it.
 */
export interface Shown {
  readonly name: string
  /** The notation of the kind, by which it is printed. */
  readonly kind: string
  readonly schema: SchemaKind
  readonly value: bigint
}

export const signed32 = (value: bigint): number => Number(BigInt.asIntN(32, value))

const HALF = 2n ** 32n

/** An argument, unsigned: of one that has 32 bits, the upper half of the register is not seen. */
export function argument({ call, syscall, memory }: Context, index: number): bigint {
  const register = call.args[index] ?? 0n
  if (register < HALF && memory.model === undefined) return register
  const schema = syscall?.args[index]?.schema
  if (!schema) return register
  if (widthOf(schema).bits === 32) return BigInt.asUintN(32, register)
  return fitRegister(register, schema, memory.model, syscall.registers?.[index])
}

/** Bytes of a string in text. */
export const DEFAULT_STRING_LIMIT = 32
/** Bytes of a string or buffer, or elements of an array, in an event. */
export const DEFAULT_LIMIT = 4096
