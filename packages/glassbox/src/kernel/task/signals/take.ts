/** Signals that are taken instead of delivered: sigtimedwait(2), signalfd(2). */
import type { Task } from '../state.ts'
import type { SignalInfo } from './info.ts'
import { SignalSet } from './set.ts'

const others = new SignalSet()

/** The next pending signal of the set, blocked or not; it is pending no more. */
export function takeSignal(task: Task, wanted: SignalSet): SignalInfo | undefined {
  others.set(~wanted.lo, ~wanted.hi)
  for (const pending of [task.pending, task.process.pending]) {
    const signal = pending.next(others)
    if (signal !== 0) return pending.take(signal)
  }
  return undefined
}

/** Whether one of the set is pending. */
export function hasSignal(task: Task, wanted: SignalSet): boolean {
  others.set(~wanted.lo, ~wanted.hi)
  return task.pending.deliverable(others) || task.process.pending.deliverable(others)
}
