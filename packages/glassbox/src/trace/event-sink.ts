/**
 * Turns stops into the events of the async iterable. To the trace, these are handlers like any
 * others.
 */
import { callName } from '../decode/call-name.ts'
import { planOf } from '../decode/lanes/call-plans.ts'
import { EVERY_ITEM, type Planned } from '../decode/lanes/plan.ts'
import { SIGCHLD } from '../linux/constants.ts'
import { errnoName } from '../linux/errno.ts'
import { signalName } from '../linux/signals.ts'
import { entryValues, exitValues, type NetlinkProtocol, type Values } from '../decode/values.ts'
import { combine } from './combine.ts'
import type { Control } from './control.ts'
import { Outbox, type Unsent } from './outbox.ts'
import type { TraceEvent } from './events.ts'
import type { EnteredCall, LeftCall, TraceHandlers } from './handlers.ts'
import type { Tracee } from './tracee.ts'

export interface EventOptions {
  readonly events: readonly TraceEvent['type'][]
  readonly queue: number
  readonly slowReader: 'pause' | 'drop'
  readonly bufferLimit: number
}

type Time = { readonly tid: number; readonly pid: number; readonly timeNs: bigint }

/** The protocol of a netlink socket, which is looked up while the call waits. */
const protocolOf =
  (tracee: Tracee): NetlinkProtocol =>
  fd =>
    tracee.descriptor(fd)?.socket()?.netlinkProtocol()

/**
 * siginfo_t: si_code is at 8; si_pid is at 16 if the code says that a process sent the signal.
 * Source: sigaction(2).
 */
const SI_CODE = 8
const SI_PID = 16

export class EventSink {
  readonly handlers: TraceHandlers
  readonly #outbox: Outbox
  readonly #bufferLimit: number
  /** Arguments of the calls in progress, by tid. */
  readonly #entered = new Map<number, Values>()
  /** CLOCK_REALTIME minus CLOCK_MONOTONIC when the trace began. */
  readonly #epochNs: bigint = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint()

  constructor(options: EventOptions, control: Control, post: (events: readonly TraceEvent[]) => void) {
    this.#bufferLimit = options.bufferLimit
    this.#outbox = new Outbox(control, options.queue, options.slowReader, post)
    this.handlers = this.#handlers(new Set(options.events))
  }

  /** Blocks the tracees while the reader is too far behind. */
  hold(): void {
    this.#outbox.hold()
  }

  flush(): void {
    this.#outbox.flush()
  }

  #handlers(wanted: ReadonlySet<TraceEvent['type']>): TraceHandlers {
    const add = (make: () => Unsent): void => this.#add(make)
    const at = (stop: Time): Time => ({
      pid: stop.pid,
      tid: stop.tid,
      timeNs: stop.timeNs + this.#epochNs,
    })
    const all: { readonly [Type in TraceEvent['type']]: TraceHandlers } = {
      'syscall-enter': {
        enter: (call, tracee) =>
          add(() => ({
            type: 'syscall-enter',
            ...at(call),
            ...named(call),
            args: entryValues(call, tracee, this.#bufferLimit, protocolOf(tracee)),
          })),
      },
      'syscall-exit': {
        exit: (call, tracee) =>
          add(() => ({
            type: 'syscall-exit',
            ...at(call),
            ...named(call),
            args: this.#left(call, tracee),
            result: narrow(call.value),
            ...(call.failed ? { errno: errnoName(Number(-call.value)) } : {}),
            durationNs: call.timeNs - call.enteredNs,
            tampered: call.tampered,
          })),
      },
      signal: {
        signal: stop =>
          add(() => ({
            type: 'signal',
            ...at(stop),
            signal: signalName(stop.signal),
            ...sender(stop.siginfo, stop.signal),
          })),
      },
      'group-stop': {
        groupStop: stop => add(() => ({ type: 'group-stop', ...at(stop), signal: signalName(stop.signal) })),
      },
      'new-child': {
        newChild: stop => add(() => ({ type: 'new-child', ...at(stop), child: stop.child, kind: stop.kind })),
      },
      exec: {
        exec: (stop, tracee) =>
          add(() => ({
            type: 'exec',
            ...at(stop),
            formerTid: stop.formerTid,
            path: tracee.executable() ?? '',
          })),
      },
      exit: { exited: stop => add(() => ({ type: 'exit', ...at(stop), code: stop.code })) },
      killed: {
        killed: stop =>
          add(() => ({
            type: 'killed',
            ...at(stop),
            signal: signalName(stop.signal),
            coreDumped: stop.coreDumped,
          })),
      },
    }
    const chosen = Object.entries(all).filter(([type]) => wanted.has(type as TraceEvent['type']))
    const keeping = wanted.has('syscall-exit') ? [this.#keeping()] : []
    const handlers = [...keeping, ...chosen.map(([, own]) => own)].reduce<TraceHandlers>(combine, {
      idle: () => this.#outbox.flush(),
    })
    return handlers.enter || handlers.exit ? { ...handlers, plan: nr => this.#plan(nr) } : handlers
  }

  /** Of the thread, events of calls show nothing but the values of arguments. */
  #plan(nr: number): Planned | undefined {
    return planOf(nr, { bytes: this.#bufferLimit, items: Math.max(this.#bufferLimit, EVERY_ITEM) })
  }

  /**
   * The inputs of a call are read at its entry: an execve replaces them, and other threads may
   * too.
   */
  #keeping(): TraceHandlers {
    return {
      enter: (call, tracee) => {
        this.#entered.set(call.tid, entryValues(call, tracee, this.#bufferLimit, protocolOf(tracee)))
      },
      exec: ({ tid, formerTid }) => {
        const entered = this.#entered.get(formerTid)
        this.#entered.delete(formerTid)
        if (entered) this.#entered.set(tid, entered)
      },
      exited: ({ tid }) => {
        this.#entered.delete(tid)
      },
      killed: ({ tid }) => {
        this.#entered.delete(tid)
      },
      detached: ({ tid }) => {
        this.#entered.delete(tid)
      },
    }
  }

  #left(call: LeftCall, tracee: Tracee): Values {
    const entered =
      this.#entered.get(call.tid) ?? entryValues(call, tracee, this.#bufferLimit, protocolOf(tracee))
    this.#entered.delete(call.tid)
    return exitValues(call, entered, call, tracee, this.#bufferLimit, protocolOf(tracee))
  }

  #add(make: () => Unsent): void {
    if (this.#outbox.isFull) this.#outbox.drop()
    else this.#outbox.add(make())
  }
}

const named = ({ nr, abi, args }: EnteredCall): Omit<CallFacts, 'args'> => ({
  name: callName(nr, abi),
  nr,
  abi,
  rawArgs: args,
})

type CallFacts = Pick<
  Extract<TraceEvent, { type: 'syscall-enter' }>,
  'name' | 'nr' | 'abi' | 'args' | 'rawArgs'
>

const narrow = (value: bigint): number | bigint => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/**
 * SI_USER, SI_QUEUE, SI_TKILL and so on: codes of 0 and below; and SIGCHLD, which a child causes.
 */
function sender(siginfo: Uint8Array, signal: number): { senderPid?: number } {
  const view = new DataView(siginfo.buffer, siginfo.byteOffset)
  const fromProcess = view.getInt32(SI_CODE, true) <= 0 || signal === SIGCHLD
  return fromProcess ? { senderPid: view.getInt32(SI_PID, true) } : {}
}
