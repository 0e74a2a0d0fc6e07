/**
 * The loop of a world: each stop of a guest thread is served, what is due is run, and every task
 * that can go on is resumed. It holds its thread until the world has ended: what comes from
 * outside meanwhile is announced by the platform's bell.
 */
import { onFault, onGone, onInterrupt } from '../task/stops.ts'
import { prepare } from '../task/prepare.ts'
import type { Task, WorldState } from '../task/state.ts'
import type { Platform } from '../platform/platform.ts'
import type { Dispatcher } from './dispatcher.ts'

export interface LoopParts {
  readonly state: WorldState
  readonly platform: Platform
  readonly dispatcher: Dispatcher
  /** Called when the bell was rung or a time is over. */
  readonly onWake: () => void
  /** Whether the world has to end now. */
  readonly isOver: () => boolean
  /** Objects of the caller: what was asked for, and whether contents are on their way to them. */
  readonly objects?: { readonly outstanding: number; readonly isHanding: boolean } | undefined
  /** Nothing runs, nothing is ready and nothing can wake anyone. */
  readonly onStill: () => void
}

export class Loop {
  readonly #parts: LoopParts

  constructor(parts: LoopParts) {
    this.#parts = parts
  }

  /** Runs until the world has ended, or has to end. */
  run(): void {
    const { state, platform, onWake, isOver, objects } = this.#parts
    const { timers } = state
    for (let isDue = true; ; ) {
      if (isDue) timers.run(platform.now())
      this.#resumeReady()
      state.observer?.beforeWait()
      if (isOver() || (state.ended !== undefined && objects?.isHanding !== true)) return
      const next = timers.nextNs()
      const isAsking = (objects?.outstanding ?? 0) > 0
      if (platform.running === 0 && next === Infinity && !isAsking && !platform.watching)
        this.#parts.onStill()
      const stops = platform.wait(next)
      for (let index = 0; index < stops; index++) this.#serve(index)
      isDue = platform.woken
      if (isDue) onWake()
    }
  }

  #serve(index: number): void {
    const { state, platform, dispatcher } = this.#parts
    const thread = platform.stopped[index]
    const task = thread && state.taskOf(thread)
    if (thread === undefined || task === undefined) return
    if (thread.stop === 'call') {
      dispatcher.serve(task)
      return
    }
    try {
      this.#otherStop(task)
    } catch (error) {
      dispatcher.noteFault(-1, error)
      onGone(task)
    }
  }

  #otherStop(task: Task): void {
    const { stop } = task.thread
    task.world.current = task
    if (stop === 'fault' || stop === 'trap') onFault(task)
    else if (stop === 'interrupted') onInterrupt(task)
    else onGone(task)
  }

  #resumeReady(): void {
    const { state, dispatcher } = this.#parts
    for (let task = state.nextReady(); task !== undefined; task = state.nextReady()) {
      try {
        if (prepare(task)) task.thread.resume()
      } catch (error) {
        // Its wait or its signals cannot be served. What waits for it learns of its death.
        dispatcher.noteFault(task.nr, error)
        if (!task.dead) onGone(task)
      }
    }
  }
}
