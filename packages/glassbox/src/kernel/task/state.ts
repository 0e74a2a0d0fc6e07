/**
 * The state of a world: its tasks and processes, who is ready to run, and how it ended.
 *
 * - A task that can go on is on the ready queue exactly once. `prepare` decides when it leaves the
 *   queue whether it runs, so nothing that wakes a task calls anything of it.
 * - A task that is dead has no wait, no timer and no thread.
 */
import { RLIMIT_FSIZE } from '../../linux/constants.ts'
import { ERESTARTSYS } from '../../linux/errno-numbers.ts'
import type { FdTable } from '../fs/fd-table.ts'
import type { FsContext } from '../fs/vfs.ts'
import type { AddressSpace } from '../mm/address-space.ts'
import { type Unexplained, noneUnexplained } from '../mm/fault.ts'
import type { UserMemory } from '../mm/user-memory.ts'
import type { GuestThread } from '../platform/platform.ts'
import { BLOCKED, NO_RESULT } from '../wait/blocking.ts'
import type { Wait } from '../wait/blocking.ts'
import { WaitQueue } from '../wait/queue.ts'
import type { Waiter } from '../wait/queue.ts'
import type { Timer } from '../wait/timers.ts'
import type { TaskCredentials } from './credentials.ts'
import { FutexTable } from './futex/table.ts'
import { SIGNAL } from './signals/numbers.ts'
import { SignalActions } from './signals/actions.ts'
import { accountOf, mostSignals, SignalAccounts } from './signals/accounts.ts'
import { PendingSignals } from './signals/pending.ts'
import { SignalSet } from './signals/set.ts'
import type { AlternateStack } from './signals/stack.ts'
import { readMask } from './signals/user.ts'
import { restart } from './signals/restart.ts'
import { WorldParts } from './making.ts'
import type { TaskShares } from './making.ts'
import type { TaskObserver } from './observer.ts'
import { ProcessFacts } from './process-facts.ts'
import { ORDINARILY, type Scheduling } from './timing/scheduling.ts'
import { FileUsers, Ids, ReadyQueue } from './tables.ts'
import type * as contract from './types.ts'
import type { Usage } from './usage.ts'

export class Task implements contract.Task, Waiter {
  readonly world: WorldState
  readonly process: Process
  tid: number
  comm: string
  thread: GuestThread
  addressSpace: AddressSpace
  files: FdTable
  fs: FsContext
  credentials: TaskCredentials
  readonly mask: SignalSet = new SignalSet()
  readonly pending: PendingSignals = new PendingSignals()
  /** The mask that comes back when the call returns, while a temporary one holds. */
  savedMask: SignalSet | undefined
  alternateStack: AlternateStack | undefined
  /** CLONE_CHILD_CLEARTID: written and woken at the end; 0: none. */
  clearTid = 0
  robustList = 0
  /** The number of its call. */
  nr = -1
  dead = false
  readonly unexplained: Unexplained = noneUnexplained()
  /** Resumed, and not stopped since. */
  running = false
  queued = false
  /** After a fork: see Lending. */
  parked = false
  /** Delayed by a trace until then, or 0; and what it does after that: see timing/hold.ts. */
  heldUntilNs = 0
  afterHold: (() => void) | undefined
  /** The signal at the death of the thread that made it: PR_SET_PDEATHSIG. */
  parentDeathSignal = 0
  timerSlackNs = 50_000
  /** What sched_setscheduler(2) has said. */
  scheduling: Scheduling = ORDINARILY
  readonly startedNs: number
  #wait: Wait | undefined
  #woken = false
  #timer: Timer | undefined
  readonly #expire = (): void => this.#expired()

  constructor(process: Process, tid: number, thread: GuestThread, space: AddressSpace, shares: TaskShares) {
    this.process = process
    this.world = process.world
    this.tid = tid
    this.thread = thread
    this.addressSpace = space
    this.files = shares.files
    this.fs = shares.fs
    this.credentials = shares.credentials
    this.comm = shares.comm
    this.startedNs = this.world.clock.monotonic()
  }

  get memory(): UserMemory {
    return this.addressSpace.memory
  }

  get waiting(): boolean {
    return this.#wait !== undefined
  }

  get wait(): Wait | undefined {
    return this.#wait
  }

  get interrupted(): boolean {
    return this.pending.deliverable(this.mask) || this.process.pending.deliverable(this.mask)
  }

