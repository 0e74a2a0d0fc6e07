/**
 * --json: one event per line, each complete in itself, by the schema in docs/tracing.md. `v` is
 * the version of the schema: it changes when a consumer would have to change.
 */
import { callName } from '../../decode/call-name.ts'
import * as decode from '../../decode/decode.ts'
import { DEFAULT_LIMIT } from '../../decode/context.ts'
import { entryValues, exitValues, type NetlinkProtocol } from '../../decode/values.ts'
import type { Outcome } from '../../decode/types.ts'
import { errnoName } from '../../linux/errno.ts'
import { signalName } from '../../linux/signals.ts'
import type { EnteredCall, LeftCall, LineTaker, SignalStop } from '../../trace/handlers.ts'
import type { Planned } from '../../decode/lanes/plan.ts'
import type { Tracee, TraceeAtEntry, TraceeAtExit } from '../../trace/tracee.ts'
import { realtimeOffsetNs } from '../clock.ts'
import { jsonValue, numberOrText } from './json-value.ts'
import { has, STATUSES, type TraceSettings } from '../options.ts'
import type { Output } from '../output/output.ts'
import type { Sink } from '../output/sink.ts'
import type { Spellings } from '../text/spelling.ts'
import type { Stacks } from '../text/stacks.ts'
import { TaughtLines } from '../text/taught-lines.ts'
import type { TraceeState } from '../tracee-state.ts'

const SCHEMA_VERSION = 1

export class JsonSink implements Sink {
  readonly #settings: TraceSettings
  readonly #output: Output
  readonly #spellings: Spellings
  readonly #netlink: NetlinkProtocol | undefined
  readonly #stacks: Stacks | undefined
  readonly #taught: TaughtLines
  readonly #offsetNs: bigint = realtimeOffsetNs()
  #firstNs: bigint | undefined
  #seq = 0

