/**
 * Tells the handlers of a trace what the tasks of a world do, and does to the tasks what handlers
 * ask for. It runs in the kernel thread, where every task in question is stopped. An error of a
 * handler ends the world and is kept: it must not reach the kernel, which would take it for its
 * own.
 */
import { executeError } from '../../../launch/step-error.ts'
import { CLONE_VFORK, SI_USER, SIGCHLD } from '../../../linux/constants.ts'
import { ERESTARTSYS } from '../../../linux/errno-numbers.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import { ARGUMENTS, REGISTER } from '../../../kernel/platform/registers.ts'
import { hold } from '../../../kernel/task/timing/hold.ts'
import type { TaskObserver } from '../../../kernel/task/observer.ts'
import { encodeInfo, SIGINFO_SIZE, type SignalInfo } from '../../../kernel/task/signals/info.ts'
import type { Process, Task } from '../../../kernel/task/state.ts'
import { type Interruption, NO_RESULT } from '../../../kernel/wait/blocking.ts'
import { COMMAND } from '../../../trace/control.ts'
import type { EnteredCall } from '../../../trace/handlers.ts'
import type { SessionHooks } from '../../../trace/session.ts'
import { KernelTimes } from './kernel-times.ts'
import { LaunchMemory, type Launched } from './launch-memory.ts'
import { TaskTracee } from './task-tracee.ts'

const EXECVE = syscallNumber('execve')
const RT_SIGRETURN = syscallNumber('rt_sigreturn')
const SIGNAL_BITS = 0x7f
const CORE_BIT = 0x80
const MOST_ERRNO = 4095n
const NS_PER_US = 1000
/** While guests run without a wait for something else, idle work is done this often. */
const IDLE_NS = 10_000_000

/** What a tracer sees as the result of a call that a signal has interrupted: −ERESTART…. */
const INTERRUPTED: Readonly<Record<Interruption, number>> = {
  restart: -512,
  'no-handler': -514,
  continue: -516,
  'kill-only': -512,
}

interface Progress {
  readonly entered: EnteredCall
  /** Told as entered and not yet as left. */
  isOpen: boolean
  /** A handler has changed it at its entry. */
  tampered: boolean
}

/** What the trace does to its world. */
export interface Observed {
  /** Ends it. */
  cancel(): void
  /** Nothing is observed from now on. Without `keep` the program is asked to end. */
  leave(keep: boolean): void
  now(): number
  /** Whether a guest runs. */
  isBusy(): boolean
}

export class WorldTrace implements TaskObserver {
  /** What a handler has thrown. */
  failure: { readonly error: unknown } | undefined
  readonly #hooks: SessionHooks
  readonly #world: Observed
  readonly #follow: boolean
  readonly #calls = new Map<Task, Progress>()
  readonly #times: KernelTimes
  /** Processes that a handler has let go, and what they have made since. */
  readonly #letGo = new WeakSet<Process>()
  #first: Task | undefined
  #idleNs = 0

  /** `follow`: whether to tell of threads and children too. */
  constructor(hooks: SessionHooks, world: Observed, follow: boolean) {
    this.#hooks = hooks
    this.#world = world
    this.#follow = follow
    this.#times = new KernelTimes(() => world.now())
  }

