/**
 * Tells the handlers of a trace what the tasks of a world do. It runs in the kernel thread, where
 * every task in question is stopped. An error of a handler ends the world and is kept: it must not
 * reach the kernel, which would take it for its own.
 */
import { CLONE_VFORK, SIGCHLD } from '../../../linux/constants.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import { REGISTER } from '../../../kernel/platform/registers.ts'
import type { TaskObserver } from '../../../kernel/task/observer.ts'
import { encodeInfo, SIGINFO_SIZE, type SignalInfo } from '../../../kernel/task/signals/info.ts'
import type { Process, Task } from '../../../kernel/task/state.ts'
import { type Interruption, NO_RESULT } from '../../../kernel/wait/blocking.ts'
import { COMMAND } from '../../../trace/control.ts'
import type { EnteredCall } from '../../../trace/handlers.ts'
import type { SessionHooks } from '../../../trace/session.ts'
import { LaunchMemory, type Launched } from './launch-memory.ts'
import { TaskTracee } from './task-tracee.ts'

const EXECVE = syscallNumber('execve')
const RT_SIGRETURN = syscallNumber('rt_sigreturn')
const ARGUMENTS = [REGISTER.rdi, REGISTER.rsi, REGISTER.rdx, REGISTER.r10, REGISTER.r8, REGISTER.r9]
const SIGNAL_BITS = 0x7f
const CORE_BIT = 0x80
const MOST_ERRNO = 4095n
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
  readonly #calls = new Map<Task, Progress>()
  #idleNs = 0

  constructor(hooks: SessionHooks, world: Observed) {
    this.#hooks = hooks
    this.#world = world
  }

  /** The first program is loaded: tells of the execve that would have started it. */
  begin(task: Task, launched: Launched): void {
    const launch = new LaunchMemory(launched)
    this.#tell(() => {
      const { handlers, onPid } = this.#hooks
      onPid(task.process.pid)
      const tracee = new TaskTracee(task, launch)
      handlers.attached?.({ ...stopOf(task), attached: false }, tracee)
      const call: EnteredCall = { ...stopOf(task), nr: EXECVE, args: launch.args, abi: 'x86_64' }
      const isWanted = this.#isWanted(EXECVE)
      if (isWanted) handlers.enter?.(call, tracee)
      handlers.exec?.({ ...stopOf(task), formerTid: task.tid }, tracee)
      if (isWanted) this.#tellLeft(task, call, 0n, tracee)
    })
  }

  entered(task: Task): void {
    if (!this.#isWanted(task.nr)) return
    const args = argumentsOf(task)
    const call: EnteredCall = { ...stopOf(task), nr: task.nr, args, abi: 'x86_64' }
    const stackPointer = BigInt.asUintN(64, BigInt(task.thread.sp))
    const entered = task.nr === RT_SIGRETURN ? { ...call, stackPointer } : call
    this.#calls.set(task, { entered, isOpen: true })
    this.#tell(() => this.#hooks.handlers.enter?.(entered, new TaskTracee(task)))
  }

  left(task: Task, result: number): void {
    const progress = this.#calls.get(task)
    // A call during which the thread is killed has no result.
    if (!progress || task.isBeingKilled) return
    // The signal that had interrupted it had no handler: it has begun again.
    if (!progress.isOpen)
      this.#tell(() => this.#hooks.handlers.enter?.(progress.entered, new TaskTracee(task)))
    this.#calls.delete(task)
    const value = result === NO_RESULT ? registerOf(task, REGISTER.rax, 'signed') : BigInt(result)
    this.#tell(() => this.#tellLeft(task, progress.entered, value, new TaskTracee(task)))
  }

  signaled(task: Task, info: SignalInfo): void {
    const progress = this.#calls.get(task)
    const { wait } = task
    if (progress?.isOpen && wait) {
      progress.isOpen = false
      const value = BigInt(INTERRUPTED[wait.interruption])
      this.#tell(() => this.#tellLeft(task, progress.entered, value, new TaskTracee(task)))
    }
    const siginfo = new Uint8Array(SIGINFO_SIZE)
    encodeInfo(info, new DataView(siginfo.buffer), 0)
    this.#tell(() =>
      this.#hooks.handlers.signal?.({ ...stopOf(task), signal: info.signal, siginfo }, new TaskTracee(task)),
    )
  }

  stopped(process: Process, signal: number): void {
    for (const task of process.tasks)
      this.#tell(() => this.#hooks.handlers.groupStop?.({ ...stopOf(task), signal }, new TaskTracee(task)))
  }

  created(task: Task, child: Task, flags: number, exitSignal: number): void {
    const isVfork = Math.floor(flags / CLONE_VFORK) % 2 === 1
    const kind = isVfork ? 'vfork' : exitSignal === SIGCHLD ? 'fork' : 'clone'
    const stop = { ...stopOf(task), child: child.tid, childPid: child.process.pid, kind } as const
    this.#tell(() => this.#hooks.handlers.newChild?.(stop, new TaskTracee(child)))
  }

  executed(task: Task, formerTid: number): void {
    this.#tell(() => this.#hooks.handlers.exec?.({ ...stopOf(task), formerTid }, new TaskTracee(task)))
  }

  ending(task: Task, status: number): void {
    const insideCall = this.#calls.get(task)?.isOpen === true
    this.#calls.delete(task)
    const { handlers } = this.#hooks
    const signal = status & SIGNAL_BITS
    this.#tell(() => {
      handlers.exiting?.({ ...stopOf(task), insideCall }, new TaskTracee(task))
      if (signal === 0) handlers.exited?.({ ...stopOf(task), code: (status >> 8) & 0xff })
      else handlers.killed?.({ ...stopOf(task), signal, coreDumped: (status & CORE_BIT) !== 0 })
    })
  }

  beforeWait(): void {
    const commands = this.#hooks.control.take()
    if (commands & (COMMAND.kill | COMMAND.quit)) this.#world.cancel()
    else if (commands & COMMAND.detach) this.#world.leave((commands & COMMAND.keep) !== 0)
    this.#tell(() => this.#hooks.beforeWait?.())
    const now = this.#world.now()
    if (this.#world.isBusy() && now - this.#idleNs < IDLE_NS) return
    this.#idleNs = now
    this.#tell(() => this.#hooks.handlers.idle?.())
  }

  #isWanted(nr: number): boolean {
    return this.#hooks.isWanted?.('x86_64', nr) ?? true
  }

  #tellLeft(task: Task, entered: EnteredCall, value: bigint, tracee: TaskTracee): void {
    const { handlers } = this.#hooks
    const failed = value < 0n && value >= -MOST_ERRNO
    const { timeNs: enteredNs } = entered
    handlers.exit?.({ ...entered, ...stopOf(task), enteredNs, value, failed, tampered: false }, tracee)
  }

  #tell(handler: () => void): void {
    if (this.failure) return
    try {
      handler()
    } catch (error) {
      this.failure = { error }
      this.#world.cancel()
    }
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
  return ARGUMENTS.map(index => registerOf(task, index, 'unsigned'))
}

function registerOf(task: Task, index: number, kind: 'signed' | 'unsigned'): bigint {
  const { words } = task.thread.registers()
  const value = (BigInt(words[2 * index + 1] as number) << 32n) | BigInt((words[2 * index] as number) >>> 0)
  return kind === 'signed' ? value : BigInt.asUintN(64, value)
}
