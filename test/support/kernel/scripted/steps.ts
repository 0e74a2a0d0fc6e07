/**
 * What a script asks of its thread, one step at a time. A script is a generator: it stands still
 * at each `yield`, and goes on with what its thread answers.
 */
import type { Guest } from './guest.js'

export type Step =
  /** `child`: what the thread begins with that the call makes. */
  | { readonly kind: 'call'; readonly nr: number; readonly args: readonly number[]; readonly child?: Child }
  /** An access of a page that the space does not have, or not with this right. */
  | { readonly kind: 'fault'; readonly address: number; readonly right: number }
  | { readonly kind: 'compute'; readonly ns: number }

export interface Child {
  readonly script: Script
  /** A process ends as a whole, a thread alone. */
  readonly is: 'process' | 'thread'
}

/** The answer of a call is its result, of other steps 0. */
export type Steps<Value = void> = Generator<Step, Value, number>

/** A program, a thread or a handler of signals. What it returns is an exit code. */
export type Script = (guest: Guest) => Steps<number | void>

const NO_STEPS: readonly Step[] = []

/** A script that makes no call and touches no memory. */
export const plainly = (action: (guest: Guest) => number | void): Script =>
  function* (guest) {
    yield* NO_STEPS
    return action(guest)
  }
