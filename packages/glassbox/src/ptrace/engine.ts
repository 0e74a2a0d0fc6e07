/**
 * The loop of a trace: restart the tracees whose stops were handled, wait, handle new stops. It
 * runs in the thread that seized the tracees and blocks that thread until the trace is over.
 *
 * Owns the table of tracees. A tracee may be killed at any moment, so no step here fails because
 * one is gone: its end will be among the next stops. Handlers are called for what they asked for;
 * an error that a handler throws ends the loop.
 */
import { syscall } from '../gate/gate.ts'
import { installWake, ptrace, takeSignals, traceStep } from '../gate/ptrace.ts'
import { PTRACE_CONT, PTRACE_DETACH, PTRACE_SYSCALL } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { Alarm } from './time/alarm.ts'
import { guard, unguard } from './tracee/birth-guard.ts'
import { ProcessTree } from './process-tree.ts'
import type { Interceptor, Loop, LoopOptions } from './loop.ts'
import { CpuAffinity } from './cpu-affinity/cpu-affinity.ts'
import { Lanes } from './lanes/lanes.ts'
import { LineRecords } from './lanes/line-records.ts'
import { Records } from './record.ts'
import { Restarts } from './restarts.ts'
import { isEnd, stopKind } from './stop.ts'
import { StoppedTracee } from './tracee/stopped-tracee.ts'
import { Task } from './task.ts'
import { TaskStops } from './task-stops.ts'
import type { Ended } from '../trace/end.ts'
import type { TraceHandlers } from '../trace/handlers.ts'
import { Schedule } from './time/schedule.ts'

const MOST_RECORDS = 128
/** With more tracees than this, the loop does not look up which of them run. */
const MOST_LOOKED_AT = 4
const GETTID = syscallNumber('gettid')
const NO_TASK = new Task(0, 0)

export class Engine implements Loop {
  readonly options: LoopOptions
  handlers: TraceHandlers
  readonly records: Records = new Records(MOST_RECORDS)
  readonly lanes: Lanes
  readonly stopped: StoppedTracee
  readonly tasks: Map<number, Task> = new Map()
  readonly restarts: Restarts = new Restarts()
  /** How tracees ended; `undefined` for those that have not. */
  readonly ends: Map<number, Ended | undefined> = new Map()
  readonly affinity: CpuAffinity | undefined
  readonly #stops: TaskStops
  readonly #tree: ProcessTree
  readonly #told: LineRecords
  readonly #alarm: Alarm
  readonly #schedule: Schedule
  hasGuarded = false
  /**
   * When the stop that is being handled was seen, and whether its tracee has run on since then.
   */
  #nowNs = 0n
  isDeferred = false
  /** Several tracees run, and stops at which they have gone on must be counted. */
  #severalRun = false
  #batch = { next: 0, count: 0 }
  /** Tasks that were launchers when they were added. */
  readonly #launchers = new Set<Task>()
  /** A command whose first execve is in progress. */
  firstCall: Task | undefined
  /** Called with the outcome of that execve: 0, or the errno. */
  onFirstCall: (errno: number) => void = () => {}
  /** Called if a process ended before its first execve. */
  onLaunchEnded: () => void = () => {}
  /** Called with the commands from other threads when the loop is woken. */
  onCommands: (commands: number) => void = () => {}
  intercept: Interceptor | undefined

  constructor(options: LoopOptions) {
    this.options = options
    this.handlers = options.handlers
    installWake()
    const tid = syscall(GETTID)
    options.control.start(tid)
    this.#alarm = new Alarm(tid)
    this.#schedule = new Schedule(this.#alarm, () => this.handlers.idle?.())
    const callAt = (timeNs: bigint, callback: () => void): void => this.at(timeNs, callback)
    this.affinity = options.sameCpu ? CpuAffinity.of(callAt) : undefined
    const { isWanted, filtered, handlers } = options
    this.lanes = new Lanes(handlers, { filtered, isWanted: nr => isWanted?.('x86_64', nr) ?? true })
    this.stopped = new StoppedTracee(this.records, this.lanes.buffers.captures, NO_TASK)
    this.#tree = new ProcessTree(this)
    this.#stops = new TaskStops(this, this.#tree)
    this.#told = new LineRecords(this)
  }

