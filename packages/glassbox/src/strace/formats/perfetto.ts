/**
 * --perfetto: a timeline in the Trace Event Format, which Perfetto and chrome://tracing open. One
 * track per thread; a slice for each call; marks for execve, signals and ends. Events are written
 * as they come. Source: the "Trace Event Format" document of Chromium.
 */
import { closeSync } from 'node:fs'
import { callName } from '../../decode/call-name.ts'
import { entryText, exitText } from '../../decode/decode.ts'
import { isMemoryFree } from '../../decode/memory-free.ts'
import { signalName } from '../../linux/signals.ts'
import type { EnteredCall, LeftCall, SignalStop } from '../../trace/handlers.ts'
import type { TraceeAtEntry, TraceeAtExit } from '../../trace/tracee.ts'
import type { Subject } from '../../trace/subject.ts'
import { realtimeOffsetNs } from '../clock.ts'
import type { Sink } from '../output/sink.ts'
import type { TraceeState } from '../tracee-state.ts'
import { Writer } from '../output/writer.ts'

/** Nanoseconds as microseconds with three decimals: exact for the next 285 years of this clock. */
const us = (ns: bigint): number => Number(ns) / 1000

export class PerfettoSink implements Sink {
  readonly #fd: number
  readonly #writer: Writer
  readonly #entries = new Map<
    number,
    { readonly call: EnteredCall; readonly entry: ReturnType<typeof entryText> }
  >()
  #isFirst = true

  constructor(
    { fd, name }: { readonly fd: number; readonly name: string },
    onError: (name: string, error: unknown) => void,
  ) {
    this.#fd = fd
    this.#writer = new Writer(fd, error => onError(name, error))
    const clock = { clock: 'CLOCK_MONOTONIC', realtimeOffsetNs: String(realtimeOffsetNs()) }
    this.#writer.write(`{"otherData":${JSON.stringify(clock)},"displayTimeUnit":"ns","traceEvents":[\n`)
  }

  #event(event: Readonly<Record<string, unknown>>): void {
    this.#writer.write(`${this.#isFirst ? '' : ',\n'}${JSON.stringify(event)}`)
    this.#isFirst = false
  }

  #slice(state: TraceeState, call: EnteredCall, toNs: bigint, args: Readonly<Record<string, unknown>>): void {
    const { pid, tid } = state
    const name = callName(call.nr, call.abi)
    this.#event({
      name,
      cat: 'syscall',
      ph: 'X',
      ts: us(call.timeNs),
      dur: us(toNs - call.timeNs),
      pid,
      tid,
      args,
    })
  }

  #mark(
    { pid, tid }: TraceeState,
    name: string,
    timeNs: bigint,
    args: Readonly<Record<string, unknown>> = {},
  ): void {
    this.#event({ name, cat: 'event', ph: 'i', s: 't', ts: us(timeNs), pid, tid, args })
  }

  /** Writes the name of a track whenever it may have changed. */
  #name(state: TraceeState, subject: Subject): void {
    const { pid, tid } = state
    const comm = subject.comm()
    if (comm === undefined) return
    const name = Buffer.from(comm).toString()
    if (pid === tid) this.#event({ name: 'process_name', ph: 'M', pid, tid, args: { name } })
    this.#event({ name: 'thread_name', ph: 'M', pid, tid, args: { name } })
  }

  mayDefer(nr: number): boolean {
    return isMemoryFree(nr)
  }

  enter(state: TraceeState, call: EnteredCall, tracee: TraceeAtEntry): void {
    this.#entries.set(state.tid, { call, entry: entryText(call, tracee) })
  }

  exit(state: TraceeState, call: LeftCall, tracee: TraceeAtExit): void {
    const entered = this.#entries.get(state.tid)
    if (!entered) return
    this.#entries.delete(state.tid)
    const { rest, result } = exitText(call, entered.entry, call, tracee)
    this.#slice(state, entered.call, call.timeNs, { call: entered.entry.text + rest, result })
  }

  started(state: TraceeState, timeNs: bigint, parent: TraceeState | undefined, subject: Subject): void {
    if (parent) this.#mark(parent, 'new child', timeNs, { child: state.tid })
    // Before its execve a command is still the launcher, so the execve names it.
    if (parent || state.attached) this.#name(state, subject)
  }

  exec(state: TraceeState, timeNs: bigint, former: TraceeState | undefined, subject: Subject): void {
    const entered = former && this.#entries.get(former.tid)
    if (entered) this.#entries.set(state.tid, entered)
    if (former) this.#entries.delete(former.tid)
    this.#name(state, subject)
    this.#mark(state, 'exec', timeNs, former ? { formerTid: former.tid } : {})
  }

  signal(state: TraceeState, { signal, timeNs }: SignalStop): void {
    this.#mark(state, signalName(signal), timeNs)
  }

  groupStop(state: TraceeState, signal: number, timeNs: bigint): void {
    this.#mark(state, `stopped by ${signalName(signal)}`, timeNs)
  }

  /** A call that does not return ends with its thread. */
  exiting(state: TraceeState, timeNs: bigint): void {
    const entered = this.#entries.get(state.tid)
    if (!entered) return
    this.#entries.delete(state.tid)
    this.#slice(state, entered.call, timeNs, { call: `${entered.entry.text})`, unfinished: true })
  }

  exited(state: TraceeState, timeNs: bigint, code: number): void {
    this.#mark(state, `exit ${code}`, timeNs)
  }

  killed(state: TraceeState, timeNs: bigint, signal: number): void {
    this.#mark(state, `killed by ${signalName(signal)}`, timeNs)
  }

  end(): void {
    this.#writer.write('\n]}\n')
    this.#writer.flush()
    closeSync(this.#fd)
  }
}
