/**
 * Letting tracees go. A detach needs a stop: each is asked for one, and let go at whatever stop it comes to, with the signal that was about
 * to be delivered there. What is blocked where no signal reaches it (the parent of a vfork) stops when its children, let go, have gone on.
 */
import { ptrace } from '../gate/ptrace.ts'
import { PTRACE_DETACH, PTRACE_INTERRUPT } from '../linux/constants.ts'
import type { Engine } from './engine.ts'
import { type StopKind, stopSignal } from './stop.ts'
import type { Task } from './task.ts'

/** What has not stopped by then is let go by the kernel, when the thread of the tracer ends. */
const PATIENCE_NS = 5_000_000_000n

/** From now on nothing is handled: what stops is let go. Ends the loop when none is left. */
export function detachAll(engine: Engine): void {
  engine.intercept = (task, tid, kind, status) => {
    letGo(engine, task, tid, kind, status)
    return true
  }
  // What a handler delays stands already, and what is to be restarted must not be forgotten.
  engine.releaseDelayed()
  for (const tid of engine.held()) {
    ptrace(PTRACE_DETACH, tid)
    engine.forget(tid)
  }
  engine.at(process.hrtime.bigint() + PATIENCE_NS, () => engine.abandon())
  for (const task of engine.tasks.values()) ptrace(PTRACE_INTERRUPT, task.tid)
}

function letGo(engine: Engine, task: Task | undefined, tid: number, kind: StopKind, status: number): void {
  if (task && kind !== 'exited' && kind !== 'killed') {
    const { call } = task
    engine.handlers.detached?.({
      tid,
      pid: task.pid,
      timeNs: process.hrtime.bigint(),
      insideCall: call !== undefined && !call.hidden,
    })
  }
  engine.forget(tid)
  if (kind !== 'exited' && kind !== 'killed')
    ptrace(PTRACE_DETACH, tid, 0, kind === 'signal' ? stopSignal(status) : 0)
}
