/**
 * When the limits of a program have to be looked at, and what to do about them. CPU time is read
 * at the earliest moment at which its limit could be reached; memory every few milliseconds while
 * the program runs, and less often while it sleeps.
 */
import { availableParallelism } from 'node:os'
import type { EndCause } from '../../job/ending.ts'
import type { Program } from '../loop/program.ts'

const MS_NS = 1_000_000
/** CPU time is not read more often than this. */
const SHORTEST_NS = 300_000
const MEMORY_NS = 5_000_000
/** The first look also tells the main thread that the program runs. */
const FIRST_NS = 2_000_000
const LONGEST_MEMORY_NS = 20_000_000
/** Reading memory takes at most this part of the time. */
const MEMORY_PART = 20
const FOREVER = 2 ** 62
const CPUS = availableParallelism()

export class Watch {
  readonly #program: Program
  readonly #cpuLimitNs: number
  readonly #wallAtNs: number
  #cpuAtNs: number
  #memoryAtNs: number
  #intervalNs = MEMORY_NS
  #seenCpuNs = 0

  /** The program has started at this time. */
  constructor(program: Program) {
    const { cpuTimeMs, wallTimeMs } = program.spec.limits
    const nowNs = Number(program.startedNs)
    this.#program = program
    this.#cpuLimitNs = cpuTimeMs * MS_NS
    this.#wallAtNs = wallTimeMs === Infinity ? FOREVER : nowNs + wallTimeMs * MS_NS
    this.#cpuAtNs = cpuTimeMs === Infinity ? FOREVER : nowNs + this.#cpuLimitNs / CPUS
    this.#memoryAtNs = nowNs + FIRST_NS
  }

  /** When `look` is due, in ns of CLOCK_MONOTONIC. */
  get dueNs(): number {
    return Math.min(this.#wallAtNs, this.#cpuAtNs, this.#memoryAtNs)
  }

  /** Looks at what is due. Returns the limit that is reached. */
  look(nowNs: number): EndCause | undefined {
    if (nowNs >= this.#memoryAtNs && this.#isOverMemory(nowNs)) return 'memory'
    if (nowNs >= this.#cpuAtNs && this.#isOverCpu(nowNs)) return 'cpu'
    return nowNs >= this.#wallAtNs ? 'wall' : undefined
  }

  #isOverCpu(nowNs: number): boolean {
    const usedNs = Number(this.#program.cpu.totalNs())
    const leftNs = this.#cpuLimitNs - usedNs
    const rate = Math.min(CPUS, Math.max(1, this.#program.tasks.size))
    this.#cpuAtNs = nowNs + Math.max(SHORTEST_NS, leftNs / rate)
    return leftNs <= 0
  }

  #isOverMemory(nowNs: number): boolean {
    const { cpu, memory } = this.#program
    if (!memory) {
      this.#memoryAtNs = FOREVER
      return false
    }
    const usedNs = Number(cpu.totalNs())
    // Memory grows only while the program runs.
    const sleeps = usedNs === this.#seenCpuNs
    this.#seenCpuNs = usedNs
    this.#intervalNs = sleeps ? Math.min(this.#intervalNs * 2, LONGEST_MEMORY_NS) : MEMORY_NS
    if (sleeps) {
      this.#memoryAtNs = nowNs + this.#intervalNs
      return false
    }
    const begunNs = performance.now() * MS_NS
    const exceeds = memory.exceeds(cpu.processes)
    const costNs = performance.now() * MS_NS - begunNs
    this.#memoryAtNs = nowNs + Math.max(this.#intervalNs, costNs * MEMORY_PART)
    return exceeds
  }
}
