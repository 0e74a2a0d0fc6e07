/**
 * The loop of a supervisor: restart tasks, wait, handle stops, look at limits. It serves all
 * programs of its thread, and blocks that thread while there is one.
 *
 * Owns the tables of programs and tasks. A task may be killed at any moment, so no step fails
 * because one is gone: its end will be among the next stops.
 */
import { syscall } from '../../gate/gate.ts'
import { installWake, ptrace, rootsToEnd, superviseStep } from '../../gate/ptrace.ts'
import type { EndCause } from '../../job/ending.ts'
import { PTRACE_CONT, PTRACE_LISTEN } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { signalNumber } from '../../linux/signals.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { CallDecision } from '../../policy/policy.ts'
import { raiseOomScore } from '../../launch/oom-score.ts'
import { Records } from '../../ptrace/record.ts'
import { Restarts } from '../../ptrace/restarts.ts'
import { deathSignal, exitCode, isEnd, type StopKind, stopKind, stopSignal } from '../../ptrace/stop.ts'
import { Alarm } from '../../ptrace/time/alarm.ts'
import type { Control } from '../../trace/control.ts'
import { Watch } from '../limits/watch.ts'
import { act, type Actions, answer, type Resume } from './actions.ts'
import { PassingCalls } from '../paths/passing.ts'
import { Births } from './births.ts'
import { noteSignal } from './evidence.ts'
import { killProcess } from './kill.ts'
import { type Program, Task } from './program.ts'
import { CallAtStop } from './stopped-call.ts'

