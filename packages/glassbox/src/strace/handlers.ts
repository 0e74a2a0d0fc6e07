/**
 * The handlers of the command's trace: which calls are seen, what is done to them, and what the
 * outputs hear of them. The code path of a call is short on purpose. Outputs that were not asked
 * for are not even loaded.
 */
import type { Planned } from '../decode/lanes/plan.ts'
import type { Abi } from '../decode/types.ts'
import { errnoMessage } from '../linux/errno.ts'
import { registerOf, syscallOf } from '../linux/abi.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import type { EnteredCall, LeftCall, LineTaker, TraceHandlers } from '../trace/handlers.ts'
import { commonPlan } from '../trace/combine.ts'
import type { TraceeAtEntry, TraceeAtExit } from '../trace/tracee.ts'
import type { Subject } from '../trace/subject.ts'
import { contains } from './select/call-set.ts'
import { Injector } from './inject/inject.ts'
import { say } from './text/messages.ts'
import type { TraceSettings } from './options.ts'
import { CannotOpen, Output } from './output/output.ts'
import { OutputFull } from './output/writer.ts'
import type { PathFilter } from './select/path-filter.ts'
import type { Sink } from './output/sink.ts'
import { Interfaces } from './text/interfaces.ts'
import type { Stacks } from './text/stacks.ts'
import { makeSinks } from './output/sinks.ts'
import { TraceeState } from './tracee-state.ts'

/** What the handlers ask of the command. */
export interface Asks {
  /** The output cannot be written any more. Nothing is shown after this. */
  readonly outputFailed: (message: string) => void
  /** The output reached its size limit. Nothing is shown after this. */
  readonly outputFull?: () => void
  /** --syscall-limit was reached. */
  readonly limitReached: () => void
  /** The command could not be executed, and the output says so. */
  readonly notExecuted?: () => void
}

const EXECVE = syscallNumber('execve')

class Handlers {
  readonly #options: TraceSettings
  readonly #asks: Asks
  readonly #output: Output
  readonly #states = new Map<number, TraceeState>()
  readonly #injector: Injector | undefined
  #paths: PathFilter | undefined
  #stacks: Stacks | undefined
  #sinks: readonly Sink[] = []
  #callsLeft: number
  #muted = false
  #hasEnded = false
  /** The command, until its first execve has ended. */
  #launching: TraceeState | undefined
  readonly #announced = new Set<number>()

  constructor(options: TraceSettings, asks: Asks) {
    this.#options = options
    this.#asks = asks
    if (options.injections.length > 0)
      this.#injector = new Injector(options.injections, message => this.#output.say(message))
    this.#callsLeft = options.callLimit ?? Infinity
    this.#output = new Output(options.output, options.selection, (name, error) => this.#failed(name, error))
  }

