/** Sets of constants that belong together: bits that are joined, or single values. */
import { SETS } from './generated/flags.ts'

export type SetName = keyof typeof SETS

export interface ConstantSet {
  readonly kind: 'flags' | 'enum'
  /** In the order of their values. */
  readonly entries: readonly (readonly [name: string, value: number])[]
}

/** A set by the name that the syscall table uses; `undefined` for one that there is not. */
export function constantSet(name: string): ConstantSet | undefined {
  return (SETS as Readonly<Record<string, ConstantSet>>)[name]
}
