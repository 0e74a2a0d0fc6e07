/**
 * A world: one program and everything that it starts, from its first instruction until nothing of
 * it is left. What outlives a program belongs to the caller: the platform, the memory with the
 * files in it, and the root.
 */
import type { FdTable } from '../fs/fd-table.ts'
import { closeAllInFlight } from '../fs/socket/in-flight.ts'
import type { ObjectClient } from '../fs/object/answers.ts'
import type { Location, Mount } from '../fs/vfs.ts'
import type { WorldMemory } from '../mm/world-memory.ts'
import type { Platform } from '../platform/platform.ts'
import type { TaskCredentials } from '../task/credentials.ts'
import { exitGroup } from '../task/exit.ts'
import { spawnInit } from '../task/spawn.ts'
import { WorldState } from '../task/state.ts'
import type { Clock, ResourceLimit } from '../task/types.ts'
import { TimerHeap } from '../wait/timer-heap.ts'
import type { CallTable } from './call-table.ts'
import { hostClock } from './clock.ts'
import { Dispatcher } from './dispatcher.ts'
import { type LimitCause, Limits, type Terms } from './limits.ts'
import { Loop } from './loop.ts'
import { Watchdog } from './watchdog.ts'

const SIGKILL = 9
/** The guests' clocks are not compared more often. */
const CLOCK_NS = 2_000_000
/** Killed threads are waited for in rounds of this time; a host that never stops them is not. */
const QUIET_NS = 50_000
const QUIET_ROUNDS = 2000

export interface WorldProgram {
  readonly path: Uint8Array
  readonly args: readonly Uint8Array[]
  /** NAME=value. */
  readonly env: readonly Uint8Array[]
  readonly cwd: Location
  readonly umask: number
  readonly credentials: TaskCredentials
  readonly files: FdTable
  readonly limits: ResourceLimit[]
}

export interface WorldSpec {
  readonly platform: Platform
  readonly memory: WorldMemory
  readonly root: Mount
  readonly hostname: string
  readonly table: CallTable
  readonly terms: Terms & { readonly processes: number }
  readonly random: (target: Uint8Array) => void
  /** Default: the host's time. */
  readonly clock?: Clock
  /** Called when the bell was rung. Returns why the world has to end, if it has to. */
  readonly onBell: () => 'canceled' | 'output' | undefined
  /** The line to TypeScript objects in its tree; `onBell` takes their answers from it. */
  readonly objects?: ObjectClient | undefined
  /** The clocks that guests read by themselves. */
  readonly vdso?: { readonly dueNs: number; refresh(): void }
}

export interface WorldEnd {
  readonly cause: LimitCause | 'itself' | 'canceled' | 'output'
  /** The wait status of the first program. */
  readonly status: number
  readonly startedNs: number
  readonly endedNs: number
  readonly guestsNs: number
  readonly kernelNs: number
  readonly peakBytes: number
  /** The most threads at a time, and how many new ones the limit has refused. */
  readonly peakTasks: number
  readonly refusedProcesses: number
  /** Whether a file has reached the limit of its size. */
  readonly fileAtLimit: boolean
  /** Calls that the kernel does not serve, with how often they were made. */
  readonly missing: ReadonlyMap<number, number>
  /** Faults of the kernel: how many, and the first ones in words. */
  readonly faultCount: number
  readonly faults: readonly string[]
  readonly calls: number
}

export class KernelWorld {
  readonly state: WorldState
  readonly dispatcher: Dispatcher
  readonly #spec: WorldSpec
  readonly #limits: Limits
  readonly #watchdog: Watchdog
  readonly #loop: Loop
  #stopped: 'canceled' | 'output' | undefined

  constructor(spec: WorldSpec) {
    const { platform, memory, terms } = spec
    this.#spec = spec
    const timers = new TimerHeap()
    this.state = new WorldState({
      platform,
      timers,
      clock: spec.clock ?? hostClock(platform),
      random: spec.random,
      hostname: spec.hostname,
      root: spec.root,
      limits: { memoryBytes: terms.memoryBytes, processes: terms.processes },
      memory,
    })
    this.dispatcher = new Dispatcher(spec.table)
    this.#limits = new Limits(terms, platform, memory, timers)
    if (spec.vdso) this.#keepClock(spec.vdso)
    this.#watchdog = new Watchdog(this.state, platform, this.dispatcher)
    this.#loop = new Loop({
      state: this.state,
      platform,
      dispatcher: this.dispatcher,
      onWake: () => {
        this.#stopped ??= spec.onBell()
      },
      isOver: () => this.#stopped !== undefined || this.#limits.cause !== undefined,
      objects: spec.objects,
      onStill: () => this.#watchdog.look(),
    })
  }

  /** Compares the guests' own clocks with the world's, when it is time. */
  #keepClock(vdso: NonNullable<WorldSpec['vdso']>): void {
    vdso.refresh()
    this.state.timers.at(Math.max(vdso.dueNs, this.#spec.platform.now() + CLOCK_NS), () =>
      this.#keepClock(vdso),
    )
  }

  /** Makes the first process. 0, or a negative errno as execve(2) gives it. */
  start(program: WorldProgram): number {
    const { root } = this.#spec
    const location: Location = { mount: root, dentry: root.root }
    return spawnInit(this.state, { ...program, root: location })
  }

  /** Runs until nothing is left. Throws if the kernel or the host has failed. */
  run(): WorldEnd {
    const { objects } = this.#spec
    objects?.begin()
    try {
      this.#loop.run()
    } finally {
      this.#limits.look()
      objects?.end()
      this.#killAll()
      this.#untilQuiet()
      this.state.ipc.end()
      closeAllInFlight()
    }
    return this.#end()
  }

  /** It ends before the next guest instruction. */
  cancel(): void {
    this.#stopped ??= 'canceled'
  }

  #killAll(): void {
    for (const process of [...this.state.processes.values()])
      if (process.tasks.size > 0) exitGroup(process, SIGKILL)
  }

  /**
   * Threads that ran when they were killed stop within microseconds. Until then their memory is
   * not given back, and the next world of this platform would be charged for it.
   */
  #untilQuiet(): void {
    const { platform } = this.#spec
    for (let round = 0; platform.running > 0 && round < QUIET_ROUNDS; round++)
      platform.wait(platform.now() + QUIET_NS)
  }

  #end(): WorldEnd {
    const { state, dispatcher } = this
    const limits = this.#limits
    const ended = state.ended ?? SIGKILL
    return {
      cause: this.#stopped ?? limits.cause ?? 'itself',
      status: ended,
      startedNs: limits.startedNs,
      endedNs: this.#spec.platform.now(),
      guestsNs: limits.guestsNs,
      kernelNs: limits.kernelNs,
      peakBytes: limits.peakBytes,
      peakTasks: state.peakTasks,
      refusedProcesses: state.refusedTasks,
      fileAtLimit: state.fileAtLimit,
      missing: dispatcher.missing,
      faultCount: dispatcher.faultCount,
      faults: this.#watchdog.faults(),
      calls: dispatcher.calls,
    }
  }
}
