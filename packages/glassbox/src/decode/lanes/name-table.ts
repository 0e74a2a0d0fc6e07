/** The table of names that programs for lines look in: names.ts says what it is for. */
import type { Value } from '../types.ts'

/** The kinds of the text of an error, by errno: with its message, and its name as JSON. */
export const ERRORS = 'error'
export const ERRNOS = 'errno'

export interface NameTable {
  /** False also if the table is full. */
  lacks(kind: string, value: bigint): boolean
  learn(kind: string, value: bigint, text: string): void
}

/** Writes a value for programs as JSON. */
export type JsonText = (value: Value) => string