  /** Whether a signal ends its wait, or its stop. */
  get isBeingKilled(): boolean {
    return this.pending.set.has(SIGNAL.SIGKILL) || this.process.pending.set.has(SIGNAL.SIGKILL)
  }

  block(wait: Wait): number {
    this.process.lending.release()
    this.#wait = wait
    this.#woken = false
    for (const queue of wait.queues) queue.add(this)
    if (wait.deadlineNs !== undefined && wait.deadlineNs !== Infinity)
      this.#timer = this.world.timers.at(wait.deadlineNs, this.#expire)
    if (this.interrupted) this.world.makeReady(this)
    return BLOCKED
  }

  woken(): void {
    this.#woken = true
    this.world.makeReady(this)
  }

  /** Looks whether the wait has come to its end; then the call has its result. */
  lookAgain(): void {
    const wait = this.#wait
    if (wait === undefined || !this.#woken) return
    this.#woken = false
    this.world.observer?.lookingAgain(this)
    const result = wait.retry()
    if (result === BLOCKED) return
    this.endWait()
    this.finish(result)
  }

  /** Ends the wait without a result, and returns what it was. */
  endWait(): Wait | undefined {
    const wait = this.#wait
    if (wait === undefined) return undefined
    for (const queue of wait.queues) queue.remove(this)
    this.#timer?.cancel()
    this.#timer = undefined
    this.#wait = undefined
    wait.ended?.()
    return wait
  }

  /** The answer of a handler: a result, BLOCKED or NO_RESULT. */
  finish(answer: number): void {
    if (this.dead || answer === BLOCKED) return
    if (answer === -ERESTARTSYS) restart(this)
    else if (answer !== NO_RESULT) {
      this.thread.result(answer)
      this.process.transfers.count(this.nr, answer)
    }
    this.world.observer?.left(this, answer)
    if (this.savedMask !== undefined) this.restoreMask()
    this.world.makeReady(this)
  }

  restoreMask(): void {
    if (this.savedMask !== undefined) this.mask.copy(this.savedMask)
    this.savedMask = undefined
  }

  maskUntilReturn(address: number, size: number): number {
    if (address === 0) return 0
    const mask = new SignalSet()
    const error = readMask(this.memory, address, size, mask)
    if (error === 0) this.setTemporaryMask(mask)
    return error
  }

  setTemporaryMask(mask: SignalSet): void {
    const saved = new SignalSet()
    saved.copy(this.mask)
    this.savedMask = saved
    this.mask.setMask(mask.lo, mask.hi)
  }

  /** A lower limit of the program's own is no limit of the world. */
  #noticeFileAtLimit(): void {
    const own = this.process.limits[RLIMIT_FSIZE]?.soft ?? Infinity
    if (own >= this.world.fileSizeLimit) this.world.fileAtLimit = true
  }

  signal(signal: number): void {
    if (signal === SIGNAL.SIGXFSZ) this.#noticeFileAtLimit()
    const details = { kind: 'sender', pid: this.process.pid, uid: this.credentials.uid } as const
    this.pending.add({ signal, code: 0, details }, accountOf(this.process), mostSignals(this.process))
    this.noticeSignal()
  }

  unshareFiles(): void {
    if (this.world.sharesFiles(this.files)) this.world.changeFiles(this, this.files.copy())
  }

  /** A signal is pending: it is looked at as soon as possible. */
  noticeSignal(): void {
    if (this.running) this.thread.interrupt()
    else if (this.#wait !== undefined) this.world.makeReady(this)
  }

  cpuNs(): number {
    return this.dead ? 0 : this.thread.cpuTimeNs()
  }

  get stateLetter(): string {
    if (this.dead) return this.process.ended ? 'Z' : 'X'
    if (this.process.stopSignal !== 0) return 'T'
    return this.#wait === undefined ? 'R' : this.#wait.interruption === 'kill-only' ? 'D' : 'S'
  }

  #expired(): void {
    const wait = this.#wait
    if (wait === undefined) return
    const result = wait.timedOut?.() ?? 0
    this.endWait()
    this.finish(result)
  }
}

const PAGE_KIB = 4

export class Process extends ProcessFacts implements contract.Process {
  readonly world: WorldState
  readonly pid: number
  parent: Process | undefined
  readonly children: Set<Process> = new Set()
  readonly tasks: Set<Task> = new Set()
  group: number
  session: number
  limits: contract.ResourceLimit[]
  actions: SignalActions
  readonly startedNs: number

