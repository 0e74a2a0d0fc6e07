/**
 * What each kind of stop of a known tracee means: a signal, a group-stop, a new child, the end. In
 * most cases handlers are told, and the tracee is restarted as they asked. Calls are in
 * call-stops.ts, children in process-tree.ts.
 */
import { PTRACE_LISTEN } from '../linux/constants.ts'
import { CallStops } from './call-stops.ts'
import type { Loop } from './loop.ts'
import type { ProcessTree } from './process-tree.ts'
import { coreDumped, deathSignal, exitCode, type StopKind, stopKind, stopSignal } from './stop.ts'
import type { Task } from './task.ts'

export class TaskStops {
  readonly #loop: Loop
  readonly #calls: CallStops
  readonly #tree: ProcessTree

  constructor(loop: Loop, tree: ProcessTree) {
    this.#loop = loop
    this.#calls = new CallStops(loop)
    this.#tree = tree
  }

  handle(task: Task, index: number, kind: StopKind, status: number): void {
    task.listening = false
    switch (kind) {
      case 'syscall':
      case 'seccomp':
        this.#calls.handle(task, index, kind)
        break
      case 'signal':
        this.#signal(task, index, stopSignal(status))
        break
      case 'group-stop':
      case 'trap':
        this.#trap(task, index, kind, stopSignal(status))
        break
      case 'new-child':
        this.#tree.announce(task, index, status)
        this.#loop.resume(task)
        break
      case 'exec':
        this.#tree.exec(task, index)
        break
      case 'exiting':
        this.#exiting(task, index)
        break
      case 'exited':
      case 'killed':
        this.#end(task, index, status)
        break
      case 'vfork-done':
      case 'unknown':
        this.#loop.resume(task)
        break
    }
  }

  #signal(task: Task, index: number, signal: number): void {
    if (task.launching) {
      // The launcher's SIGCONT to itself says that its next call is execve.
      task.launching = 'ready'
      this.#loop.resume(task)
      return
    }
    let delivered = signal
    if (this.#loop.handlers.signal) {
      const { records } = this.#loop
      const stop = { ...this.#loop.stopOf(task, index), signal, siginfo: records.siginfo(index) }
      const instead = this.#loop.handlers.signal(stop, this.#loop.stopped.at(task, index))
      if (typeof instead === 'number') delivered = instead
    }
    this.#loop.resume(task, delivered)
  }

  /**
   * The stops of PTRACE_EVENT_STOP: the first stop of a tracee, a group-stop, the end of a
   * group-stop, the answer to an interruption.
   */
  #trap(task: Task, index: number, kind: 'group-stop' | 'trap', signal: number): void {
    this.#tree.stopped(task, index)
    if (task.attaching) {
      task.attaching = false
      const stop = { ...this.#loop.stopOf(task, index), attached: true }
      this.#loop.handlers.attached?.(stop, this.#loop.stopped.at(task, index))
    }
    if (kind === 'trap' || task.launching) {
      this.#loop.resume(task)
      return
    }
    this.#loop.handlers.groupStop?.(
      { ...this.#loop.stopOf(task, index), signal },
      this.#loop.stopped.at(task, index),
    )
    task.listening = true
    this.#loop.restarts.add(task.tid, PTRACE_LISTEN, 0)
  }

  #exiting(task: Task, index: number): void {
    if (!task.launching && this.#loop.handlers.exiting) {
      const insideCall = task.call !== undefined && !task.call.hidden
      this.#loop.handlers.exiting(
        { ...this.#loop.stopOf(task, index), insideCall },
        this.#loop.stopped.at(task, index),
      )
    }
    this.#loop.resume(task)
  }

  #end(task: Task, index: number, status: number): void {
    this.#tree.stopped(task, index)
    this.#loop.stopped.ended(task.tid)
    this.#loop.tasks.delete(task.tid)
    this.#loop.affinity?.gone(task)
    this.#tree.orphans(task, index)
    const killed = stopKind(status) === 'killed'
    if (this.#loop.ends.has(task.tid))
      this.#loop.ends.set(task.tid, killed ? { signal: deathSignal(status) } : { exitCode: exitCode(status) })
    if (task.launching) {
      this.#loop.launchEnded()
      return
    }
    const stop = this.#loop.stopOf(task, index)
    if (killed)
      this.#loop.handlers.killed?.({ ...stop, signal: deathSignal(status), coreDumped: coreDumped(status) })
    else this.#loop.handlers.exited?.({ ...stop, code: exitCode(status) })
  }
}
