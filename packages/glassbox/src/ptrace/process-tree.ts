/**
 * Which task created which. The parent's event and the child's first stop come in either order. A
 * child whose stop comes first stays stopped until its parent's event says what it is, or until
 * the parent is dead.
 */
import { syscall } from '../gate/gate.ts'
import { ptrace } from '../gate/ptrace.ts'
import { PTRACE_DETACH } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { PTRACE_EVENT } from '../linux/ptrace.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import type { Loop } from './loop.ts'
import { eventOf } from './stop.ts'
import { Task } from './task.ts'
import { isThreadOf } from './subject/proc-id.ts'

export type ChildKind = 'fork' | 'vfork' | 'clone'

const KINDS: Readonly<Record<number, ChildKind>> = {
  [PTRACE_EVENT.fork]: 'fork',
  [PTRACE_EVENT.vfork]: 'vfork',
  [PTRACE_EVENT.clone]: 'clone',
}

const KILL = syscallNumber('kill')
/** Stands for an unknown parent. */
const UNKNOWN = new Task(0, 0)

interface Birth {
  readonly parent: Task
  readonly kind: ChildKind
}

export class ProcessTree {
  readonly #loop: Loop
  /** Children that their parents announced and that have not stopped yet. */
  readonly #births = new Map<number, Birth>()
  /** Children that stopped for the first time and are not announced yet. */
  readonly #early = new Set<number>()

  constructor(loop: Loop) {
    this.#loop = loop
  }

  /** Whether there is a tracee that is not in the table. */
  get holds(): boolean {
    return this.#early.size > 0
  }

  held(): readonly number[] {
    return [...this.#early]
  }

  clear(): void {
    this.#early.clear()
    this.#births.clear()
  }

  /** Handles a parent's event. */
  announce(parent: Task, index: number, status: number): void {
    const tid = this.#loop.records.message(index)
    // The parent was killed before it could tell.
    if (tid === 0) return
    // Either the child was adopted without a parent, or its end came before this event and its id
    // is no longer its own.
    if (this.#loop.tasks.has(tid) || syscall(KILL, tid, 0) === -ERRNO.ESRCH) return
    const kind = KINDS[eventOf(status)] ?? 'clone'
    const child = this.#make(tid, { parent, kind })
    if (!this.#early.delete(tid)) return
    this.stopped(child, index)
    this.#loop.resume(child)
  }

  /** Handles a stop of a thread that no parent has announced yet. */
  early(tid: number, index: number): void {
    this.#early.add(tid)
    // No tracee is left that could announce it.
    if (this.#loop.tasks.size === 0) this.orphans(UNKNOWN, index)
  }

  /** Makes a child a tracee like any other, without its parent's event. */
  adopt(tid: number): Task {
    this.#early.delete(tid)
    return this.#make(tid, { parent: UNKNOWN, kind: 'clone' })
  }

  /** An early child ended. */
  lost(tid: number): void {
    this.#early.delete(tid)
  }

  /** A tracee stopped or ended. The first time, handlers are told about it as a new child. */
  stopped(task: Task, index: number): void {
    const birth = this.#births.get(task.tid)
    if (!birth) return
    this.#births.delete(task.tid)
    const { parent, kind } = birth
    const stop = { ...this.#loop.stopOf(parent, index), child: task.tid, childPid: task.pid, kind }
    this.#loop.handlers.newChild?.(stop, this.#loop.stopped.at(task, index))
  }

  /**
   * A tracee died: children that it has not announced will never be announced. Children of other
   * parents only lose the name of theirs.
   */
  orphans(dead: Task, index: number): void {
    // The end of a leader comes last. Its thread that executed a program and was killed before
    // that was seen has no other end.
    for (const other of this.#loop.tasks.values())
      if (other.pid === dead.tid) this.#loop.forget(other.tid)
    for (const tid of this.#early) {
      const child = this.#make(tid, { parent: dead, kind: 'clone' })
      this.stopped(child, index)
      this.#loop.resume(child)
    }
    this.#early.clear()
  }

  /**
   * The new program is loaded. If a thread other than the leader made the call, the event has the
   * leader's tid, and the caller's tid as its message. The caller has then become the leader, and
   * no other thread is left.
   */
  exec(known: Task | undefined, index: number): void {
    const loop = this.#loop
    const tid = loop.records.tid(index)
    const formerTid = loop.records.message(index) || tid
    const former = loop.tasks.get(formerTid) ?? known
    let task = known
    if (formerTid !== tid || !task) {
      task = new Task(tid, tid)
      if (known && known !== former) loop.affinity?.gone(known)
      if (former) task.becomes(former)
      loop.tasks.delete(formerTid)
      loop.add(task)
    }
    for (const other of loop.tasks.values())
      if (other.pid === tid && other !== task) loop.tasks.delete(other.tid)
    loop.affinity?.executed(task, former)
    // The parent of a vfork goes on before the child's execve is quite over, so the launcher may
    // be seized at the end of its own execve.
    if (task.launching) {
      loop.resume(task)
      return
    }
    const { stopped } = loop
    loop.handlers.exec?.({ ...loop.stopOf(task, index), formerTid }, stopped.at(task, index))
    if (stopped.isLetGo) this.#letGo(task, index)
    else loop.resume(task)
  }

  #letGo(task: Task, index: number): void {
    const loop = this.#loop
    const insideCall = task.call !== undefined && !task.call.hidden
    loop.handlers.detached?.({ ...loop.stopOf(task, index), insideCall })
    loop.forget(task.tid)
    ptrace(PTRACE_DETACH, task.tid)
  }

  #make(tid: number, birth: Birth): Task {
    const { parent, kind } = birth
    const isThread = kind === 'clone' && isThreadOf(tid, parent.pid)
    const child = new Task(tid, isThread ? parent.pid : tid)
    child.abi = parent.abi
    child.isAttached = parent.isAttached
    child.guarded = this.#loop.hasGuarded
    this.#loop.add(child)
    this.#births.set(tid, birth)
    return child
  }
}