  constructor(
    settings: TraceSettings,
    output: Output,
    parts: { readonly spellings: Spellings; readonly stacks: Stacks | undefined },
  ) {
    this.#settings = settings
    this.#output = output
    this.#spellings = parts.spellings
    this.#netlink = parts.spellings.plain.netlink
    this.#stacks = parts.stacks
    this.#taught = new TaughtLines(parts.spellings, {
      most: DEFAULT_LIMIT,
      json: value => JSON.stringify(jsonValue(value)),
    })
  }

  #event(state: TraceeState, type: string, timeNs: bigint, facts: Readonly<Record<string, unknown>>): void {
    this.#firstNs ??= timeNs
    const time = Number((timeNs + this.#offsetNs) / 1000n) / 1e6
    const atNs = Number(timeNs - this.#firstNs)
    // These numbers and names need no escaping, and spreading one object into another would cost
    // as much as all the rest.
    const head = `{"v":${SCHEMA_VERSION},"seq":${this.#seq++},"type":"${type}","pid":${state.pid},"tid":${state.tid},"time":${time},"atNs":${atNs}`
    const rest = JSON.stringify(facts)
    this.#output.write(state, rest === '{}' ? `${head}}\n` : `${head},${rest.slice(1)}\n`)
  }

  plan(nr: number): Planned | undefined {
    return this.#output.mayDelay(nr) ? this.#taught.plan(nr) : undefined
  }

  /** Events of calls that need nothing but the call. */
  lines(): LineTaker | undefined {
    const { status } = this.#settings.selection
    if (this.#stacks || this.#output.separate) return undefined
    const hidden = (['successful', 'failed'] as const).filter(outcome => !status.includes(outcome))
    return {
      form: { columns: 0, ...(status.length < STATUSES.length && { hidden }) },
      useTable: table => this.#taught.useTable(table),
      next: () => ({ prefix: 'none' }),
      // No event has two parts.
      entered: () => {},
      numbers: () =>
        this.#firstNs === undefined
          ? undefined
          : { sequence: this.#seq, firstNs: this.#firstNs, offsetNs: this.#offsetNs },
      lines: ({ text, count }) => {
        this.#seq += count
        this.#output.writeBytes(text)
      },
    }
  }

  enter(state: TraceeState, call: EnteredCall, tracee: TraceeAtEntry): void {
    state.entry = decode.entryText(call, tracee, this.#spellings.of(call.abi, call.nr))
    state.entered = { call, args: entryValues(call, tracee, DEFAULT_LIMIT, this.#netlink) }
    this.#firstNs ??= call.timeNs
    this.#output.entered(call)
    this.#taught.teach(call, tracee)
  }

  exit(state: TraceeState, call: LeftCall, tracee: TraceeAtExit): void {
    const { entry, entered, tampering } = state
    if (!entry || !entered) return
    state.entry = undefined
    const retval = tampering?.injection.retval
    const outcome: Outcome = retval === undefined ? call : { value: retval, failed: false }
    if (!this.#settings.selection.status.includes(outcome.failed ? 'failed' : 'successful')) return
    const { rest, result } = decode.exitText(
      call,
      entry,
      outcome,
      tracee,
      this.#spellings.of(call.abi, call.nr),
    )
    const { nr, abi } = call
    // Undefined members are left out.
    this.#event(state, 'syscall', call.enteredNs, {
      name: callName(nr, abi),
      nr,
      abi,
      raw: rawOf(call),
      args: jsonValue(exitValues(call, entered.args, outcome, tracee, DEFAULT_LIMIT, this.#netlink)),
      result: outcome.failed ? -1 : numberOrText(outcome.value),
      errno: outcome.failed ? errnoName(Number(-outcome.value)) : undefined,
      durationNs: Number(call.timeNs - call.enteredNs),
      text: `${entry.text}${rest} = ${result}`,
      tampered: tampering ? true : undefined,
      ...this.#stacks?.value(state, tracee),
    })
    this.#output.lineEnded()
    if (!tampering) this.#taught.teach(call, tracee, outcome)
  }

  exiting(state: TraceeState, _timeNs: bigint, insideCall: boolean, tracee: Tracee): void {
    const { entry, entered } = state
    if (!entry || !entered || !insideCall) return
    state.entry = undefined
    if (!this.#settings.selection.status.includes('unfinished')) return
    const { call } = entered
    this.#event(state, 'syscall', call.timeNs, {
      name: callName(call.nr, call.abi),
      nr: call.nr,
      abi: call.abi,
      raw: rawOf(call),
      args: jsonValue(entered.args),
      unfinished: true,
      text: `${entry.text}${entry.complete ? '' : '<unfinished ...>'}) = ?`,
      ...(state.stack && this.#stacks?.value(state, tracee)),
    })
  }

  signal(state: TraceeState, { signal, siginfo, timeNs }: SignalStop, tracee: Tracee): void {
    if (!has(this.#settings.selection.signals, signal)) return
    const info = decode.siginfoText(siginfo, this.#spellings.plain)
    this.#event(state, 'signal', timeNs, {
      signal: signalName(signal),
      info,
      ...this.#stacks?.value(state, tracee),
    })
  }

  groupStop(state: TraceeState, signal: number, timeNs: bigint, tracee: Tracee): void {
    this.#event(state, 'stop', timeNs, { signal: signalName(signal), ...this.#stacks?.value(state, tracee) })
  }

  started(state: TraceeState, timeNs: bigint, parent: TraceeState | undefined): void {
    this.#event(state, 'start', timeNs, parent ? { parent: parent.tid } : { attached: state.attached })
  }

  exec(state: TraceeState, timeNs: bigint, former: TraceeState | undefined): void {
    if (former) {
      state.entry = former.entry
      state.entered = former.entered
    }
    this.#event(state, 'exec', timeNs, former ? { formerTid: former.tid } : {})
  }

  exited(state: TraceeState, timeNs: bigint, code: number): void {
    this.#event(state, 'exit', timeNs, { code })
  }

  killed(state: TraceeState, timeNs: bigint, signal: number, coreDumped: boolean): void {
    this.#event(state, 'killed', timeNs, { signal: signalName(signal), coreDumped })
  }

  detached(state: TraceeState, timeNs: bigint): void {
    this.#event(state, 'detach', timeNs, {})
  }

  idle(): void {
    this.#output.flush()
  }
}

const rawOf = ({ args }: EnteredCall): readonly string[] => args.map(value => `0x${value.toString(16)}`)
