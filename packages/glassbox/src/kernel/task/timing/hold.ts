/**
 * A thread that a trace delays: it stands still for a time, whatever wakes it. Only SIGKILL takes
 * effect at once.
 */
import type { Task } from '../state.ts'

/** Until that time of the world's clock, at least. After several calls the latest time counts. */
export function hold(task: Task, untilNs: number): void {
  if (untilNs <= task.heldUntilNs) return
  task.heldUntilNs = untilNs
  task.world.timers.at(untilNs, () => letGo(task, untilNs))
}

function letGo(task: Task, untilNs: number): void {
  if (task.heldUntilNs !== untilNs) return
  task.heldUntilNs = 0
  const { afterHold } = task
  task.afterHold = undefined
  if (task.dead) return
  task.world.current = task
  if (afterHold) afterHold()
  else task.world.makeReady(task)
}

/** Whether it stands still now. */
export const isHeld = (task: Task): boolean => task.heldUntilNs !== 0
