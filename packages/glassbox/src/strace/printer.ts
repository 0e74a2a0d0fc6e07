/**
 * The handlers of a trace that is printed: every stop becomes strace's text. Runs in the tracing thread; whatever is read of a
 * thread is read while it is stopped.
 */
import { callName, entryText, exitText, siginfoText } from '../decode/decode.ts'
import type { EntryText, TextOptions } from '../decode/types.ts'
import { signalName } from '../linux/signals.ts'
import type { EnteredCall, LeftCall, TraceeAtEntry, TraceeAtExit, TraceHandlers } from '../tracer/types.ts'
import { commandText, descriptorText } from './descriptors.ts'
import { applyAtExit, type Injection, injectionText, Injector } from './inject.ts'
import { Lines, type OpenCall } from './lines.ts'
import type { StraceOptions, Status } from './options.ts'
import type { Output } from './output.ts'
import { concerns } from './paths.ts'
import { NO_CALL } from './set.ts'
import { Summary } from './summary.ts'

/** A call between its entry and its exit. */
interface Entered {
  readonly entry: EntryText | undefined
  readonly line: OpenCall | undefined
  readonly injection: Injection | undefined
  readonly systemTimeUs: number
  readonly ip: bigint
}

export class Printer {
  readonly #options: StraceOptions
  readonly #output: Output
  readonly #lines: Lines
  readonly #injector: Injector
  readonly #summary: Summary | undefined
  readonly #entered = new Map<number, Entered>()
  /** All lines are printed at the end of their call: it must be known how it ended. */
  readonly #late: boolean
  readonly #prints: boolean
  readonly #stop: () => void
  #calls = 0

  constructor(options: StraceOptions, output: Output, stop: () => void) {
    this.#options = options
    this.#output = output
    this.#lines = new Lines(output, options)
    this.#injector = new Injector(options.injections)
    this.#summary = options.summary === 'none' ? undefined : new Summary()
    this.#late = options.status.size < 5
    this.#prints = options.summary !== 'only'
    this.#stop = stop
  }

