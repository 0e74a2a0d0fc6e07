/** The timers of a process: setitimer, timer_create, RLIMIT_CPU. All end with the process. */
import type { ClockTimer } from './clock-timer.ts'
import type { PosixTimer } from './posix-timer.ts'

export class ProcessTimers {
  /** By ITIMER_*. */
  readonly intervals: Map<number, ClockTimer> = new Map()
  readonly posix: Map<number, PosixTimer> = new Map()
  /** Watches RLIMIT_CPU. */
  cpuLimit: ClockTimer | undefined
  #nextId = 0

  newId(): number {
    return this.#nextId++
  }

  /** execve(2) keeps interval timers and ends the others. */
  clearForExec(): void {
    for (const timer of this.posix.values()) timer.end()
    this.posix.clear()
  }

  cancelAll(): void {
    this.clearForExec()
    for (const timer of this.intervals.values()) timer.cancel()
    this.intervals.clear()
    this.cpuLimit?.cancel()
    this.cpuLimit = undefined
  }
}
