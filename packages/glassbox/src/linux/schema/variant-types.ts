/** The form of the table of variants: what conditions on the arguments of a call make of them. */
import type { Noted } from './kinds.ts'

/**
 * A condition on one argument. `with` and `without`: any or none of the bits of the mask; `one`
 * and `none`: the value, or its bits under a mask, as an int, is one or none of these; `above`: it
 * is greater, as an unsigned number of 64 bits.
 */
export type Condition =
  | { readonly argument: number; readonly is: 'with' | 'without'; readonly mask: number }
  | {
      readonly argument: number
      readonly is: 'one' | 'none'
      readonly mask?: number
      readonly values: readonly number[]
    }
  | { readonly argument: number; readonly is: 'above'; readonly value: number }

/** An argument that is used: by default with its own kind and name. */
export interface Used {
  readonly index: number
  readonly kind?: Noted
  /** Shown with this name. */
  readonly name?: string
  readonly when?: Condition
}

/** The first rule of which all conditions hold applies. */
export interface Rule {
  readonly when: readonly Condition[]
  readonly show: readonly Used[]
}