  constructor(world: WorldState, pid: number, parent: Process | undefined, limits: contract.ResourceLimit[]) {
    super()
    this.world = world
    this.pid = pid
    this.parent = parent
    this.limits = limits
    this.group = parent?.group ?? pid
    this.session = parent?.session ?? pid
    this.actions = new SignalActions()
    this.startedNs = world.clock.monotonic()
    parent?.children.add(this)
  }

  get parentPid(): number {
    return this.parent?.pid ?? 0
  }

  get leader(): Task | undefined {
    for (const task of this.tasks) if (task.tid === this.pid) return task
    for (const task of this.tasks) return task
    return undefined
  }

  cpuNs(): number {
    let sum = this.endedNs
    for (const task of this.tasks) sum += task.cpuNs()
    return sum
  }

  /** What it has used itself, without its children. */
  usage(): Usage {
    const pages = this.leader?.addressSpace.totalPages ?? 0
    this.maxResident = Math.max(this.maxResident, pages * PAGE_KIB)
    const { maxResident, faults: minorFaults } = this
    return { cpuNs: this.cpuNs(), maxResident, minorFaults, majorFaults: 0 }
  }
}

export class WorldState extends WorldParts implements contract.World {
  readonly futexes: FutexTable = new FutexTable()
  /** Woken whenever a signal is pending: signalfd. Who reads one need not be who made it. */
  readonly signalQueue: WaitQueue = new WaitQueue()
  readonly signalAccounts: SignalAccounts = new SignalAccounts()
  /** The trace of this world, if there is one. */
  observer: TaskObserver | undefined
  readonly tasks: Map<number, Task> = new Map()
  readonly processes: Map<number, Process> = new Map()
  /** Processes that have ended and were not waited for: they count as processes. */
  zombies = 0
  /** The most tasks at a time, and how many new ones the limit has refused. */
  peakTasks = 0
  refusedTasks = 0
  /** The limit of a file's size that the world was given, and whether a file has reached it. */
  fileSizeLimit: number = Infinity
  fileAtLimit = false
  /** The wait status of the first program, when it has ended. Nothing runs any more. */
  ended: number | undefined
  /** The controlling terminal of a session, for /proc. */
  terminalOf: (session: number) => { readonly device: number; readonly group: number } | undefined = () =>
    undefined
  /** Told when the leader of a session has ended. */
  onSessionEnd: (session: number) => void = () => {}
  /** The process that takes orphans. It has no task. */
  init: Process | undefined
  /** The first program. */
  first: Process | undefined
  readonly #threads = new Map<GuestThread, Task>()
  readonly #fileUsers = new FileUsers()
  readonly #ready = new ReadyQueue<Task>()
  readonly #ids = new Ids()
  #current: Task | undefined

  get current(): Task {
    return this.#current as Task
  }

  set current(task: Task) {
    this.#current = task
  }

  /** The task of a thread that has stopped; undefined if it ended meanwhile. */
  taskOf(thread: GuestThread): Task | undefined {
    const task = this.#threads.get(thread)
    if (task !== undefined) task.running = false
    return task
  }

  /** An id that no task, process, group or session has; −1 if there is none. */
  newId(): number {
    return this.#ids.next(id => this.#isUsed(id))
  }

  add(task: Task): void {
    this.tasks.set(task.tid, task)
    this.peakTasks = Math.max(this.peakTasks, this.tasks.size)
    this.processes.set(task.process.pid, task.process)
    task.process.tasks.add(task)
    this.#threads.set(task.thread, task)
    this.#fileUsers.join(task.files)
  }

  /** Takes it out of all tables but those of its process. */
  remove(task: Task): void {
    this.tasks.delete(task.tid)
    this.#threads.delete(task.thread)
    this.#fileUsers.leave(task.files)
  }

  /** The task uses another descriptor table from now on. */
  changeFiles(task: Task, table: FdTable): void {
    this.#fileUsers.join(table)
    this.#fileUsers.leave(task.files)
    task.files = table
  }

  sharesFiles(table: FdTable): boolean {
    return this.#fileUsers.count(table) > 1
  }

  makeReady(task: Task): void {
    if (!task.dead && !task.running) this.#ready.add(task)
  }

  /** The next task that may be able to run. `prepare` says whether it is. */
  nextReady(): Task | undefined {
    return this.#ready.take()
  }

  #isUsed(id: number): boolean {
    if (this.tasks.has(id) || this.processes.has(id)) return true
    for (const process of this.processes.values())
      if (process.group === id || process.session === id) return true
    return false
  }
}