  deferNothing(): void {
    this.lanes.close()
  }

  pagesMayBeMissing(): void {
    this.stopped.memory.neverWait()
    // The native step would wait.
    this.lanes.close()
  }

  /** Runs until no tracee is left. The caller must call `close` afterwards. */
  run(): void {
    while (this.#hasTracees) this.#round()
  }

  /** Whether the trace is neither starting nor ending. Calls of a launcher are hidden. */
  get #isUnderWay(): boolean {
    if (this.firstCall !== undefined || this.intercept !== undefined) return false
    for (const task of this.#launchers)
      if (!task.launching || !this.tasks.has(task.tid)) this.#launchers.delete(task)
    return this.#launchers.size === 0
  }

  get #hasTracees(): boolean {
    return this.tasks.size > 0 || this.#tree.holds
  }

  /** Whether only one tracee runs: all others are stopped, or in calls whose entry was seen. */
  get #isOneRunning(): boolean {
    const { tasks } = this
    if (this.#tree.holds || tasks.size > MOST_LOOKED_AT) return false
    let running = 0
    for (const task of tasks.values()) if (!task.call && !task.listening) running++
    return running - this.lanes.open.count < 2
  }

  close(): void {
    this.affinity?.restoreAll()
    this.#alarm.close()
  }

  /** From now on no handler is called. */
  mute(): void {
    this.handlers = {}
  }

  /** Restarts all tracees that a handler delays, now. */
  releaseDelayed(): void {
    this.#schedule.release()
  }

  add(task: Task): void {
    this.tasks.set(task.tid, task)
    if (task.launching) this.#launchers.add(task)
    this.lanes.thread(task.tid, task.pid)
  }

