/**
 * The trace as strace prints it: the beginning of a call at its entry and the rest at its exit,
 * on one line if nothing comes between. Otherwise the line is split by `<unfinished ...>` and
 * `<... resumed>`. If the outcome of a call decides whether its line is shown (-z, -Z, -e
 * status), the line is kept until the outcome is known.
 *
 * At most one line is open in a shared output: `#open` is its tracee.
 */
import { callName } from '../../decode/call-name.ts'
import { entryText, exitText, siginfoText } from '../../decode/decode.ts'
import type { Planned } from '../../decode/lanes/plan.ts'
import type { MemoryReader } from '../../decode/memory.ts'
import * as alone from '../../decode/siginfo.ts'
import type { EntryText, Outcome, TextOptions } from '../../decode/types.ts'
import { numbersOf } from '../../linux/abi.ts'
import { signalName } from '../../linux/signals.ts'
import type { EnteredCall, LeftCall, LineTaker, SignalStop, ToldLines } from '../../trace/handlers.ts'
import type { Tracee, TraceeAtEntry, TraceeAtExit } from '../../trace/tracee.ts'
import { seconds } from '../clock.ts'
import { Dumps } from './dumps.ts'
import { tamperingText } from '../inject/inject.ts'
import { has, type Status, STATUSES, type TraceSettings } from '../options.ts'
import type { Output } from '../output/output.ts'
import { PrefixText } from './prefix.ts'
import type { Sink } from '../output/sink.ts'
import type { Spellings } from './spelling.ts'
import type { Stacks } from './stacks.ts'
import { TaughtLines } from './taught-lines.ts'
import type { TraceeState } from '../tracee-state.ts'

const RESUMING = 'restart_syscall(<... resuming interrupted'
const UNFINISHED = ' <unfinished ...>'

export class TextSink implements Sink {
  readonly #options: TraceSettings
  readonly #output: Output
  readonly #spellings: Spellings
  readonly #prefix: PrefixText
  readonly #dumps: Dumps | undefined
  /** All statuses are shown, so no line has to wait for the end of its call. */
  readonly #showsAll: boolean
  readonly #stacks: Stacks | undefined
  /** Returns the number of tracees. */
  readonly #tracees: () => number
  #open: TraceeState | undefined
  /** Whether the decoder is loaded. */
  #hasDecoded = false
  readonly #taught: TaughtLines

  constructor(
    options: TraceSettings,
    output: Output,
    parts: {
      readonly spellings: Spellings
      readonly comm: ((state: TraceeState) => string) | undefined
      readonly stacks: Stacks | undefined
      readonly tracees: () => number
    },
  ) {
    const { dumpRead, dumpWrite } = options.spelling
    this.#options = options
    this.#output = output
    this.#spellings = parts.spellings
    this.#taught = new TaughtLines(parts.spellings)
    this.#stacks = parts.stacks
    this.#tracees = parts.tracees
    this.#prefix = new PrefixText(options.prefix, parts.comm)
    this.#showsAll = options.selection.status.length === STATUSES.length
    this.#dumps = Dumps.of(dumpRead, dumpWrite)
  }

  plan(nr: number): Planned | undefined {
    return this.#dumps || !this.#output.mayDelay(nr) ? undefined : this.#taught.plan(nr)
  }

  lines(state: (tid: number) => TraceeState | undefined): LineTaker | undefined {
    const { callTimes: timed, columns, selection } = this.#options
    const form = this.#prefix.lineForm
    if (!form || this.#dumps || this.#stacks) return undefined
    const hidden = (['successful', 'failed'] as const).filter(status => !selection.status.includes(status))
    return {
      form: {
        ...form,
        columns,
        ...(timed !== undefined && { timed }),
        ...(!this.#showsAll && { hidden }),
        separate: this.#output.separate,
      },
      useTable: table => this.#taught.useTable(table),
      next: () => this.#prefix.next(this.#tracees() > 1),
      lines: told => this.#lines(told, this.#output.separate ? state(told.tid) : undefined),
      entered: (call, column) => this.#entered(call, column, state(call.tid)),
    }
  }

  /** `state`: if the thread has a file of its own. */
  #lines({ text, lastNs }: ToldLines, state: TraceeState | undefined): void {
    this.#prefix.told(lastNs)
    if (text.length === 0) return
    if (state) {
      // A line that was open has been ended by this text, or has not been.
      state.column = 0
      this.#output.writeBytes(text, state)
      return
    }
    const open = this.#open
    if (open) this.#interrupt(open)
    this.#open = undefined
    this.#output.writeBytes(text)
  }

  #entered(call: EnteredCall, column: number, state: TraceeState | undefined): void {
    if (!state) return
    const nothing = { read: () => new Uint8Array(0) }
    state.entry = this.#entryText(call, nothing, this.#spellings.of(call.abi, call.nr))
    state.column = column
  }

