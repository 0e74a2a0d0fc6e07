/**
 * What handlers say so that the program need not wait for them: which memory they read, and that
 * they take whole lines. The types of plans are those of the decoder.
 */
import type { NameTable } from '../decode/lanes/names.ts'
import type { Planned } from '../decode/lanes/plan.ts'

export type { CallPlan, Planned } from '../decode/lanes/plan.ts'
export type { NameTable } from '../decode/lanes/names.ts'

/** What a line begins with: nothing, `123   `, or `[pid   123] `. */
export type LinePrefix = 'none' | 'tid' | 'brackets'

/** Takes lines that the tracer made of whole calls, by the programs of their plans. */
export interface LineTaker {
  /** The column of `= result`. */
  readonly columns: number
  /** Called once, before the first line. Names that the table lacks are to be taught. */
  useTable(table: NameTable): void
  /** How the lines of the next stops begin. */
  prefix(): LinePrefix
  /** So many whole lines, in the order of the stops. The bytes are valid during the call. */
  lines(text: Uint8Array, count: number): void
}

/** One that is told of calls: handlers, or an output. */
interface Looker {
  mayDefer?(nr: number): boolean
  plan?(nr: number): Planned | undefined
}

/**
 * The plan for a call that all of these are told of: all but one read nothing. `undefined` if the
 * thread must wait for one of them, or if two read memory.
 */
export function commonPlan(lookers: readonly Looker[], nr: number): Planned | undefined {
  let found: Planned | undefined
  for (const looker of lookers) {
    const plan = looker.plan?.(nr)
    if (plan && found) return undefined
    if (plan) found = plan
    else if (looker.mayDefer?.(nr) !== true) return undefined
  }
  return found
}