  async load(): Promise<void> {
    const { paths, fds } = this.#options.selection
    if (paths.length > 0 || fds) {
      const { PathFilter: Filter } = await import('./select/path-filter.ts')
      this.#paths = new Filter(paths, fds)
    }
    const { stacks } = this.#options
    if (stacks) this.#stacks = new (await import('./text/stacks.ts')).Stacks(stacks)
    this.#sinks = await makeSinks(this.#options, this.#output, this.#states, {
      stacks: this.#stacks,
      onError: (name, error) => this.#failed(name, error),
    })
    this.#lookers = this.#sinks.filter(sink => 'enter' in sink || 'exit' in sink)
    const { injections, callLimit } = this.#options
    const isChanged = injections.length > 0 || callLimit !== undefined
    this.#mustStop = isChanged || this.#paths !== undefined || this.#stacks !== undefined
  }

  #failed(name: string, error: unknown): void {
    this.#muted = true
    if (error instanceof OutputFull) {
      this.#asks.outputFull?.()
      return
    }
    const cause = error instanceof CannotOpen ? error.cause : error
    const why =
      cause instanceof Error && 'errno' in cause ? errnoMessage(-(cause.errno as number)) : String(cause)
    this.#asks.outputFailed(cause === error ? `${name}: ${why}` : `Can't fopen '${name}': ${why}`)
  }

  enter(call: EnteredCall, tracee: TraceeAtEntry): void {
    const state = this.#state(call.tid, call.pid)
    this.#sees(state, call.abi, call.timeNs)
    const isNamed = syscallOf(call.nr, call.abi) !== undefined
    const isShown =
      !this.#muted &&
      (!isNamed || contains(this.#options.selection.trace, call.abi, call.nr)) &&
      (this.#paths === undefined || this.#paths.matches(call, tracee))
    state.shown = isShown
    state.number = registerOf(call.nr, call.abi)
    if (!isShown) return
    // Before its first execve, the command is still the launcher, whose stack does not matter.
    const isLauncher = this.#launching === state
    // As in strace, the execve that starts the command is neither tampered with nor counted.
    const isStart = isLauncher && call.nr === EXECVE
    if (this.#injector && isNamed && !isStart)
      state.tampering = this.#injector.enter(call, tracee, state.counters)
    if (!isLauncher) this.#stacks?.enter(state, call, tracee)
    for (const sink of this.#sinks) sink.enter?.(state, call, tracee)
  }

  exit(call: LeftCall, tracee: TraceeAtExit): void {
    const state = this.#state(call.tid, call.pid)
    this.#stacks?.left(state, call)
    if (state.shown) {
      state.shown = false
      if (state.tampering) this.#injector?.exit(call, tracee, state.tampering)
      for (const sink of this.#sinks) sink.exit?.(state, call, tracee)
      state.tampering = undefined
      if (--this.#callsLeft === 0) this.#limit()
    }
    if (this.#launching === state) this.#firstLeft(state, call)
  }

  /**
   * Whether a handler looks at the tracee or changes it, or an action is due at a certain call.
   */
  #mustStop = false
  /** The outputs that look at calls. */
  #lookers: readonly Sink[] = []

  mayDefer(nr: number): boolean {
    return !this.#mustStop && this.#lookers.every(sink => sink.mayDefer?.(nr) ?? false)
  }

  /** A call that is not shown has no plan: with one, its line would be made and told. */
  plan(nr: number): Planned | undefined {
    const isShown = contains(this.#options.selection.trace, 'x86_64', nr)
    return this.#mustStop || !isShown ? undefined : commonPlan(this.#lookers, nr)
  }

  /** If one output shows calls, and all others look at them only for it. */
  #lines(): LineTaker | undefined {
    const showing = this.#lookers.filter(sink => !(sink instanceof Interfaces))
    const taker =
      showing.length === 1 && !this.#mustStop ? showing[0]?.lines?.(tid => this.#states.get(tid)) : undefined
    if (!taker) return undefined
    return {
      ...taker,
      lines: told => {
        if (!this.#muted) taker.lines(told)
      },
      entered: (call, column) => {
        const state = this.#state(call.tid, call.pid)
        state.shown = !this.#muted
        state.number = call.nr
        if (!this.#muted) taker.entered(call, column)
      },
    }
  }

  #limit(): void {
    this.#muted = true
    this.#asks.limitReached()
  }

  /** A command that could not be executed ends as a child of strace does. */
  #firstLeft(state: TraceeState, call: LeftCall): void {
    if (call.failed && call.nr === EXECVE) this.#notExecuted(state, -Number(call.value), call.timeNs)
    this.#launching = undefined
  }

  #notExecuted(state: TraceeState, errno: number, timeNs: bigint): void {
    this.#output.say(`exec: ${errnoMessage(errno)}`)
    for (const sink of this.#sinks) sink.exited?.(state, timeNs, 1)
    this.end()
    this.#asks.notExecuted?.()
  }

  /** The command could not be executed, which a trace without execve has not shown. */
  notExecuted(errno: number): void {
    const state = this.#launching
    this.#launching = undefined
    if (state) this.#notExecuted(state, errno, process.hrtime.bigint())
  }

  #sees(state: TraceeState, abi: Abi, timeNs: bigint): void {
    if (state.abi === abi) return
    state.abi = abi
    if (!this.#muted) for (const sink of this.#sinks) sink.abiChanged?.(state, timeNs)
  }

  #state(tid: number, pid: number): TraceeState {
    const known = this.#states.get(tid)
    if (known) return known
    const state = new TraceeState(tid, pid)
    this.#states.set(tid, state)
    return state
  }

  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    for (const sink of this.#sinks) sink.end?.()
    this.#stacks?.end()
    this.#output.flush()
  }

  idle(): void {
    for (const sink of this.#sinks) sink.idle?.()
  }

  attached(
    { tid, pid, timeNs, attached }: Parameters<NonNullable<TraceHandlers['attached']>>[0],
    subject: Subject,
  ): void {
    const state = this.#state(tid, pid)
    state.attached = attached
    if (attached) this.#announce(subject)
    else this.#launching = state
    for (const sink of this.#sinks) sink.started?.(state, timeNs, undefined, subject)
  }

  #announce(subject: Subject): void {
    const { tid, pid } = subject
    if (this.#options.quiet.includes('attach')) return
    if (!this.#options.follow) this.#output.say(`Process ${tid} attached`)
    if (!this.#options.follow || this.#announced.has(pid)) return
    this.#announced.add(pid)
    const threads = subject.threadCount() ?? 1
    this.#output.say(`Process ${pid} attached${threads > 1 ? ` with ${threads} threads` : ''}`)
  }

  /**
   * The sinks see the parent's ABI in the child: it is the same program until it executes another
   * one.
   */
  newChild(
    { tid, child, childPid, timeNs }: Parameters<NonNullable<TraceHandlers['newChild']>>[0],
    subject: Subject,
  ): void {
    const parent = this.#states.get(tid)
    const state = this.#state(child, childPid)
    if (parent) state.abi = parent.abi
    if (!this.#options.quiet.includes('attach')) this.#output.say(`Process ${child} attached`)
    this.#stacks?.started(state, parent)
    for (const sink of this.#sinks) sink.started?.(state, timeNs, parent, subject)
  }

  exec(
    { tid, formerTid, timeNs }: Parameters<NonNullable<TraceHandlers['exec']>>[0],
    subject: Subject,
  ): void {
    const state = this.#state(tid, tid)
    const former = formerTid === tid ? undefined : this.#states.get(formerTid)
    if (former) {
      state.shown = former.shown
      state.tampering = former.tampering
      state.systemTimeUs = former.systemTimeUs
      state.abi = former.abi
      state.stack = former.stack
      this.#states.delete(formerTid)
    }
    this.#stacks?.exec(state)
    for (const sink of this.#sinks) sink.exec?.(state, timeNs, former, subject)
    if (former) this.#output.close(former)
    for (const other of this.#states.values()) if (other.pid === tid && other !== state) this.#drop(other)
  }

  #drop(state: TraceeState): void {
    this.#states.delete(state.tid)
    this.#stacks?.dropped(state)
    this.#output.close(state)
  }

  handlers(): TraceHandlers {
    const sinks = this.#sinks
    const lines = this.#lines()
    const wants = (name: keyof Sink): boolean => sinks.some(sink => sink[name] !== undefined)
    const of = ({ tid, pid }: { tid: number; pid: number }): TraceeState => this.#state(tid, pid)
    return {
      mayDefer: nr => this.mayDefer(nr),
      plan: nr => this.plan(nr),
      ...(lines && { lines }),
      enter: (call, tracee) => this.enter(call, tracee),
      exit: (call, tracee) => this.exit(call, tracee),
      ...(wants('signal') && {
        signal: (stop, tracee) => {
          if (!this.#muted) for (const sink of sinks) sink.signal?.(of(stop), stop, tracee)
        },
      }),
      ...(wants('groupStop') && {
        groupStop: (stop, tracee) => {
          for (const sink of sinks) sink.groupStop?.(of(stop), stop.signal, stop.timeNs, tracee)
        },
      }),
      abiChanged: stop => this.#sees(of(stop), stop.abi, stop.timeNs),
      attached: (stop, subject) => this.attached(stop, subject),
      notAttached: ({ error }) => say(error.message),
      newChild: (stop, child) => this.newChild(stop, child),
      exec: (stop, tracee) => {
        this.exec(stop, tracee)
        if (this.#options.detachOnExecve && this.#launching?.tid !== stop.tid) tracee.detach()
        // The command has begun, even if its execve is not shown.
        if (this.#launching?.tid === stop.tid) this.#launching = undefined
      },
      ...(wants('exiting') && {
        exiting: (stop, tracee) => {
          const state = of(stop)
          for (const sink of sinks) sink.exiting?.(state, stop.timeNs, stop.insideCall, tracee)
        },
      }),
      exited: stop => {
        const state = of(stop)
        for (const sink of sinks) sink.exited?.(state, stop.timeNs, stop.code)
        this.#drop(state)
      },
      killed: stop => {
        const state = of(stop)
        for (const sink of sinks) sink.killed?.(state, stop.timeNs, stop.signal, stop.coreDumped)
        this.#drop(state)
      },
      detached: stop => {
        const state = of(stop)
        if (!this.#options.quiet.includes('attach')) this.#output.say(`Process ${state.tid} detached`)
        for (const sink of sinks) sink.detached?.(state, stop.timeNs)
        this.#drop(state)
      },
      end: () => this.end(),
      idle: () => this.idle(),
    }
  }
}

/**
 * Makes the handlers of a trace by these options. If the command could not be executed, the error
 * of the trace is told to `notExecuted`, for traces in which execve does not stop.
 */
export async function makeHandlers(
  options: TraceSettings,
  asks: Asks,
): Promise<{ readonly handlers: TraceHandlers; readonly notExecuted: (errno: number) => void }> {
  const handlers = new Handlers(options, asks)
  await handlers.load()
  return { handlers: handlers.handlers(), notExecuted: errno => handlers.notExecuted(errno) }
}