  /** The first program is loaded: tells of the execve that would have started it. */
  begin(task: Task, launched: Launched): void {
    const { handlers, onPid } = this.#hooks
    const tracee = new TaskTracee(task, this.#times, new LaunchMemory(launched))
    const call: EnteredCall = { ...stopOf(task), nr: EXECVE, args: tracee.launchArguments, abi: 'x86_64' }
    const isWanted = this.#isWanted(EXECVE)
    this.#first = task
    this.#tell(task, tracee, () => {
      onPid(task.process.pid)
      handlers.attached?.({ ...stopOf(task), attached: false }, tracee)
      if (isWanted) handlers.enter?.(call, tracee)
    })
    const { skipped, tampered } = tracee
    if (skipped === undefined)
      this.#tell(task, tracee, () => handlers.exec?.({ ...stopOf(task), formerTid: task.tid }, tracee))
    if (isWanted) this.#tellLeft(task, { entered: call, isOpen: true, tampered }, skipped ?? 0n, tracee)
    if (skipped !== undefined) this.#fail(executeError(launched.path, Number(-skipped)))
  }

  entered(task: Task): boolean {
    if (!this.#isFollowed(task) || !this.#isWanted(task.nr)) return true
    const call: EnteredCall = { ...stopOf(task), nr: task.nr, args: argumentsOf(task), abi: 'x86_64' }
    const stackPointer = BigInt.asUintN(64, BigInt(task.thread.sp))
    const entered = task.nr === RT_SIGRETURN ? { ...call, stackPointer } : call
    const tracee = this.#tracee(task)
    const progress: Progress = { entered, isOpen: true, tampered: false }
    this.#calls.set(task, progress)
    this.#tell(task, tracee, () => this.#hooks.handlers.enter?.(entered, tracee))
    progress.tampered = tracee.tampered
    if (tracee.skipped !== undefined) setResult(task, tracee.skipped)
    this.#times.begin(task)
    return tracee.skipped === undefined
  }

  lookingAgain(task: Task): void {
    if (this.#calls.has(task)) this.#times.begin(task)
  }

  left(task: Task, result: number): void {
    this.#times.end(task)
    const progress = this.#calls.get(task)
    // A call during which the thread is killed has no result.
    if (!progress || task.isBeingKilled) return
    // The signal that had interrupted it had no handler: it has begun again.
    if (!progress.isOpen) {
      const again = this.#tracee(task)
      this.#tell(task, again, () => this.#hooks.handlers.enter?.(progress.entered, again))
    }
    this.#calls.delete(task)
    const value = result === NO_RESULT ? task.thread.registers().getExact(REGISTER.rax) : BigInt(result)
    const tracee = this.#tracee(task)
    this.#tellLeft(task, progress, value, tracee)
    if (tracee.result === undefined) return
    setResult(task, tracee.result)
    // A call that was to be made again is over instead.
    if (result === -ERESTARTSYS) task.thread.registers().set(REGISTER.rip, task.thread.ip)
  }

  signaled(task: Task, info: SignalInfo): SignalInfo | undefined {
    if (!this.#isFollowed(task)) return info
    this.#interrupted(task)
    const siginfo = new Uint8Array(SIGINFO_SIZE)
    encodeInfo(info, new DataView(siginfo.buffer), 0)
    const tracee = this.#tracee(task)
    let instead: number | undefined
    this.#tell(task, tracee, () => {
      const stop = { ...stopOf(task), signal: info.signal, siginfo }
      instead = this.#hooks.handlers.signal?.(stop, tracee) ?? undefined
    })
    if (instead === 0) return undefined
    // As ptrace(2): another signal than the original comes from the tracer.
    if (instead === undefined || instead === info.signal) return info
    return { signal: instead, code: SI_USER, details: { kind: 'sender', pid: 0, uid: 0 } }
  }

  /** A signal ends the wait of the task's call, which may begin again later. */
  #interrupted(task: Task): void {
    const progress = this.#calls.get(task)
    const { wait } = task
    if (!progress?.isOpen || !wait) return
    progress.isOpen = false
    const tracee = this.#tracee(task)
    // What it has done so far is its result, or it stores how much time is left.
    const result = wait.interrupted?.()
    this.#tellLeft(task, progress, BigInt(result ?? INTERRUPTED[wait.interruption]), tracee)
    const final = tracee.result ?? (result === undefined ? undefined : BigInt(result))
    if (final === undefined) return
    task.endWait()
    this.#calls.delete(task)
    setResult(task, final)
  }

  stopped(process: Process, signal: number): void {
    for (const task of process.tasks) {
      if (!this.#isFollowed(task)) continue
      const tracee = this.#tracee(task)
      this.#tell(task, tracee, () => this.#hooks.handlers.groupStop?.({ ...stopOf(task), signal }, tracee))
    }
  }

  created(task: Task, child: Task, flags: number, exitSignal: number): void {
    if (this.#letGo.has(task.process)) this.#letGo.add(child.process)
    if (!this.#isFollowed(child)) return
    const isVfork = Math.floor(flags / CLONE_VFORK) % 2 === 1
    const kind = isVfork ? 'vfork' : exitSignal === SIGCHLD ? 'fork' : 'clone'
    const stop = { ...stopOf(task), child: child.tid, childPid: child.process.pid, kind } as const
    const tracee = this.#tracee(child)
    this.#tell(child, tracee, () => this.#hooks.handlers.newChild?.(stop, tracee))
  }

  executed(task: Task, formerTid: number): void {
    if (!this.#isFollowed(task)) return
    const tracee = this.#tracee(task)
    this.#tell(task, tracee, () => this.#hooks.handlers.exec?.({ ...stopOf(task), formerTid }, tracee))
    if (!tracee.isLetGo) return
    const insideCall = this.#calls.delete(task)
    this.#letGo.add(task.process)
    this.#tell(task, tracee, () => this.#hooks.handlers.detached?.({ ...stopOf(task), insideCall }))
  }

  ending(task: Task, status: number): void {
    if (!this.#isFollowed(task)) return
    const insideCall = this.#calls.get(task)?.isOpen === true
    this.#calls.delete(task)
    const { handlers } = this.#hooks
    const signal = status & SIGNAL_BITS
    const tracee = this.#tracee(task)
    this.#tell(task, tracee, () => {
      handlers.exiting?.({ ...stopOf(task), insideCall }, tracee)
      if (signal === 0) handlers.exited?.({ ...stopOf(task), code: (status >> 8) & 0xff })
      else handlers.killed?.({ ...stopOf(task), signal, coreDumped: (status & CORE_BIT) !== 0 })
    })
  }

  beforeWait(): void {
    this.#times.pause()
    const commands = this.#hooks.control.take()
    if (commands & (COMMAND.kill | COMMAND.quit)) this.#world.cancel()
    else if (commands & COMMAND.detach) this.#world.leave((commands & COMMAND.keep) !== 0)
    this.#guard(() => this.#hooks.beforeWait?.())
    const now = this.#world.now()
    if (this.#world.isBusy() && now - this.#idleNs < IDLE_NS) return
    this.#idleNs = now
    this.#guard(() => this.#hooks.handlers.idle?.())
  }

  #isWanted(nr: number): boolean {
    return this.#hooks.isWanted?.('x86_64', nr) ?? true
  }

  #isFollowed(task: Task): boolean {
    return (this.#follow || task === this.#first) && !this.#letGo.has(task.process)
  }

  #tracee(task: Task): TaskTracee {
    return new TaskTracee(task, this.#times)
  }

  #tellLeft(task: Task, { entered, tampered }: Progress, value: bigint, tracee: TaskTracee): void {
    const failed = value < 0n && value >= -MOST_ERRNO
    const { timeNs: enteredNs } = entered
    const call = { ...entered, ...stopOf(task), enteredNs, value, failed, tampered }
    this.#tell(task, tracee, () => this.#hooks.handlers.exit?.(call, tracee))
  }

  /** Calls handlers, and delays the task if they ask for it. */
  #tell(task: Task, tracee: TaskTracee, handler: () => void): void {
    tracee.delayUs = 0
    this.#guard(handler)
    if (tracee.delayUs > 0) hold(task, this.#world.now() + tracee.delayUs * NS_PER_US)
  }

  #guard(handler: () => void): void {
    if (this.failure) return
    try {
      handler()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.failure ??= { error }
    this.#world.cancel()
  }
}

const stopOf = (task: Task): { tid: number; pid: number; timeNs: bigint } => ({
  tid: task.tid,
  pid: task.process.pid,
  timeNs: process.hrtime.bigint(),
})

/** The registers are exact if the numbers are not. */
function argumentsOf(task: Task): readonly bigint[] {
  const { args } = task.thread
  if (args.every(Number.isSafeInteger)) return args.map(value => BigInt.asUintN(64, BigInt(value)))
  const registers = task.thread.registers()
  return ARGUMENTS.map(index => BigInt.asUintN(64, registers.getExact(index)))
}

function setResult(task: Task, value: bigint): void {
  task.thread.registers().setExact(REGISTER.rax, value)
  task.thread.changed()
}