  handlers(): TraceHandlers {
    const lines = this.#lines
    const { quiet, signals } = this.#options
    return {
      enter: (call, tracee) => this.#enter(call, tracee),
      exit: (call, tracee) => this.#exit(call, tracee),
      signal: ({ tid, timeNs, signal, siginfo }, tracee) => {
        if (!this.#prints || !signals(signal)) return
        const text = siginfoText(siginfo, this.#options.text)
        lines.whole(tid, timeNs, `--- ${signalName(signal)} ${text} ---`, tracee.instructionPointer)
      },
      groupStop: ({ tid, timeNs, signal }) => {
        if (this.#prints && signals(signal))
          lines.whole(tid, timeNs, `--- stopped by ${signalName(signal)} ---`)
      },
      attached: ({ tid, attached }) => {
        lines.threads++
        if (attached) this.#tellAttached(tid)
      },
      newChild: ({ child }) => {
        lines.threads++
        this.#tellAttached(child)
      },
      notAttached: ({ error }) => this.#tell(error.message),
      exec: ({ tid, formerTid, timeNs }) => this.#exec(tid, formerTid, timeNs),
      exiting: ({ tid, timeNs, insideCall }) => this.#exiting(tid, timeNs, insideCall),
      exited: ({ tid, timeNs, code }) => {
        if (this.#prints && !quiet.has('exit')) lines.whole(tid, timeNs, `+++ exited with ${code} +++`)
        this.#gone(tid)
      },
      killed: ({ tid, timeNs, signal, coreDumped }) => {
        if (this.#prints && !quiet.has('exit'))
          lines.whole(
            tid,
            timeNs,
            `+++ killed by ${signalName(signal)}${coreDumped ? ' (core dumped)' : ''} +++`,
          )
        this.#gone(tid)
      },
      detached: ({ tid, timeNs }) => {
        const line = this.#entered.get(tid)?.line
        if (line) lines.detach(line, timeNs)
        if (!quiet.has('attach')) this.#tell(`Process ${tid} detached`)
        this.#gone(tid)
      },
      idle: () => this.#output.rest(),
    }
  }

  /** What stands after the trace. */
  summaryText(): string {
    return this.#summary?.text(this.#options) ?? ''
  }

  #tellAttached(tid: number): void {
    if (this.#options.quiet.has('attach')) return
    this.#tell(`Process ${tid} attached${this.#options.commands ? commandText(tid) : ''}`)
  }

  /** What is about the trace itself goes to stderr, wherever the text goes. */
  #tell(text: string): void {
    if (this.#output.isStderr) this.#output.write(0, `strace: ${text}\n`)
    else process.stderr.write(`strace: ${text}\n`)
  }

  #gone(tid: number): void {
    this.#entered.delete(tid)
    this.#lines.threads--
    this.#output.forget(tid)
  }

  #isShown(call: EnteredCall): boolean {
    return this.#options.trace.has(call.resumes?.nr ?? call.nr)
  }

  /** How this call's text is spelled. */
  #textOptions(nr: number, tid: number): TextOptions {
    const { text, full, addressesOnly, raw, descriptors, commands } = this.#options
    if (
      full === NO_CALL &&
      addressesOnly === NO_CALL &&
      raw === NO_CALL &&
      descriptors === 'none' &&
      !commands
    )
      return text
    return {
      ...text,
      ...(full.has(nr) ? { full: true } : {}),
      ...(addressesOnly.has(nr) ? { addressesOnly: true } : {}),
      ...(raw.has(nr) ? { raw: true } : {}),
      ...(descriptors === 'none' ? {} : { descriptor: (fd: number) => descriptorText(tid, fd, descriptors) }),
      ...(commands ? { process: commandText } : {}),
    }
  }

  #enter(call: EnteredCall, tracee: TraceeAtEntry): void {
    if (!this.#isShown(call)) return
    const injection = this.#options.injections.length > 0 ? this.#injector.enter(call.nr, tracee) : undefined
    const shown = this.#options.paths.length === 0 || concerns(call, tracee, this.#options.paths)
    const ip = this.#options.instructionPointer ? tracee.instructionPointer : 0n
    const state = { injection, systemTimeUs: this.#summary ? tracee.systemTimeUs : 0, ip }
    if (!this.#prints || !shown) {
      this.#entered.set(call.tid, { ...state, entry: undefined, line: undefined })
      return
    }
    const entry = this.#entryText(call, tracee)
    const line = this.#late ? undefined : this.#begin(call, entry, ip)
    this.#entered.set(call.tid, { ...state, entry, line })
  }

  #entryText(call: EnteredCall, tracee: TraceeAtEntry): EntryText {
    if (!call.resumes) return entryText(call, tracee, this.#textOptions(call.nr, call.tid))
    const name = callName(call.resumes.nr, call.abi)
    return {
      text: `restart_syscall(<... resuming interrupted ${name} ...>`,
      printed: 0,
      complete: true,
      state: RESTARTED,
    }
  }

  #begin(call: EnteredCall, entry: EntryText, ip: bigint): OpenCall {
    const pointer = this.#options.instructionPointer ? ip : undefined
    return this.#lines.begin(call.tid, callName(call.nr, call.abi), call.timeNs, entry.text, call.nr, pointer)
  }

  #exit(call: LeftCall, tracee: TraceeAtExit): void {
    const entered = this.#entered.get(call.tid)
    if (!entered) return
    this.#entered.delete(call.tid)
    if (entered.injection) applyAtExit(entered.injection, tracee)
    this.#count(call, entered, tracee)
    const { entry } = entered
    if (!entry || (this.#late && !this.#options.status.has(statusOf(call)))) return
    const line = entered.line ?? this.#begin({ ...call, timeNs: call.enteredNs }, entry, entered.ip)
    const { rest, result } = exitText(call, entry, call, tracee, this.#textOptions(call.nr, call.tid))
    this.#lines.end(line, call.timeNs, rest, `${result}${this.#behind(call, entered)}`)
    this.#limit()
  }

  #count(call: LeftCall, entered: Entered, tracee: TraceeAtExit): void {
    if (!this.#summary) return
    const wall = Number(call.timeNs - call.enteredNs) / 1000
    const spent = this.#options.summaryWall ? wall : tracee.systemTimeUs - entered.systemTimeUs
    this.#summary.add(call.nr, call.failed, spent)
  }

  /** What stands behind the result. */
  #behind(call: LeftCall, { injection }: Entered): string {
    const injected = injection ? injectionText(injection) : ''
    if (!this.#options.durations) return injected
    const passed = call.timeNs - call.enteredNs
    const fraction = String((passed % 1_000_000_000n) / 1000n).padStart(6, '0')
    return `${injected} <${passed / 1_000_000_000n}.${fraction}>`
  }

  #limit(): void {
    if (++this.#calls === this.#options.syscallLimit) this.#stop()
  }

  /** Another thread made the call, and has the number of its leader now. */
  #exec(tid: number, formerTid: number, timeNs: bigint): void {
    if (formerTid === tid) {
      if (this.#options.detachOnExec) this.#stop()
      return
    }
    const call = this.#entered.get(formerTid)
    if (call?.line) this.#lines.renamed(call.line, tid)
    this.#entered.delete(formerTid)
    if (this.#prints && !this.#options.quiet.has('thread-execve'))
      this.#lines.whole(tid, timeNs, `+++ superseded by execve in pid ${formerTid} +++`)
    if (call) this.#entered.set(tid, { ...call, line: call.line && { ...call.line, tid } })
  }

  #exiting(tid: number, timeNs: bigint, insideCall: boolean): void {
    const entered = this.#entered.get(tid)
    if (!entered?.entry || !insideCall) return
    this.#entered.delete(tid)
    const { entry, line } = entered
    if (line) this.#lines.cut(line, timeNs, entry.complete)
    else if (this.#options.status.has('unfinished'))
      this.#lines.whole(tid, timeNs, `${entry.text}${entry.complete ? ')' : ' <unfinished ...>)'} = ?`)
  }
}

const RESTARTED = { shown: [], remembered: new Map() }

const RESTART_CODES = [-512n, -513n, -514n, -516n]
const statusOf = ({ failed, value }: LeftCall): Status =>
  failed && !RESTART_CODES.includes(value) ? 'failed' : 'successful'
