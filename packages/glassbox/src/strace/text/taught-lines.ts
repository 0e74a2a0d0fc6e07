/**
 * The plans of an output whose lines the tracer may make by programs, and the names that it
 * teaches for them: from each call that the decoder prints, so that the next one with the same
 * values needs no decoder.
 */
import type { JsonText, NameTable } from '../../decode/lanes/name-table.ts'
import { teachNames } from '../../decode/lanes/names.ts'
import type { Planned } from '../../decode/lanes/plan.ts'
import type { Outcome } from '../../decode/types.ts'
import type { EnteredCall } from '../../trace/handlers.ts'
import type { Tracee } from '../../trace/tracee.ts'
import type { Spellings } from './spelling.ts'

export class TaughtLines {
  readonly #spellings: Spellings
  readonly #most: number
  readonly #json: JsonText | undefined
  readonly #plans = new Map<number, Planned>()
  /** Set if lines are made by programs. */
  #names: NameTable | undefined

  /** For events: how many bytes and elements they read, and how a value becomes JSON. */
  constructor(spellings: Spellings, event?: { readonly most: number; readonly json: JsonText }) {
    this.#spellings = spellings
    this.#most = event?.most ?? 0
    this.#json = event?.json
  }

  plan(nr: number): Planned | undefined {
    const known = this.#plans.get(nr)
    if (known) return known
    const made = this.#spellings.plan(nr, this.#most)
    if (made) this.#plans.set(nr, made)
    return made
  }

  useTable(table: NameTable): void {
    this.#names = table
  }

  /** At the entry of a call; or, with its outcome, at its exit. */
  teach(call: EnteredCall, tracee: Tracee, outcome?: Outcome): void {
    const plan = this.#names && call.abi === 'x86_64' ? this.#plans.get(call.nr) : undefined
    if (!this.#names || !plan) return
    const options = this.#spellings.of(call.abi, call.nr)
    teachNames(this.#names, plan, call, tracee, options, outcome, this.#json)
  }
}