  enter(state: TraceeState, call: EnteredCall, tracee: TraceeAtEntry): void {
    const entry = this.#entryText(call, tracee, this.#spellings.of(call.abi, call.nr))
    state.entry = entry
    const text = this.#leader(state, call.timeNs, tracee) + entry.text
    state.column = text.length
    if (this.#showsAll) this.#output.write(state, text)
    else state.staged = text
    this.#output.entered(call)
    this.#taught.teach(call, tracee)
  }

  #entryText(call: EnteredCall, tracee: MemoryReader, options: TextOptions): EntryText {
    this.#hasDecoded = true
    const { resumes } = call
    if (options.raw || (!resumes && !isRestart(call))) return entryText(call, tracee, options)
    const what = resumes ? callName(resumes.nr, call.abi) : 'system call'
    const entry = entryText(call, tracee, options)
    return { ...entry, text: `${RESUMING} ${what} ...>`, complete: true }
  }

  exit(state: TraceeState, call: LeftCall, tracee: TraceeAtExit): void {
    const { entry } = state
    if (!entry) return
    state.entry = undefined
    let text = this.#resumed(state, entry, call.timeNs, tracee)
    const outcome = this.#outcome(state, call)
    const { rest, result } = this.#exitText(call, entry, outcome, tracee)
    text += `${rest} `
    text = `${this.#padded(state, text)}= ${result}`
    if (state.tampering) text += tamperingText(state.tampering)
    const { callTimes } = this.#options
    if (callTimes !== undefined) text += ` <${seconds(call.timeNs - call.enteredNs, callTimes)}>`
    text += '\n'
    if (this.#dumps) text += this.#dumps.text(call, outcome, tracee)
    if (this.#stacks) text += this.#stacks.text(state, tracee)
    this.#close(state, text, outcome.failed ? 'failed' : 'successful')
    if (!state.tampering) this.#taught.teach(call, tracee, outcome)
  }

  #exitText(
    call: LeftCall,
    entry: EntryText,
    outcome: Outcome,
    tracee: TraceeAtExit,
  ): { readonly rest: string; readonly result: string } {
    // The arguments of a resumed call are not its own.
    if (entry.text.startsWith(RESUMING))
      return { rest: ')', result: exitText(call, entry, outcome, tracee, this.#spellings.plain).result }
    return exitText(call, entry, outcome, tracee, this.#spellings.of(call.abi, call.nr))
  }

  /** An injected result is not a failure, even if its value looks like one. */
  #outcome(state: TraceeState, call: LeftCall): Outcome {
    const forced = state.tampering?.injection.retval
    return forced === undefined ? call : { value: forced, failed: false }
  }

  /** The beginning of the line that ends a call; empty if its line is still open. */
  #resumed(state: TraceeState, entry: EntryText, timeNs: bigint, tracee: Tracee): string {
    const isOpen = !this.#showsAll || this.#output.separate || this.#open === state
    if (isOpen && !state.reprint) return ''
    state.reprint = false
    const name = entry.text.slice(0, entry.text.indexOf('('))
    const text = `${this.#leader(state, timeNs, tracee)}<... ${name} resumed>`
    state.column = 0
    return text
  }

  /** Adds spaces up to the column of results. */
  #padded(state: TraceeState, text: string): string {
    const missing = this.#options.columns - state.column - text.length
    return missing > 0 ? text + ' '.repeat(missing) : text
  }

  /** Ends the line of a call. */
  #close(state: TraceeState, text: string, status: Status): void {
    state.column = 0
    if (this.#showsAll) {
      this.#output.write(state, text)
      this.#open = undefined
    } else if (this.#options.selection.status.includes(status)) this.#output.write(state, state.staged + text)
    state.staged = ''
    this.#output.lineEnded()
  }

  /** Begins the line of a call, and marks the open line as unfinished. */
  #leader(state: TraceeState, timeNs: bigint, tracee: Tracee | undefined): string {
    if (this.#showsAll) {
      this.#interrupt(state)
      this.#open = state
    }
    return this.#prefix.text(state, timeNs, this.#tracees() > 1, tracee)
  }

