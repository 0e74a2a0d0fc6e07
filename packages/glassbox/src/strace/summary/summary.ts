/**
 * -c, -C: how often each call was made and failed, and how long it took: CPU time in the kernel,
 * or with -w the time from entry to exit. Arguments are not read.
 */
import { callName } from '../../decode/call-name.ts'
import type { Abi } from '../../decode/types.ts'
import type { EnteredCall, LeftCall } from '../../trace/handlers.ts'
import type { TraceeAtEntry, TraceeAtExit } from '../../trace/tracee.ts'
import { ABIS } from '../select/call-set.ts'
import type { SummaryOptions } from '../options.ts'
import type { Output } from '../output/output.ts'
import type { Sink } from '../output/sink.ts'
import { type Row, summaryTable } from './table.ts'
import type { TraceeState } from '../tracee-state.ts'

const TITLES: Readonly<Record<Abi, string>> = { x86_64: '', i386: '32 bit', x32: 'x32' }

type Count = { -readonly [Key in keyof Row]: Row[Key] }

export class SummarySink implements Sink {
  readonly #options: SummaryOptions
  readonly #output: Output
  readonly #counts: Readonly<Record<Abi, Map<number, Count>>> = {
    x86_64: new Map(),
    i386: new Map(),
    x32: new Map(),
  }

  constructor(options: SummaryOptions, output: Output) {
    this.#options = options
    this.#output = output
  }

  mayDefer(): boolean {
    return true
  }

  enter(state: TraceeState, _call: EnteredCall, tracee: TraceeAtEntry): void {
    state.systemTimeUs = tracee.systemTimeUs
  }

  exit(state: TraceeState, call: LeftCall, tracee: TraceeAtExit): void {
    const counts = this.#counts[call.abi]
    let count = counts.get(call.nr)
    if (!count) {
      count = {
        nr: call.nr,
        name: callName(call.nr, call.abi),
        calls: 0,
        errors: 0,
        us: 0,
        minUs: Infinity,
        maxUs: 0,
      }
      counts.set(call.nr, count)
    }
    const us = this.#options.wallClock
      ? Number(call.timeNs - call.enteredNs) / 1000
      : tracee.systemTimeUs - state.systemTimeUs
    const charged = Math.max(0, us - this.#options.overheadUs)
    count.calls++
    if (call.failed) count.errors++
    count.us += charged
    if (charged < count.minUs) count.minUs = charged
    if (charged > count.maxUs) count.maxUs = charged
  }

  end(): void {
    for (const abi of ABIS) {
      const counts = this.#counts[abi]
      if (counts.size === 0) continue
      if (TITLES[abi] !== '') this.#output.writeShared(`System call usage summary for ${TITLES[abi]} mode:\n`)
      this.#output.writeShared(summaryTable([...counts.values()], this.#options))
    }
  }
}
