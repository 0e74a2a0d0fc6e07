/**
 * Do tracees run in parallel, or would they if they were let? The kernel keeps for each thread how long it was ready and waited for a CPU
 * (/proc/TID/schedstat, the second number; proc(5)): two that compute on one CPU wait half the time.
 *
 * On one CPU a stop costs some 10 µs, on two some 60 µs more, of which the other tracee can use its share. So two whose stops are further apart than
 * that are faster apart, and two that make call after call are faster together.
 */
import { readFileSync } from 'node:fs'
import type { Task } from './task.ts'

/** Two that have been in user mode for so long, without a stop, compute. */
export const TOGETHER_NS = 1_000_000n
/** So long it is measured. */
const WINDOW_NS = 5_000_000n
/** Stops that are further apart than this leave room for another CPU. */
const SELDOM_NS = 60_000n

export class Overlap {
  /** In user mode as far as is known: restarted from anything but the entry of a call. */
  readonly #running = new Set<Task>()
  /** Those that stopped in this window. */
  readonly #active = new Set<Task>()
  /** How long they had waited at the end of the window before. */
  #waited = new Map<Task, bigint>()
  #windowNs = 0n
  #stops = 0n

  /** Are there two in user mode? */
  get isThere(): boolean {
    return this.#running.size > 1
  }

  started(task: Task, timeNs: bigint): void {
    task.restartedNs = timeNs
    this.#running.add(task)
  }

  /** True where a measurement just ended that says: they could run in parallel. */
  stopped(task: Task, timeNs: bigint): boolean {
    this.#running.delete(task)
    this.#active.add(task)
    this.#stops++
    return timeNs - this.#windowNs >= WINDOW_NS && this.#measure(timeNs)
  }

  gone(task: Task): void {
    this.#running.delete(task)
    this.#active.delete(task)
    this.#waited.delete(task)
  }

  /** Is there one that has been in user mode for long? */
  hasLong(timeNs: bigint): boolean {
    for (const task of this.#running) if (timeNs - task.restartedNs > TOGETHER_NS) return true
    return false
  }

  /** Are there two? */
  areLong(timeNs: bigint): boolean {
    let count = 0
    for (const task of this.#running) if (timeNs - task.restartedNs > TOGETHER_NS) count++
    return count > 1
  }

  #measure(timeNs: bigint): boolean {
    const window = timeNs - this.#windowNs
    const seldom = window > SELDOM_NS * this.#stops
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
    this.#stops = 0n
    this.#windowNs = timeNs
    return waitedNs * 3n > window
  }
}

/** How long a thread has waited for a CPU, ns; 0 where the kernel does not say. */
function waitedFor(tid: number): bigint {
  try {
    return BigInt(readFileSync(`/proc/${tid}/schedstat`, 'latin1').split(' ')[1] ?? '0')
  } catch {
    return 0n
  }
}
