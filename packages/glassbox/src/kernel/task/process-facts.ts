/** What is known of a process beside its place among others: how it ends, stops and is told of. */
import type { ProcChoices } from '../fs/proc/source.ts'
import type { Location } from '../fs/vfs.ts'
import { WaitQueue } from '../wait/queue.ts'
import { Lending } from './lending.ts'
import { SIGNAL } from './signals/numbers.ts'
import { PendingSignals } from './signals/pending.ts'
import { ProcessTimers } from './timing/interval.ts'
import { NO_USAGE, Transfers, type Usage } from './usage.ts'

export class ProcessFacts {
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
  /** What programs choose in /proc/self; children inherit it. It has no effect here. */
  chosen: ProcChoices = { oomScore: 0, coredumpFilter: 0x33 }
  readonly transfers: Transfers = new Transfers()
  /** Page faults that the kernel has mended: it sees no others. */
  faults = 0
  /** Of tasks that have ended, and of children that were waited for. */
  endedNs = 0
  childUsage: Usage = NO_USAGE
  readonly timers: ProcessTimers = new ProcessTimers()

  get ended(): boolean {
    return this.status !== undefined
  }
}
