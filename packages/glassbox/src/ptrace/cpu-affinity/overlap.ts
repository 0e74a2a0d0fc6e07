/**
 * Detects whether tracees run in parallel, or would if they were allowed to. The kernel counts
 * for each thread how long it was runnable and waited for a CPU (/proc/TID/schedstat, the second
 * number; proc(5)): two threads that compute on one CPU each wait half the time.
 *
 * On one CPU a stop costs about 10 µs. On two it costs about 60 µs more, and the other tracee can
 * use its share of that. So two tracees whose stops are further apart than that run faster on two
 * CPUs, and two that make one call after another run faster on one.
 */
import { readFileSync } from 'node:fs'
import type { Task } from '../task.ts'
import { procOf } from '../subject/proc-id.ts'

/**
 * Two tracees that have been in user mode this long without a stop are considered to be
 * computing.
 */
export const TOGETHER_NS = 1_000_000n
/** The length of a measurement. */
const WINDOW_NS = 5_000_000n
/** If stops are further apart than this, a second CPU is worthwhile. */
const SELDOM_NS = 60_000n

export class Overlap {
  /**
   * All tracees that were ever restarted into user mode, and the number of them known to be
   * there: those restarted from anything but the entry of a call.
   */
  readonly #known = new Set<Task>()
  #running = 0
  /** The tracees that stopped in this window. */
  readonly #active = new Set<Task>()
  /** How long each had waited for a CPU at the end of the previous window. */
  #waited = new Map<Task, bigint>()
  #windowNs = 0n
  #stops = 0

  /** Whether two tracees are in user mode. */
  get isThere(): boolean {
    return this.#running > 1
  }

  started(task: Task, timeNs: bigint): void {
    if (task.restartedNs === 0n) {
      this.#running++
      this.#known.add(task)
    }
    task.restartedNs = timeNs
  }

  /** Returns true if a measurement has just ended and shows that tracees could run in parallel. */
  stopped(task: Task, timeNs: bigint, stops: number): boolean {
    this.#halt(task)
    this.#active.add(task)
    this.#stops += stops
    return timeNs - this.#windowNs >= WINDOW_NS && this.#measure(timeNs)
  }

  #halt(task: Task): void {
    if (task.restartedNs === 0n) return
    task.restartedNs = 0n
    this.#running--
  }

  gone(task: Task): void {
    this.#halt(task)
    this.#known.delete(task)
    this.#active.delete(task)
    this.#waited.delete(task)
  }

  /** Whether any tracee has been in user mode for long. */
  hasLong(timeNs: bigint): boolean {
    if (this.#running === 0) return false
    for (const task of this.#known) if (isLong(task, timeNs)) return true
    return false
  }

  /** Whether two tracees have been in user mode for long. */
  areLong(timeNs: bigint): boolean {
    let count = 0
    for (const task of this.#known) if (isLong(task, timeNs)) count++
    return count > 1
  }

  #measure(timeNs: bigint): boolean {
    const window = timeNs - this.#windowNs
    const seldom = window > SELDOM_NS * BigInt(this.#stops)
    const before = this.#waited
    this.#waited = new Map()
    let waitedNs = 0n
    if (this.#active.size > 1 && seldom) {
      for (const task of this.#active) {
        const now = waitedFor(task.tid)
        waitedNs += now - (before.get(task) ?? now)
        this.#waited.set(task, now)
      }
    }
    this.#active.clear()
    this.#stops = 0
    this.#windowNs = timeNs
    return waitedNs * 3n > window
  }
}

const isLong = ({ restartedNs }: Task, timeNs: bigint): boolean =>
  restartedNs !== 0n && timeNs - restartedNs > TOGETHER_NS

/** How long a thread has waited for a CPU, in ns; 0 if the kernel does not say. */
function waitedFor(tid: number): bigint {
  try {
    return BigInt(readFileSync(`${procOf(tid)}/schedstat`, 'latin1').split(' ')[1] ?? '0')
  } catch {
    return 0n
  }
}