const MOST_RECORDS = 64
const GETTID = syscallNumber('gettid')
/** The signals that end a process with a core dump; see signal(7). */
const DUMPS_CORE: ReadonlySet<number | undefined> = new Set(
  (
    [
      ...(['SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const),
      ...(['SIGXCPU', 'SIGXFSZ', 'SIGSYS'] as const),
    ] as const
  ).map(name => signalNumber(name)),
)
const NEVER = Infinity
const ALLOW = { kind: 'allow' } as const

export interface LoopHooks {
  readonly control: Control
  /** Commands have come. Returns false if the loop must return at once. */
  onCommands(commands: number): boolean
  /** Comes with a delay. A program that ends before has only its end. */
  onStarted(program: Program): void
  /** The program could not be started; its process is dead. */
  onNotStarted(program: Program): void
  /** Every process of the program is dead. */
  onEnded(program: Program, nowNs: bigint): void
  /** A question for a handler. The answer comes back by `answer`. */
  onAsk(task: Task, call: CallAtStop, handler: number): void
}

export class Loop implements Actions {
  readonly programs: Map<number, Program> = new Map()
  readonly #hooks: LoopHooks
  readonly #tasks = new Map<number, Task>()
  readonly #records = new Records(MOST_RECORDS)
  readonly #restarts = new Restarts()
  readonly #call = new CallAtStop(this.#records)
  readonly #watches = new Map<Program, Watch>()
  readonly #births: Births
  readonly #passing = new PassingCalls()
  /** First processes, which are children of this process. */
  readonly #roots = rootsToEnd()
  readonly #alarm: Alarm
  /** Programs that may have no task left. */
  readonly #empty = new Set<Program>()
  #dueNs = NEVER

  constructor(hooks: LoopHooks) {
    this.#hooks = hooks
    installWake()
    const tid = syscall(GETTID)
    hooks.control.start(tid)
    this.#alarm = new Alarm(tid)
    this.#births = new Births(this.#tasks, tid, task => this.#letPass(task))
  }

  /** Adds a program whose first process was started. */
  add(program: Program): void {
    const task = new Task(program.root, program.root, program)
    task.isStarting = true
    this.programs.set(program.id, program)
    const { decisions, user } = program.spec
    program.granted = this.#passing.open(decisions, program.judge?.prefixes, user)
    this.#tasks.set(task.tid, task)
    program.add(task)
    this.#letPass(task)
    const free = this.#roots.indexOf(0)
    if (free >= 0) this.#roots[free] = program.root
  }

  /** Runs until no program is left. */
  run(): void {
    while (this.programs.size > 0) if (!this.#round()) return
  }

  close(): void {
    this.#alarm.close()
  }

  /** Kills every process of the program. The first cause counts. */
  end(program: Program, cause: EndCause): void {
    program.cause ??= cause
    for (const task of program.tasks.values()) killProcess(task.tid)
  }

  denied(task: Task, call: CallAtStop, path?: string): void {
    const { program } = task
    program.denied ??= { ...call.describe(), ...(path === undefined ? {} : { path }) }
    this.end(program, 'denied')
  }

  ask(task: Task, call: CallAtStop, handler: number): void {
    this.#hooks.onAsk(task, call, handler)
  }

  distrust(program: Program): void {
    program.hasOwnFilter = true
    // The native step trusts the data.
    if (program.granted) this.#passing.close(program.granted)
    program.granted = undefined
  }

  /** A handler has answered. The thread may be gone, and then its id may belong to another. */
  answer(task: Task, decision: CallDecision, denied: Program['denied']): void {
    if (this.#tasks.get(task.tid) !== task) return
    const resume = answer(decision, task, this.#call, this)
    if (resume === 'kill') {
      task.program.denied ??= denied
      this.end(task.program, 'denied')
    }
    this.#resume(task, resume === 'wait' ? 'wait' : 'go')
  }

  /** Returns false if the loop must return. */
  #round(): boolean {
    const { control } = this.#hooks
    const commands = control.take()
    if (commands !== 0 && !this.#hooks.onCommands(commands)) return false
    if (this.programs.size === 0) return true
    const step = { restarts: this.#restarts.words, records: this.#records.bytes, wake: control.words }
    const count = superviseStep(step, this.#passing, this.#restarts.take(), MOST_RECORDS)
    for (let index = 0; index < count; index++) this.#handle(index)
    if (count === -ERRNO.ECHILD) this.#abandon()
    const nowNs = count > 0 ? this.#records.timeNs(count - 1) : process.hrtime.bigint()
    if (this.#births.holds)
      for (const task of this.#births.resolve(this.programs.values())) this.#resume(task, 'go')
    if (this.#empty.size > 0) this.#finish(nowNs)
    if (Number(nowNs) >= this.#dueNs) this.#lookAtLimits(Number(nowNs))
    return true
  }

  /** There is no tracee at all: whatever is still listed here has ended. */
  #abandon(): void {
    for (const program of this.programs.values()) {
      for (const tid of program.tasks.keys()) this.#tasks.delete(tid)
      program.tasks.clear()
      program.lostBirths = 0
      this.#empty.add(program)
    }
  }

  #finish(nowNs: bigint): void {
    for (const program of this.#empty) {
      this.#empty.delete(program)
      if (program.tasks.size > 0) continue
      if (program.lostBirths > 0 && this.#births.hasUnseen()) {
        this.#empty.add(program)
        return
      }
      this.programs.delete(program.id)
      this.#watches.delete(program)
      if (program.startedNs === 0n) this.#hooks.onNotStarted(program)
      else this.#hooks.onEnded(program, nowNs)
      // The main thread need not wait for that.
      if (program.granted) this.#passing.close(program.granted)
    }
    if (this.#watches.size === 0) this.#setAlarm(NEVER)
    if (this.programs.size === 0) this.#births.clear()
  }

  #lookAtLimits(nowNs: number): void {
    let dueNs = NEVER
    for (const [program, watch] of this.#watches) {
      this.#announce(program)
      const cause = program.isEnding ? undefined : watch.look(nowNs)
      if (cause !== undefined) this.end(program, cause)
      if (!program.isEnding) dueNs = Math.min(dueNs, watch.dueNs)
    }
    this.#setAlarm(dueNs)
  }

  #setAlarm(dueNs: number): void {
    this.#dueNs = dueNs
    this.#alarm.set(dueNs === NEVER ? 0n : BigInt(Math.ceil(dueNs)))
  }

  #handle(index: number): void {
    const tid = this.#records.tid(index)
    const status = this.#records.status(index)
    const kind = stopKind(status)
    const task = this.#tasks.get(tid)
    if (task) this.#handleKnown(task, index, kind, status)
    else if (isEnd(kind)) this.#births.lost(tid, BigInt(this.#records.message(index)))
    else this.#births.early(tid)
  }

  #handleKnown(task: Task, index: number, kind: StopKind, status: number): void {
    const { program } = task
    if (isEnd(kind)) {
      this.#ended(task, index, kind, status)
      return
    }
    // A task that is killed in such a call may have made a child that nobody will announce.
    if (task.inBirth && kind !== 'exiting') {
      task.inBirth = false
      program.births--
    }
    // Its process may have been made after the others were killed.
    if (program.isEnding) killProcess(task.tid)
    else this.#letPass(task)
    if (task.isStarting && kind !== 'exiting') this.#starting(task, index, kind, status)
    else this.#stopped(task, index, kind, status)
  }

  #stopped(task: Task, index: number, kind: StopKind, status: number): void {
    switch (kind) {
      case 'seccomp':
        this.#resume(task, this.#decide(task, index))
        break
      case 'signal':
        noteSignal(task, stopSignal(status))
        this.#restarts.add(task.tid, PTRACE_CONT, stopSignal(status))
        break
      case 'group-stop':
        this.#restarts.add(task.tid, PTRACE_LISTEN, 0)
        break
      case 'new-child': {
        const child = this.#births.announced(task, this.#records.message(index), status)
        if (child) this.#resume(child, 'go')
        this.#resume(task, 'go')
        break
      }
      case 'exec':
        this.#executed(task)
        this.#resume(task, 'go')
        break
      case 'exiting':
        if (task.tid === task.pid && !task.isStarting) this.#ending(task)
        this.#resume(task, 'go')
        break
      default:
        this.#resume(task, 'go')
    }
  }

  #ending({ program, pid }: Task): void {
    const exceeds = program.memory?.ending(pid, [...program.cpu.processes])
    if (exceeds && !program.isEnding) this.end(program, 'memory')
  }

  #decide(task: Task, index: number): Resume {
    const { program } = task
    if (program.isEnding) return 'go'
    const call = this.#call.at(task, index)
    const data = program.hasOwnFilter ? call.dataBy(program.spec.filter) : this.#records.message(index)
    const action = data === undefined ? ALLOW : program.spec.decisions.actions[data]
    if (action) return this.#attempt(program, () => act(action, task, call, this)) ?? 'go'
    this.denied(task, call)
    return 'go'
  }

  /**
   * Does something that fails, for example, if this process has no free descriptor. Then the
   * program ends with that error, and the others go on.
   */
  #attempt<Value>(program: Program, decide: () => Value): Value | undefined {
    try {
      return decide()
    } catch (error) {
      program.failure ??= { error }
      this.end(program, 'canceled')
      return undefined
    }
  }

  /** All calls are let through, until it executes the program. */
  #starting(task: Task, index: number, kind: StopKind, status: number): void {
    if (kind === 'exec') {
      task.isStarting = false
      this.#begins(task, this.#records.timeNs(index))
      return
    }
    const signal = kind === 'signal' ? stopSignal(status) : 0
    // Old kernels end everything that shares the memory of a process that dumps core.
    if (DUMPS_CORE.has(signal)) killProcess(task.tid)
    this.#restarts.add(task.tid, PTRACE_CONT, signal)
  }

  /** The program stands before its first instruction. It goes on as soon as possible. */
  #begins(task: Task, nowNs: bigint): void {
    const { program } = task
    raiseOomScore(task.pid)
    program.startedNs = nowNs
    program.cpu.start(program.root)
    this.#letPass(task)
    this.#executed(task)
    ptrace(PTRACE_CONT, task.tid)
    program.start.executed()
    const watch = new Watch(program)
    this.#watches.set(program, watch)
    if (watch.dueNs < this.#dueNs) this.#setAlarm(watch.dueNs)
  }

  /** Its calls pass from now on, unless another thread has its slot. */
  #letPass({ tid, program, isStarting }: Task): void {
    if (isStarting) this.#passing.addStarting(tid)
    else this.#passing.addTask(tid, program.granted)
  }

  #announce(program: Program): void {
    if (program.isAnnounced) return
    program.isAnnounced = true
    this.#hooks.onStarted(program)
  }

  /**
   * The new program is loaded. If a thread other than the leader made the call, it now has the
   * leader's id. No other thread is left.
   */
  #executed(task: Task): void {
    const { program, tid } = task
    this.#forgetOthers(task)
    const denial = program.isEnding ? undefined : this.#attempt(program, () => program.judge?.executed(tid))
    if (!denial) return
    const { path } = denial
    program.denied ??= { syscall: 'execve', args: JSON.stringify(path), path }
    this.end(program, 'denied')
  }

  #resume(task: Task, how: Resume): void {
    if (how !== 'wait') this.#restarts.add(task.tid, PTRACE_CONT, 0)
  }

  /** Forgets the other threads of a process. */
  #forgetOthers({ program, pid, tid }: Task): void {
    for (const other of program.tasks.values())
      if (other.pid === pid && other.tid !== tid) this.#forget(other)
  }

  #forget(task: Task): void {
    const { program } = task
    if (task.inBirth) program.births--
    this.#tasks.delete(task.tid)
    this.#passing.removeTask(task.tid)
    program.tasks.delete(task.tid)
    if (program.tasks.size === 0) this.#empty.add(program)
  }

  #ended(task: Task, index: number, kind: StopKind, status: number): void {
    const { program } = task
    const killed = kind === 'killed'
    if (task.inBirth || (!program.stopsBirths && (killed || program.peakTasks > 1))) program.lostBirths++
    this.#forget(task)
    if (task.tid !== task.pid) return
    // The end of a leader comes after those of all other threads. One that executed a program has
    // the id of the leader, and if it was killed before its stop was seen, no end comes for its
    // former id.
    this.#forgetOthers(task)
    const root = task.pid === program.root ? this.#roots.indexOf(task.pid) : -1
    if (root >= 0) this.#roots[root] = 0
    const records = this.#records
    const clockNs = BigInt(records.message(index))
    if (task.pid !== program.root) program.zombies.add(task.pid)
    program.cpu.ended(task.pid, clockNs, records.userTimeUs(index), records.systemTimeUs(index))
    if (task.pid === program.root && program.startedNs !== 0n)
      program.exit = killed ? { signal: deathSignal(status) } : { code: exitCode(status) }
    // The program has ended with its first process. What it left running is killed.
    if (task.pid === program.root && program.startedNs !== 0n) this.end(program, 'itself')
  }
}
