/**
 * Do tracees run in parallel, or would they if they were let? The kernel keeps for each thread how
 * long it was ready and waited for a CPU (/proc/TID/schedstat, the second number; proc(5)): two
 * that compute on one CPU wait half the time.
 *
 * On one CPU a stop costs some 10 µs, on two some 60 µs more, of which the other tracee can use
 * its share. So two whose stops are further apart than that are faster apart, and two that make
 * call after call are faster together.
 */
import { readFileSync } from 'node:fs'
import type { Task } from '../task.ts'

/** Two that have been in user mode for so long, without a stop, compute. */
export const TOGETHER_NS = 1_000_000n
/** So long it is measured. */
const WINDOW_NS = 5_000_000n
/** Stops that are further apart than this leave room for another CPU. */
const SELDOM_NS = 60_000n

export class Overlap {
  /**
   * All that were ever restarted into user mode, and how many of them are there as far as is
   * known: restarted from anything but the entry of a call.
   */
  readonly #known = new Set<Task>()
  #running = 0
  /** Those that stopped in this window. */
  readonly #active = new Set<Task>()
  /** How long they had waited at the end of the window before. */
  #waited = new Map<Task, bigint>()
  #windowNs = 0n
  #stops = 0

  /** Are there two in user mode? */
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

  /** True if a measurement has just ended and says that they could run in parallel. */
  stopped(task: Task, timeNs: bigint): boolean {
    this.#halt(task)
    this.#active.add(task)
    this.#stops++
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

  /** Is there one that has been in user mode for long? */
  hasLong(timeNs: bigint): boolean {
    if (this.#running === 0) return false
    for (const task of this.#known) if (isLong(task, timeNs)) return true
    return false
  }

  /** Are there two? */
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

/** How long a thread has waited for a CPU, ns; 0 if the kernel does not say. */
function waitedFor(tid: number): bigint {
  try {
    return BigInt(readFileSync(`/proc/${tid}/schedstat`, 'latin1').split(' ')[1] ?? '0')
  } catch {
    return 0n
  }
}