  /** Restarts the tracee in the way that fits its stop, and delivers `signal`. */
  resume(task: Task, signal = 0): void {
    if (this.isDeferred) {
      if (this.#severalRun) this.affinity?.hasGoneOn(task, this.#nowNs)
      return
    }
    const freely = task.launching === 'waits' || (this.options.filtered && !task.call)
    this.affinity?.beforeResume(task, this.#nowNs)
    this.restarts.add(task.tid, freely ? PTRACE_CONT : PTRACE_SYSCALL, signal)
  }

  /**
   * Restarts the tracee as its handler asked. `takesSignal`: whether ptrace can deliver a signal
   * at this stop.
   */
  resumeAsAsked(task: Task, timeNs: bigint): void {
    const { delayUs, pendingSignal } = this.stopped
    if (delayUs <= 0) this.resume(task, pendingSignal)
    else
      this.#schedule.delay(timeNs + BigInt(Math.round(delayUs * 1000)), () =>
        this.resume(task, pendingSignal),
      )
  }

  #round(): void {
    const { control, beforeWait, onSignal } = this.options
    // A trace that is ending does not wait for its reader.
    if (!this.intercept) beforeWait?.()
    if (onSignal)
      for (const signal of takeSignals()) {
        this.#told.takeOpen()
        onSignal(signal)
      }
    const commands = control.take()
    if (commands !== 0) {
      this.#told.takeOpen()
      this.onCommands(commands)
      if (!this.#hasTracees) return
    }
    const isAlone = this.#isOneRunning
    const passes = this.lanes.prepare(this.#isUnderWay, isAlone, this.#schedule.idleTimer)
    if (!passes) this.#told.takeOpen()
    this.#severalRun = !isAlone
    const step = { restarts: this.restarts.words, records: this.records.bytes, wake: control.words }
    const most = this.tasks.size === 1 && !passes ? 1 : MOST_RECORDS
    const count = traceStep(step, this.lanes.buffers, this.restarts.take(), most)
    if (count <= 0) {
      // There is no tracee, so the table is wrong: another wait in this process took their ends.
      if (count === -ERRNO.ECHILD) this.abandon()
      this.#schedule.tick(process.hrtime.bigint())
      return
    }
    this.#batch = { next: 0, count }
    this.#told.beginStep()
    this.finishBatch()
    const timeNs = this.records.timeNs(count - 1)
    this.#schedule.note(timeNs)
    if (this.#schedule.isDue(timeNs)) this.#schedule.tick(timeNs)
  }

  /**
   * Handles the remaining records of the last step. After the loop was muted, that includes the
   * records at which a handler threw.
   */
  finishBatch(): void {
    const batch = this.#batch
    try {
      for (; batch.next < batch.count; batch.next++) this.#handle(batch.next)
    } finally {
      this.isDeferred = false
    }
  }

  /** From now on there are no tracees. */
  abandon(): void {
    this.tasks.clear()
    this.#tree.clear()
  }

  /** Removes a task that is no longer traced. */
  forget(tid: number): void {
    const task = this.tasks.get(tid)
    if (task) this.affinity?.restore(task)
    if (task?.guarded) unguard(tid)
    this.tasks.delete(tid)
    this.#tree.lost(tid)
  }

  /** Stopped tracees that are not in the table yet. */
  held(): readonly number[] {
    return this.#tree.held()
  }

  guard(task: Task): void {
    guard(this.stopped)
    task.guarded = true
    this.hasGuarded = true
  }

  /** Calls back at this time of CLOCK_MONOTONIC. */
  at(timeNs: bigint, callback: () => void): void {
    this.#schedule.delay(timeNs, callback)
  }

  #handle(index: number): void {
    if (this.records.isNothing(index)) return
    if (this.records.isLines(index)) {
      this.#told.lines(index, this.#severalRun)
      return
    }
    const tid = this.records.tid(index)
    const status = this.records.status(index)
    const kind = stopKind(status)
    // Until its last record, the step knew all calls. Other stops may end calls of other threads.
    if (index === this.#batch.count - 1)
      this.#told.takeOpen(tid, kind === 'syscall' || kind === 'seccomp' ? tid : undefined)
    const task = this.tasks.get(tid)
    this.#nowNs = this.records.timeNs(index)
    this.isDeferred = this.records.isDeferred(index)
    if (task) this.affinity?.stopped(task, this.#nowNs)
    // The filter's stop comes before the call is made.
    if ((task ? task.guarded : this.hasGuarded) && kind !== 'seccomp' && !isEnd(kind)) {
      unguard(tid)
      if (task) task.guarded = false
    }
    if (this.intercept?.(task, tid, kind, status, index)) return
    if (task) this.#stops.handle(task, index, kind, status)
    else if (kind === 'exec') this.#tree.exec(undefined, index)
    else if (isEnd(kind)) this.#tree.lost(tid)
    else if (!this.options.follow) ptrace(PTRACE_DETACH, tid)
    // It is dying. Its parent may be dead too, and its own end may be reported later than the
    // parent's.
    else if (kind === 'exiting' || this.intercept)
      this.#stops.handle(this.#tree.adopt(tid), index, kind, status)
    else this.#tree.early(tid, index)
  }

  firstCallLeft(errno: number): void {
    const task = this.firstCall
    this.firstCall = undefined
    // The execve failed, so it is the launcher again, whose calls are hidden. It may try another
    // file.
    if (errno !== 0 && task) task.launching = 'ready'
    this.onFirstCall(errno)
  }

  launchEnded(): void {
    this.onLaunchEnded()
  }

  stopOf(task: Task, index: number): { tid: number; pid: number; timeNs: bigint } {
    return { tid: task.tid, pid: task.pid, timeNs: this.records.timeNs(index) }
  }
}
