/**
 * On which CPUs guests run. A call costs a fifth if kernel and guest share a CPU, so that is where
 * every thread begins. Threads that only compute do not need the kernel: while several threads
 * want the one CPU, those that ran on without a call may use all. Who begins to make calls again
 * comes back.
 */
import { affinity, cpuCount, onlyCpu, setAffinity, withoutCpu } from '../../../gate/affinity.ts'
import type { HostThread } from './host-thread.ts'

/** How often it is looked for threads that compute, while several run. */
const LOOK_NS = 3_000_000
/** A thread that has computed for less than this between two stops makes calls again. */
const COMPUTES_NS = 1_000_000

export class Placement {
  readonly #home: Uint8Array
  readonly #all: Uint8Array
  readonly #others: Uint8Array
  #round = 1
  #dueNs = 0

  /** The calling thread, and whom it starts, run on this CPU only from now on. */
  static at(cpu: number): Placement | undefined {
    const all = affinity(0)
    if (all === undefined) return undefined
    const home = onlyCpu(cpu, all.length)
    setAffinity(0, home)
    return cpuCount(all) > 1 ? new Placement(home, all, withoutCpu(all, cpu)) : undefined
  }

  private constructor(home: Uint8Array, all: Uint8Array, others: Uint8Array) {
    this.#home = home
    this.#all = all
    this.#others = others
  }

  /** The thread is about to run: whether it computes is counted from now on. */
  resumed(host: HostThread): void {
    host.round = this.#round
  }

  /** A thread that may run anywhere has stopped. */
  stopped(host: HostThread): void {
    const used = host.cpuTimeNs()
    if (used - host.usedNs < COMPUTES_NS) host.roams = !setAffinity(host.tid, this.#home)
    host.usedNs = used
  }

  /** Lets threads that compute go. Returns when to look again, if the same threads run on. */
  look(hosts: Iterable<HostThread>, nowNs: number): number {
    if (nowNs < this.#dueNs) return this.#dueNs
    let atHome = 0
    const computing: HostThread[] = []
    for (const host of hosts) {
      if (!host.running || host.roams) continue
      if (host.round < this.#round) computing.push(host)
      else atHome++
    }
    // If nobody else wants this CPU, one of them keeps it.
    for (const [index, host] of computing.entries()) this.#letGo(host, atHome > 0 || index > 0)
    this.#round++
    this.#dueNs = nowNs + LOOK_NS
    return atHome > 0 ? this.#dueNs : Infinity
  }

  /** The host moves a thread at once if it may not stay, and otherwise when it next balances. */
  #letGo(host: HostThread, isMoved: boolean): void {
    if (isMoved) setAffinity(host.tid, this.#others)
    host.roams = setAffinity(host.tid, this.#all)
  }
}
