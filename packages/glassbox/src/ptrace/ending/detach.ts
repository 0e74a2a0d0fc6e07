/**
 * Detaches from tracees. A detach needs a stop, so each tracee is asked for one. It is detached
 * at whatever stop comes first, with the signal that was about to be delivered there. A tracee
 * that no signal reaches (the parent of a vfork) stops once its detached child has gone on.
 */
import { ptrace } from '../../gate/ptrace.ts'
import { PTRACE_DETACH, PTRACE_INTERRUPT } from '../../linux/constants.ts'
import type { Loop } from '../loop.ts'
import { isEnd, type StopKind, stopSignal } from '../stop.ts'
import { Task } from '../task.ts'

/**
 * Tracees that have not stopped by then are detached by the kernel when the tracer's thread ends.
 */
const PATIENCE_NS = 5_000_000_000n

/**
 * From now on no stop is handled; each stopped tracee is detached. The loop ends when no tracee
 * is left. `beforeEach` is called while the process is stopped, so a signal that it sends is
 * delivered before the process does anything else.
 */
export function detachAll(loop: Loop, beforeEach: (pid: number) => void = () => {}): void {
  const gone = new Set<number>()
  /** New children that handlers were not called for. */
  const untold = new Set<number>()
  loop.intercept = (task, tid, kind, status, index) => {
    if (!isEnd(kind)) beforeEach(task?.pid ?? tid)
    gone.add(tid)
    // The first stop of a child may come after all other stops, and the loop must not end before
    // it.
    const child = kind === 'new-child' ? loop.records.message(index) : 0
    if (child !== 0 && !gone.has(child) && !loop.tasks.has(child)) {
      untold.add(child)
      expectChild(loop, child)
    }
    letGo(loop, untold.has(tid) ? undefined : task, tid, kind, status)
    return true
  }
  // Tracees that a handler delays are already stopped, and queued restarts must not be lost.
  loop.releaseDelayed()
  for (const tid of loop.held()) {
    gone.add(tid)
    beforeEach(tid)
    ptrace(PTRACE_DETACH, tid)
    loop.forget(tid)
  }
  loop.at(process.hrtime.bigint() + PATIENCE_NS, () => loop.abandon())
  for (const task of loop.tasks.values()) ptrace(PTRACE_INTERRUPT, task.tid)
}

function expectChild(loop: Loop, tid: number): void {
  const child = new Task(tid, tid)
  child.guarded = loop.hasGuarded
  loop.add(child)
}

function letGo(loop: Loop, task: Task | undefined, tid: number, kind: StopKind, status: number): void {
  if (task && !isEnd(kind)) {
    const { call } = task
    loop.handlers.detached?.({
      tid,
      pid: task.pid,
      timeNs: process.hrtime.bigint(),
      insideCall: call !== undefined && !call.hidden,
    })
  }
  loop.forget(tid)
  if (!isEnd(kind)) ptrace(PTRACE_DETACH, tid, 0, kind === 'signal' ? stopSignal(status) : 0)
}
