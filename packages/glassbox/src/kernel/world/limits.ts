/**
 * The limits of a world while it runs: CPU time, wall time and memory. Each is looked at when it
 * could have been reached at the earliest. The first one that is reached is the cause of the end.
 *
 * The CPU time of a program is that of its guests and, as the time of the system, that of the
 * kernel thread that served it.
 */
import { getHeapStatistics } from 'node:v8'
import { syscall } from '../../gate/gate.ts'
import { CLOCK_THREAD_CPUTIME_ID } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { WorldMemory } from '../mm/world-memory.ts'
import type { Platform } from '../platform/platform.ts'
import type { TimerQueue } from '../wait/timers.ts'

export type LimitCause = 'cpu' | 'wall' | 'memory'

export interface Terms {
  /** `Infinity`: none. */
  readonly cpuTimeMs: number
  readonly wallTimeMs: number
  readonly memoryBytes: number
}

/** How often memory is looked at: a guest can touch a few MiB in this time. */
const MEMORY_NS = 5_000_000
/** The kernel's own tables are looked at less often: they grow by calls. */
const LOOKS_A_KERNEL_LOOK = 20
/**
 * What a program may make the kernel remember for it beside its pages: areas, names, timers.
 * Each kind has a limit with an errno; many processes together can reach this one first.
 */
const MOST_KERNEL_BYTES = 384 * 2 ** 20
/** CPU time is not looked at more often. */
const SHORTEST_NS = 1_000_000
const CLOCK_GETTIME = syscallNumber('clock_gettime')
const time = new BigInt64Array(2)

function threadCpuNs(): number {
  syscall(CLOCK_GETTIME, CLOCK_THREAD_CPUTIME_ID, time)
  return Number(time[0]) * 1e9 + Number(time[1])
}

export class Limits {
  cause: LimitCause | undefined
  peakBytes = 0
  readonly startedNs: number
  readonly #terms: Terms
  readonly #platform: Platform
  readonly #memory: WorldMemory
  readonly #timers: TimerQueue
  readonly #guestsBefore: number
  readonly #kernelBefore: number
  readonly #heapBefore: number
  #looks = 0

  constructor(terms: Terms, platform: Platform, memory: WorldMemory, timers: TimerQueue) {
    this.#terms = terms
    this.#platform = platform
    this.#memory = memory
    memory.limitBytes = terms.memoryBytes
    // Linux kills a program whose call needs a page that its group may not have.
    memory.world.onLimit = () => (this.cause ??= 'memory')
    // A guest may touch memory and give it back between two looks.
    memory.world.onShrink = freeBytes => this.#note(memory.world.memory.usage() - freeBytes)
    this.#timers = timers
    this.startedNs = platform.now()
    this.#guestsBefore = platform.cpuTimeNs()
    this.#kernelBefore = threadCpuNs()
    this.#heapBefore = getHeapStatistics().used_heap_size
    if (terms.wallTimeMs !== Infinity)
      timers.at(this.startedNs + terms.wallTimeMs * 1e6, () => (this.cause ??= 'wall'))
    if (terms.cpuTimeMs !== Infinity) this.#lookAtCpu()
    this.#lookAtMemory()
  }

  get guestsNs(): number {
    return this.#platform.cpuTimeNs() - this.#guestsBefore
  }

  get kernelNs(): number {
    return threadCpuNs() - this.#kernelBefore
  }

  #lookAtCpu(): void {
    const left = this.#terms.cpuTimeMs * 1e6 - this.guestsNs - this.kernelNs
    if (left <= 0) this.cause ??= 'cpu'
    else this.#timers.at(this.#platform.now() + Math.max(SHORTEST_NS, left), () => this.#lookAtCpu())
  }

  #lookAtMemory(): void {
    this.look()
    if (++this.#looks % LOOKS_A_KERNEL_LOOK === 0) this.#lookAtKernel()
    this.#timers.at(this.#platform.now() + MEMORY_NS, () => this.#lookAtMemory())
  }

  #lookAtKernel(): void {
    const grown = getHeapStatistics().used_heap_size - this.#heapBefore
    if (grown > MOST_KERNEL_BYTES) this.cause ??= 'memory'
  }

  /** Looks at the memory now, for the peak and the limit. */
  look(): void {
    this.#note(this.#memory.usage())
  }

  #note(bytes: number): void {
    if (bytes > this.peakBytes) this.peakBytes = bytes
    if (bytes > this.#terms.memoryBytes) this.cause ??= 'memory'
  }
}