  #interrupt(state: TraceeState): void {
    const open = this.#output.separate ? state : this.#open
    if (!open || open.column === 0) return
    this.#output.write(open, `${UNFINISHED}\n`)
    open.column = 0
    this.#open = undefined
  }

  /** Prints a line that is not a call. */
  #line(state: TraceeState, timeNs: bigint, body: string, tracee?: Tracee): void {
    if (this.#showsAll) this.#interrupt(state)
    const prefix = this.#prefix.text(state, timeNs, this.#tracees() > 1, tracee)
    const stack = tracee && this.#stacks ? this.#stacks.text(state, tracee) : ''
    this.#output.write(state, `${prefix}${body}\n${stack}`)
    if (this.#showsAll) this.#open = undefined
    this.#output.lineEnded()
  }

  started(state: TraceeState): void {
    this.#output.begin(state)
  }

  signal(state: TraceeState, { signal, siginfo, timeNs }: SignalStop, tracee: Tracee): void {
    if (!has(this.#options.selection.signals, signal)) return
    const infoText = this.#hasDecoded ? siginfoText : alone.siginfoText
    const info = infoText(siginfo, this.#spellings.plain)
    this.#line(state, timeNs, `--- ${signalName(signal)} ${info} ---`, tracee)
  }

  groupStop(state: TraceeState, signal: number, timeNs: bigint, tracee: Tracee): void {
    if (has(this.#options.selection.signals, signal))
      this.#line(state, timeNs, `--- stopped by ${signalName(signal)} ---`, tracee)
  }

  exec(state: TraceeState, timeNs: bigint, former: TraceeState | undefined): void {
    if (!former) return
    if (this.#showsAll && former.column !== 0) {
      this.#output.write(former, ` <pid changed to ${state.tid} ...>\n`)
      former.column = 0
      this.#open = undefined
    }
    state.entry = former.entry
    state.staged = former.staged
    state.number = former.number
    if (this.#options.quiet.includes('thread-execve')) return
    this.#line(state, timeNs, `+++ superseded by execve in pid ${former.tid} +++`)
    state.reprint = this.#showsAll
  }

  abiChanged(state: TraceeState, timeNs: bigint): void {
    if (!this.#options.quiet.includes('personality'))
      this.#line(state, timeNs, `[ Process PID=${state.tid} runs in ${MODES[state.abi]} mode. ]`)
  }

  exiting(state: TraceeState, timeNs: bigint, insideCall: boolean, tracee: Tracee): void {
    const { entry } = state
    if (!entry || !insideCall) return
    state.entry = undefined
    let text = this.#resumed(state, entry, timeNs, tracee)
    if (!entry.complete) text += UNFINISHED
    text += ') '
    this.#close(state, `${this.#padded(state, text)}= ?\n`, 'unfinished')
  }

  exited(state: TraceeState, timeNs: bigint, code: number): void {
    if (!this.#options.quiet.includes('exit')) this.#line(state, timeNs, `+++ exited with ${code} +++`)
    this.#dropped(state)
  }

  killed(state: TraceeState, timeNs: bigint, signal: number, coreDumped: boolean): void {
    if (has(this.#options.selection.signals, signal))
      this.#line(
        state,
        timeNs,
        `+++ killed by ${signalName(signal)} ${coreDumped ? '(core dumped) ' : ''}+++`,
      )
    this.#dropped(state)
  }

  detached(state: TraceeState): void {
    if (this.#showsAll) this.#letGo(state)
    else if (state.staged !== '' && this.#options.selection.status.includes('detached'))
      this.#output.write(state, `${state.staged} <detached ...>\n`)
    this.#output.close(state)
  }

  /** Ends the tracee's open line. */
  #letGo(state: TraceeState): void {
    const isOpen = this.#output.separate ? state.column !== 0 : this.#open === state
    if (!isOpen) return
    this.#output.write(state, ' <detached ...>\n')
    state.column = 0
    this.#open = undefined
  }

  #dropped(state: TraceeState): void {
    if (this.#open === state && state.column === 0) this.#open = undefined
    // As in strace: after the thread's last line, whatever that is.
    if (state.stack && this.#stacks) this.#output.write(state, this.#stacks.keptText(state))
    this.#output.close(state)
  }

  end(): void {
    this.#output.flush()
  }

  idle(): void {
    this.#output.flush()
  }
}

const MODES = { x86_64: '64 bit', i386: '32 bit', x32: 'x32' } as const
const RESTART = numbersOf('restart_syscall')
const isRestart = ({ abi, nr }: EnteredCall): boolean => nr === RESTART[abi]
