/**
 * Where tracer and tracee run. A stop costs 10–16 µs when both are on one CPU and 50–100 µs when the one must wake the other across two:
 * so while one tracee runs at a time, it and the tracer share a CPU. Two rules make that harmless:
 *
 * - the program does not see it. A tracee has its own mask back before it makes a call that would show it or hand it on: reading
 *   or setting a mask, making a child, opening a file called `status` as there is one in /proc/PID.
 * - programs that run in parallel stay so. Where two tracees wait for each other, and stops come so seldom that a second CPU is worth more
 *   than cheap stops, all have their own masks back for a while (see overlap.ts).
 *
 * Owns the masks of the tracees that it moved and of its own thread, and gives all of them back.
 */
import { affinity, cpuCount, currentCpu, hasCpu, onlyCpu, setAffinity } from '../../gate/affinity.ts'
import { Overlap, TOGETHER_NS } from './overlap.ts'
import type { Task } from '../task.ts'

/** So long tracees that run in parallel are left alone; twice as long each time, where they still do after that. */
const APART_NS = 20_000_000n
const LONGEST_APART_NS = 640_000_000n
/** So often the scheduler may choose the CPU anew. */
const CHOICE_NS = 250_000_000n

/**
 * Calls that are not to be made from where a tracee was moved to: `all` must have their own masks meanwhile, or the caller its `own`,
 * or its process has opened a `status` file and may read it any time.
 */
export type Revealing = 'all' | 'own' | 'status'

export class Placement {
  readonly #own: Uint8Array | undefined
  readonly #callAt: (timeNs: bigint, callback: () => void) => void
  /** Those that were moved, with the masks that are theirs. */
  readonly #moved = new Map<Task, Uint8Array>()
  readonly #overlap = new Overlap()
  /** In a call that must not see it: nothing is moved meanwhile. */
  readonly #revealing = new Map<Task, Revealing>()
  /** Processes that read status files, until they end or execute something else. */
  readonly #curious = new Set<number>()
  #cpu: number | undefined
  #only: Uint8Array = new Uint8Array(0)
  #apartUntilNs = 0n
  #apartNs = APART_NS
  #chosenNs = 0n
  #watched = false

  /** `callAt`: a timer in the thread of the tracer. */
  constructor(enabled: boolean, callAt: (timeNs: bigint, callback: () => void) => void) {
    const own = enabled ? affinity(0) : undefined
    this.#own = own && cpuCount(own) > 1 ? own : undefined
    this.#callAt = callAt
  }

  /** Is there anything to be done at all? */
  get isOn(): boolean {
    return this.#own !== undefined
  }

  /** It stopped, or is in a call from now on. */
  stopped(task: Task, timeNs: bigint): void {
    if (this.#overlap.stopped(task, timeNs) && this.#moved.size > 0) this.#part(timeNs)
  }

  /** It is about to be restarted. `user`: into user mode. */
  starting(task: Task, timeNs: bigint, user: boolean): void {
    if (timeNs - this.#chosenNs > CHOICE_NS) this.#choose(timeNs)
    if (this.#mayMove(task, timeNs)) this.#move(task)
    if (!user) return
    this.#overlap.started(task, timeNs)
    if (this.#overlap.isThere && this.#moved.size > 0) this.#watch(timeNs)
  }

  /** It is about to make a call that would show where it is. */
  reveals(task: Task, what: Revealing): void {
    if (what === 'status') this.#curious.add(task.pid)
    else this.#revealing.set(task, what)
    if (what === 'own') {
      this.restore(task)
      return
    }
    this.restoreAll()
  }

  left(task: Task): void {
    this.#revealing.delete(task)
  }

  /** A process is another one now: it has opened nothing yet. */
  executed(pid: number): void {
    this.#curious.delete(pid)
  }

  /** The same thread by another id. */
  renamed(former: Task, task: Task): void {
    const mask = this.#moved.get(former)
    this.gone(former)
    if (mask) this.#moved.set(task, mask)
  }

  gone(task: Task): void {
    this.#overlap.gone(task)
    this.#moved.delete(task)
    this.#revealing.delete(task)
    if (task.tid === task.pid) this.#curious.delete(task.pid)
  }

  /** A tracee has its own mask again. */
  restore(task: Task): void {
    const mask = this.#moved.get(task)
    if (mask && this.#moved.delete(task)) setAffinity(task.tid, mask)
  }

  /** All have their own masks again, our thread too. */
  restoreAll(): void {
    for (const [task, mask] of this.#moved) setAffinity(task.tid, mask)
    this.#moved.clear()
    if (this.#own && this.#cpu !== undefined) setAffinity(0, this.#own)
    this.#cpu = undefined
  }

  #mayMove(task: Task, timeNs: bigint): boolean {
    if (!this.#own || !task.movable || this.#moved.has(task) || timeNs < this.#apartUntilNs) return false
    if (this.#curious.size > 0) return false
    if (this.#revealing.size > 0)
      for (const [other, what] of this.#revealing) if (what === 'all' || other === task) return false
    return !this.#overlap.hasLong(timeNs)
  }

  #move(task: Task): void {
    const mask = affinity(task.tid)
    if (!mask || !this.#own) return
    if (this.#cpu === undefined) {
      const cpu = currentCpu()
      const only = onlyCpu(cpu, this.#own.length)
      if (!hasCpu(mask, cpu) || !setAffinity(0, only)) return
      this.#cpu = cpu
      this.#only = only
    }
    // One that may run on a single CPU is where its owner wants it.
    if (!hasCpu(mask, this.#cpu) || cpuCount(mask) < 2) return
    if (setAffinity(task.tid, this.#only)) this.#moved.set(task, mask)
  }

  #part(timeNs: bigint): void {
    this.restoreAll()
    const again = timeNs - this.#apartUntilNs < this.#apartNs
    this.#apartNs = again ? min(this.#apartNs * 2n, LONGEST_APART_NS) : APART_NS
    this.#apartUntilNs = timeNs + this.#apartNs
  }

  #choose(timeNs: bigint): void {
    this.#chosenNs = timeNs
    this.restoreAll()
  }

  /** Without a stop nothing would tell that two are running: a timer looks. */
  #watch(timeNs: bigint): void {
    if (this.#watched) return
    this.#watched = true
    this.#callAt(timeNs + TOGETHER_NS * 2n, () => {
      this.#watched = false
      const nowNs = process.hrtime.bigint()
      if (this.#moved.size === 0 || !this.#overlap.isThere) return
      if (this.#overlap.areLong(nowNs)) this.#part(nowNs)
      else this.#watch(nowNs)
    })
  }
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
