/**
 * The CPU affinity of tracer and tracees. A stop costs 10–16 µs if both are on one CPU, and
 * 50–100 µs if one must wake the other on another CPU. So while one tracee runs at a time, it and
 * the tracer share a CPU. Three rules make that harmless:
 *
 * - The program does not see it. A tracee gets its own mask back before it makes a call that
 *   would show the mask or pass it on: reading or setting a mask, creating a child, opening a
 *   file called `status` as in /proc/PID.
 * - Programs that run in parallel keep doing so. If two tracees wait for each other, and stops
 *   are so rare that a second CPU is worth more than cheap stops, all get their own masks back
 *   for a while (see overlap.ts).
 * - A mask that another process set meanwhile (taskset(1), a cpuset) stays as it is.
 *
 * This is an optimisation: the loop calls its hooks, and what a stop means does not depend on
 * them. It owns the masks of the tracees that it moved and of its own thread, and restores all of
 * them.
 */
import { affinity, cpuCount, currentCpu, hasCpu, onlyCpu, setAffinity } from '../../gate/affinity.ts'
import { Overlap, TOGETHER_NS } from './overlap.ts'
import type { MemoryReader } from '../../decode/memory.ts'
import type { Task } from '../task.ts'
import { observes, type Observes } from './observing-calls.ts'

/**
 * How long tracees that run in parallel keep their own masks. The time doubles each time they are
 * found to run in parallel again.
 */
const APART_NS = 20_000_000n
const LONGEST_APART_NS = 640_000_000n
/** How often the scheduler may choose the CPU anew. */
const CHOICE_NS = 250_000_000n

export class CpuAffinity {
  readonly #own: Uint8Array
  readonly #callAt: (timeNs: bigint, callback: () => void) => void
  /** The tasks that were moved, with their own masks. */
  readonly #moved = new Map<Task, Uint8Array>()
  readonly #overlap = new Overlap()
  /** Tasks in a call that must not see a changed mask. Nothing is moved during such a call. */
  readonly #observing = new Map<Task, Observes>()
  /** Processes that read status files, until they end or execute another program. */
  readonly #statusReaders = new Set<number>()
  #cpu: number | undefined
  #only: Uint8Array = new Uint8Array(0)
  #apartUntilNs = 0n
  #apartNs = APART_NS
  #chosenNs = 0n
  #watched = false

  /**
   * Returns `undefined` if there is only one CPU to choose. `callAt` sets a timer in the tracer's
   * thread.
   */
  static of(callAt: (timeNs: bigint, callback: () => void) => void): CpuAffinity | undefined {
    const own = affinity(0)
    return own && cpuCount(own) > 1 ? new CpuAffinity(own, callAt) : undefined
  }

  private constructor(own: Uint8Array, callAt: (timeNs: bigint, callback: () => void) => void) {
    this.#own = own
    this.#callAt = callAt
  }

