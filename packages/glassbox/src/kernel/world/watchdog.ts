/**
 * Ends a world that makes no progress although it should: a task that neither runs nor waits for
 * anything, or a thread that the kernel believes to run and that stands still. That is a fault of
 * glassbox, never of the program, so it has a report with the state of every thread.
 */
import { GlassboxError } from '../../errors.ts'
import { describeTasks } from '../task/describe.ts'
import { isHeld } from '../task/timing/hold.ts'
import type { WorldState } from '../task/state.ts'
import type { Platform } from '../platform/platform.ts'
import type { Dispatcher } from './dispatcher.ts'

const LOOK_NS = 1_000_000_000
/** So many looks in a row without any progress are no accident. */
const MOST_LOOKS = 3

export class Watchdog {
  readonly #state: WorldState
  readonly #platform: Platform
  readonly #dispatcher: Dispatcher
  #seen = ''
  #looks = 0

  constructor(state: WorldState, platform: Platform, dispatcher: Dispatcher) {
    this.#state = state
    this.#platform = platform
    this.#dispatcher = dispatcher
    this.#arm()
  }

  #arm(): void {
    const { timers } = this.#state
    timers.at(this.#platform.now() + LOOK_NS, () => {
      this.look()
      this.#arm()
    })
  }

  /** Throws if there was no progress for some time. */
  look(): void {
    const stuck = this.#lost() ?? this.#standing()
    const progress = `${this.#dispatcher.calls} ${this.#platform.cpuTimeNs()}`
    this.#looks = stuck !== undefined && progress === this.#seen ? this.#looks + 1 : 0
    this.#seen = progress
    if (stuck !== undefined && this.#looks >= MOST_LOOKS) throw this.report(stuck)
  }

  /** A task that nothing will ever wake. */
  #lost(): string | undefined {
    for (const task of this.#state.tasks.values()) {
      const isStopped = task.process.stopSignal !== 0
      const isWaiting = task.wait !== undefined || task.queued || task.parked || isHeld(task)
      if (!task.running && !isWaiting && !isStopped) return `task ${task.tid} neither runs nor waits`
    }
    return undefined
  }

  /** A thread that the host has stopped, but whose stop was never reported. */
  #standing(): string | undefined {
    return this.#platform.running > 0 ? this.#platform.standing() : undefined
  }

  report(what: string): GlassboxError {
    const lines = [...describeTasks(this.#state), ...this.#platform.describe(), ...this.faults()]
    return new GlassboxError('ERR_GLASSBOX_INTERNAL', `The kernel came to a standstill: ${what}.`, {
      hint: `Please report this with the following.\n${lines.join('\n')}`,
    })
  }

  /** The faults of the kernel so far, a line each. */
  faults(): string[] {
    return this.#dispatcher.faults.map(
      ({ call, error }) =>
        `fault in ${call}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    )
  }
}
