/**
 * Letting tracees go. A detach needs a stop: each is asked for one, and let go at whatever stop it
 * comes to, with the signal that was about to be delivered there. A tracee that no signal reaches
 * (the parent of a vfork) stops when its child, let go, has gone on.
 */
import { ptrace } from '../../gate/ptrace.ts'
import { PTRACE_DETACH, PTRACE_INTERRUPT } from '../../linux/constants.ts'
import type { Loop } from '../loop.ts'
import { isEnd, type StopKind, stopSignal } from '../stop.ts'
import { Task } from '../task.ts'

/** What has not stopped by then is let go by the kernel, when the thread of the tracer ends. */
const PATIENCE_NS = 5_000_000_000n

/**
 * From now on nothing is handled: what stops is let go. Ends the loop when none is left.
 * `beforeEach`: while it stands still, so that a signal that is sent to it then comes before all
 * that it does.
 */
export function detachAll(loop: Loop, beforeEach: (pid: number) => void = () => {}): void {
  const gone = new Set<number>()
  /** Born, and of no concern to handlers: they were not told of them. */
  const untold = new Set<number>()
  loop.intercept = (task, tid, kind, status, index) => {
    if (!isEnd(kind)) beforeEach(task?.pid ?? tid)
    gone.add(tid)
    // The first stop of a child may come after all others: the loop must not end before it.
    const child = kind === 'new-child' ? loop.records.message(index) : 0
    if (child !== 0 && !gone.has(child) && !loop.tasks.has(child)) {
      untold.add(child)
      expectChild(loop, child)
    }
    letGo(loop, untold.has(tid) ? undefined : task, tid, kind, status)
    return true
  }
  // What a handler delays stands already, and what is to be restarted must not be forgotten.
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
