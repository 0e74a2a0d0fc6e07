/** Sets of constants that belong together: bits that are joined, or single values. */
import { SETS } from './generated/flags.ts'

export type SetName = keyof typeof SETS

export interface ConstantSet {
  readonly kind: 'flags' | 'enum'
  /** 64 bits, of which the others have 32. */
  readonly isWide?: boolean
  /** What stands in the comment of a value without a name: `MAP_???`. */
  readonly unknown: string
  /** In the order in which they are printed. */
  readonly entries: readonly (readonly [name: string, value: number])[]
}

/** A set by the name that the syscall table uses; `undefined` for one that there is not. */
export function constantSet(name: string): ConstantSet | undefined {
  return (SETS as Readonly<Record<string, ConstantSet>>)[name]
}