  /** Hook: the task stopped, for the last time of so many. */
  stopped(task: Task, timeNs: bigint, stops = 1): void {
    if (this.#overlap.stopped(task, timeNs, stops) && this.#moved.size > 0) this.#separate(timeNs)
  }

  /**
   * Hook: the task is about to be restarted, into user mode or into the call that it is entering.
   */
  beforeResume(task: Task, timeNs: bigint): void {
    const user = task.call === undefined
    if (user && this.#observing.size > 0) this.#observing.delete(task)
    if (timeNs - this.#chosenNs > CHOICE_NS) this.#choose(timeNs)
    if (this.#mayMove(task, timeNs)) this.#move(task)
    if (!user) return
    this.#overlap.started(task, timeNs)
    if (this.#overlap.isThere && this.#moved.size > 0) this.#watch(timeNs)
  }

  /** Hook: the task was restarted where it stopped, without coming here. */
  hasGoneOn(task: Task, timeNs: bigint): void {
    if (task.call !== undefined) return
    this.#overlap.started(task, timeNs)
    if (this.#overlap.isThere && this.#moved.size > 0) this.#watch(timeNs)
  }

  /**
   * Hook: the task is about to make this call. Restores masks if the call would show them or pass
   * them on. Returns true in that case, because the exit of the call must then be seen.
   */
  beforeCall(task: Task, nr: number, args: readonly bigint[], memory: MemoryReader): boolean {
    const what = observes(task.abi, nr, args, memory)
    if (what === undefined) return false
    if (what === 'status') this.#statusReaders.add(task.pid)
    else this.#observing.set(task, what)
    if (what === 'own') this.restore(task)
    else this.restoreAll()
    return true
  }

  /**
   * Hook: the process executed another program, which has not opened a file yet. `former` is the
   * same thread under its previous id.
   */
  executed(task: Task, former: Task | undefined): void {
    if (former && former !== task) {
      const mask = this.#moved.get(former)
      this.gone(former)
      if (mask) this.#moved.set(task, mask)
    }
    this.#statusReaders.delete(task.pid)
  }

  /** Hook: the task has ended. */
  gone(task: Task): void {
    this.#overlap.gone(task)
    this.#moved.delete(task)
    this.#observing.delete(task)
    if (task.tid === task.pid) this.#statusReaders.delete(task.pid)
  }

  /** Gives a tracee its own mask back. */
  restore(task: Task): void {
    const mask = this.#moved.get(task)
    if (mask && this.#moved.delete(task)) this.#giveBack(task.tid, mask)
  }

  /** Gives all tracees their own masks back, and this thread as well. */
  restoreAll(): void {
    for (const [task, mask] of this.#moved) this.#giveBack(task.tid, mask)
    this.#moved.clear()
    if (this.#cpu !== undefined) this.#giveBack(0, this.#own)
    this.#cpu = undefined
  }

  /**
   * If the mask is no longer the one that was set here, another process changed it, and it is
   * left alone.
   */
  #giveBack(tid: number, mask: Uint8Array): void {
    const now = affinity(tid)
    if (now && Buffer.compare(now, this.#only) === 0) setAffinity(tid, mask)
  }

  #mayMove(task: Task, timeNs: bigint): boolean {
    if (task.isAttached || this.#moved.has(task) || timeNs < this.#apartUntilNs) return false
    if (this.#statusReaders.size > 0) return false
    if (this.#observing.size > 0)
      for (const [other, what] of this.#observing) if (what === 'all' || other === task) return false
    return !this.#overlap.hasLong(timeNs)
  }

  #move(task: Task): void {
    const mask = affinity(task.tid)
    if (!mask) return
    if (this.#cpu === undefined) {
      const cpu = currentCpu()
      const only = onlyCpu(cpu, this.#own.length)
      if (!hasCpu(mask, cpu) || !setAffinity(0, only)) return
      this.#cpu = cpu
      this.#only = only
    }
    // A thread that may run on only one CPU was put there on purpose.
    if (!hasCpu(mask, this.#cpu) || cpuCount(mask) < 2) return
    if (setAffinity(task.tid, this.#only)) this.#moved.set(task, mask)
  }

  #separate(timeNs: bigint): void {
    this.restoreAll()
    const again = timeNs - this.#apartUntilNs < this.#apartNs
    this.#apartNs = again ? min(this.#apartNs * 2n, LONGEST_APART_NS) : APART_NS
    this.#apartUntilNs = timeNs + this.#apartNs
  }

  #choose(timeNs: bigint): void {
    this.#chosenNs = timeNs
    this.restoreAll()
  }

  /** If there are no stops, nothing shows that two tracees are running, so a timer checks. */
  #watch(timeNs: bigint): void {
    if (this.#watched) return
    this.#watched = true
    this.#callAt(timeNs + TOGETHER_NS * 2n, () => {
      this.#watched = false
      const nowNs = process.hrtime.bigint()
      if (this.#moved.size === 0 || !this.#overlap.isThere) return
      if (this.#overlap.areLong(nowNs)) this.#separate(nowNs)
      else this.#watch(nowNs)
    })
  }
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
