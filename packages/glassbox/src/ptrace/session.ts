/**
 * One trace, in its worker: what is started and attached to, the commands of the main thread, and
 * how the trace ends. All of ptrace happens in this thread. When the thread ends, the kernel
 * detaches the tracees, or kills them if that was asked for.
 */
import { GlassboxError } from '../errors.ts'
import { syscall } from '../gate/gate.ts'
import { signalNumber } from '../linux/signals.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { attach } from './start/attach.ts'
import { COMMAND } from '../trace/control.ts'
import { detachAll } from './ending/detach.ts'
import type { Ended } from '../trace/end.ts'
import type { SessionHooks, TraceSession } from '../trace/session.ts'
import { Engine } from './engine.ts'
import { Launch, type Waiting } from './launch.ts'
import { launchPlan, type LaunchSpec } from './launch-plan.ts'
import { seize, seizeError, type SeizeOptions } from './start/seize.ts'
import { killAll } from './ending/kill.ts'
import { Task } from './task.ts'

export interface SessionSpec extends SeizeOptions {
  readonly launch?: {
    readonly spec: LaunchSpec
    readonly stdio: readonly [number, number, number]
    /** The process that will become the command, if the trace starts none. */
    readonly waiting?: Waiting
  }
  /**
   * A child of another process that waits to be seized. From then on it is treated as a command
   * that the trace started.
   */
  readonly adopt?: number
  readonly pids: readonly number[]
  readonly sameCpu: boolean
}

/** The exit code of a process that was to become the command, if it cannot execute the program. */
const NOT_EXECUTED = 1
const KILL = syscallNumber('kill')
const SIGTERM = signalNumber('SIGTERM') ?? 0
const SIGCONT = signalNumber('SIGCONT') ?? 0

const askToEnd = (pid: number): void => {
  for (const signal of [SIGTERM, SIGCONT]) syscall(KILL, pid, signal)
}

function askedOnce(): (pid: number) => void {
  const asked = new Set<number>()
  return pid => {
    if (!asked.has(pid)) askToEnd(pid)
    asked.add(pid)
  }
}

export class Session implements TraceSession {
  readonly #spec: SessionSpec
  readonly #hooks: SessionHooks
  readonly #engine: Engine
  #launch: Launch | undefined
  /** The process whose end is the end of the trace. */
  #root = 0
  #failure: GlassboxError | undefined
  /** The trace is being ended from outside, and processes that end now do so because of that. */
  #stopping = false
  /** Set once the tracees are being killed; no later command lets one live. */
  #killing = false

  constructor(spec: SessionSpec, hooks: SessionHooks) {
    this.#spec = spec
    this.#hooks = hooks
    const { follow, filtered, sameCpu } = spec
    this.#engine = new Engine({ ...hooks, follow, filtered, sameCpu })
    this.#engine.onCommands = commands => this.#obey(commands)
    this.#engine.onFirstCall = errno => this.#firstCall(errno)
    this.#engine.onLaunchEnded = () => {
      this.#failure ??= this.#stopping ? undefined : this.#launch?.failure()
    }
  }

  /** Runs the trace to its end. Returns how its first process ended, if it did. */
  run(): Ended | undefined {
    const { launch, adopt, pids } = this.#spec
    try {
      this.#attach(pids)
      if (launch) this.#start(launch)
      if (adopt !== undefined) this.#adopt(adopt)
      this.#engine.run()
    } catch (error) {
      this.#abort()
      throw error
    } finally {
      this.#engine.close()
      this.#launch?.close()
    }
    if (this.#failure) {
      this.#engine.handlers.end?.()
      throw this.#failure
    }
    return this.#engine.ends.get(this.#root)
  }

  #attach(pids: readonly number[]): void {
    const errors = pids.flatMap(pid => {
      const error = attach(this.#engine, pid, this.#spec)
      if (!error) this.#found(pid)
      else this.#engine.handlers.notAttached?.({ pid, error })
      return error ? [error] : []
    })
    const [first] = errors
    if (first && errors.length === pids.length && !this.#spec.launch) throw first
  }

  #start({ spec, stdio, waiting }: NonNullable<SessionSpec['launch']>): void {
    const inherited = spec.inherited?.descriptors ?? []
    const launch = new Launch(spec.path, launchPlan(spec, waiting && NOT_EXECUTED), {
      ...{ stdio, inherited },
      ...(waiting && { waiting }),
    })
    this.#launch = launch
    try {
      this.#adopt(launch.pid)
    } catch (error) {
      launch.abandon()
      this.#launch = undefined
      throw error
    }
    launch.go()
  }

  /**
   * Adopts a process that waits. What it does before its first execve stays hidden; it sends
   * itself SIGCONT when that execve comes next.
   */
  #adopt(pid: number): void {
    const errno = seize(pid, this.#spec)
    if (errno !== 0) throw seizeError(pid, errno)
    const task = new Task(pid, pid)
    task.launching = 'waits'
    this.#engine.add(task)
    this.#found(pid)
    this.#hooks.onSeized?.()
  }

  #found(pid: number): void {
    this.#root = pid
    this.#engine.ends.set(pid, undefined)
    this.#hooks.onPid(pid)
  }

  #firstCall(errno: number): void {
    // The trace's own launcher tries once. For an adopted child, its creator knows what it does
    // next.
    if (errno !== 0 && this.#launch) this.#failure = this.#launch.executeFailure(errno)
  }

  #obey(commands: number): void {
    this.#stopping = true
    if (commands & COMMAND.quit) this.#engine.abandon()
    else if (commands & COMMAND.kill) this.#killAll()
    else if (commands & COMMAND.detach && !this.#killing) this.#detach((commands & COMMAND.keep) !== 0)
  }

  #killAll(): void {
    this.#killing = true
    killAll(this.#engine)
  }

  #detach(keep: boolean): void {
    const { launch, adopt, filtered } = this.#spec
    const isOurs = (launch !== undefined || adopt !== undefined) && !keep
    const isRootHere = this.#engine.ends.get(this.#root) === undefined
    // Without a tracer, the calls that the filter stops would fail, so no tracee could continue
    // correctly.
    detachAll(this.#engine, isOurs && filtered ? askedOnce() : undefined)
    if (isOurs && !filtered && isRootHere) askToEnd(this.#root)
  }

  /** A handler threw, or the start failed half way. No handler is called after this. */
  #abort(): void {
    this.#engine.mute()
    if (this.#spec.killOnExit) this.#killAll()
    else detachAll(this.#engine)
    this.#engine.finishBatch()
    this.#engine.run()
  }
}
