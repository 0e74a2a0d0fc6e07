/** A process: what its threads share, its place among others, and how it ended. */
import type { Location } from '../fs/vfs.ts'
import { WaitQueue } from '../wait/queue.ts'
import { Lending } from './lending.ts'
import { SignalActions } from './signals/actions.ts'
import { SIGNAL } from './signals/numbers.ts'
import { PendingSignals } from './signals/pending.ts'
import type { Task, WorldState } from './state.ts'
import { ProcessTimers } from './timing/interval.ts'
import type * as contract from './types.ts'
import { NO_USAGE, Transfers } from './usage.ts'
import type { Usage } from './usage.ts'

const PAGE_KIB = 4

export class Process implements contract.Process {
  readonly world: WorldState
  readonly pid: number
  parent: Process | undefined
  readonly children: Set<Process> = new Set()
  readonly tasks: Set<Task> = new Set()
  group: number
  session: number
  limits: contract.ResourceLimit[]
  actions: SignalActions
  readonly pending: PendingSignals = new PendingSignals()
  /** Those that wait for a change of a child. */
  readonly childQueue: WaitQueue = new WaitQueue()
  /** Woken at the end: pidfd, and the parent of a vfork. */
  readonly endQueue: WaitQueue = new WaitQueue()
  /** Those that wait for signals: sigtimedwait. */
  readonly signalQueue: WaitQueue = new WaitQueue()
  /** What the parent gets at the end: SIGCHLD, another signal, or 0. */
  exitSignal: number = SIGNAL.SIGCHLD
  readonly lending: Lending = new Lending()
  /** Whether it has called execve since fork: setpgid(2) of the parent. */
  execed = false
  exiting = false
  /** The wait status of the first thread, if it has ended before others. */
  leaderStatus = 0
  /** The wait status, from the moment when the last task has ended. */
  status: number | undefined
  /** Stopped by this signal; 0: not stopped. */
  stopSignal = 0
  /** What a parent may still learn by wait: a stop, or a continuation. */
  unreported: 'none' | 'stop' | 'continue' = 'none'
  executable: Location | undefined
  /** The user id of the last task, kept for the parent. */
  lastUid = 0
  /** The most memory it had, in KiB. */
  maxResident = 0
  subreaper = false
  dumpable = 1
  nice = 0
  personality = 0
  readonly startedNs: number
  readonly transfers: Transfers = new Transfers()
  /** Page faults that the kernel has mended: it sees no others. */
  faults = 0
  /** Of tasks that have ended, and of children that were waited for. */
  endedNs = 0
  childUsage: Usage = NO_USAGE
  readonly timers: ProcessTimers = new ProcessTimers()

  constructor(world: WorldState, pid: number, parent: Process | undefined, limits: contract.ResourceLimit[]) {
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

  get ended(): boolean {
    return this.status !== undefined
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
    return {
      cpuNs: this.cpuNs(),
      maxResident: this.maxResident,
      minorFaults: this.faults,
      majorFaults: 0,
    }
  }
}
