/**
 * What happens between the moment when a task could go on and its next guest instruction: its wait
 * is looked at, its signals are delivered, and it stays parked while its process is stopped.
 */
import { isHeld } from './timing/hold.ts'
import { deliverSignals } from './signals/deliver.ts'
import type { Task } from './state.ts'

/** Whether the thread is to be resumed now: then the caller does it at once. */
export function prepare(task: Task): boolean {
  if (task.dead || task.running) return false
  if (task.process.stopSignal !== 0 && !task.isBeingKilled) return false
  if (task.parked && !task.interrupted) return false
  if (isHeld(task) && !task.isBeingKilled) return false
  task.parked = false
  if (task.waiting) {
    task.world.current = task
    task.lookAgain()
    if (task.waiting && !isInterrupted(task)) return false
  }
  if (task.interrupted && !deliverSignals(task)) return false
  if (task.waiting || isHeld(task)) return false
  task.addressSpace.settle()
  task.running = true
  return true
}

function isInterrupted(task: Task): boolean {
  return task.wait?.interruption === 'kill-only' ? task.isBeingKilled : task.interrupted
}
