/**
 * Sets of semaphores: semop(2). The operations of a call are done all together or not at all; who
 * cannot do them yet waits in the set, and every change of a value looks for those who can now.
 */
import { IPC_NOWAIT, SEM_UNDO } from '../../../linux/constants.ts'
import { EAGAIN, EIDRM, ERANGE } from '../../../linux/errno-numbers.ts'
import type { Waiter } from '../../wait/queue.ts'
import type { TaskCredentials } from '../credentials.ts'
import type { Process } from '../types.ts'
import { SEMAPHORE_VALUE } from './limits.ts'
import { IpcObject } from './object.ts'

export interface Operation {
  readonly index: number
  /** 0: waits for zero. */
  readonly change: number
  /** SEM_UNDO, IPC_NOWAIT. */
  readonly flags: number
}

/** What a process adds to each semaphore at its end. */
export type Adjustments = Int16Array

/** The operations of one call. */
export interface Request {
  readonly operations: readonly Operation[]
  readonly pid: number
  /** Of the process, if an operation has SEM_UNDO. */
  readonly adjustments: Adjustments | undefined
}

/** One who waits. `result` says that it waits no more. */
export class PendingRequest {
  readonly request: Request
  readonly waiter: Waiter
  readonly alters: boolean
  /** The operation that cannot be done yet. */
  blocking: Operation | undefined
  result: number | undefined

  constructor(request: Request, waiter: Waiter, blocking: Operation) {
    this.request = request
    this.waiter = waiter
    this.alters = altersValues(request.operations)
    this.blocking = blocking
  }
}

export const altersValues = (operations: readonly Operation[]): boolean =>
  operations.some(({ change }) => change !== 0)

export class SemaphoreSet extends IpcObject {
  readonly values: Uint16Array
  /** The process that changed each one last. */
  readonly pids: Int32Array
  /** Of the last semop(2), in seconds. */
  operatedAt = 0
  /** What is to be undone, by process. */
  readonly undo: Map<Process, Adjustments> = new Map()
  readonly #pending = new Set<PendingRequest>()

  constructor(key: number, size: number, mode: number, credentials: TaskCredentials, now: number) {
    super(key, mode, credentials, now)
    this.values = new Uint16Array(size)
    this.pids = new Int32Array(size)
  }

  get size(): number {
    return this.values.length
  }

  /** Bytes of the kernel that a set of this size takes. */
  static bytes(size: number): number {
    return 1024 + size * 6
  }

  /** 0, a negative errno, or the operation that has to wait; then nothing has changed. */
  attempt({ operations, pid, adjustments }: Request): number | Operation {
    for (const [done, operation] of operations.entries()) {
      const refusal = this.#step(operation, adjustments)
      if (refusal === 0) continue
      for (const former of operations.slice(0, done)) this.#takeBack(former, adjustments)
      return refusal
    }
    for (const { index } of operations) this.pids[index] = pid
    return 0
  }

  #step(operation: Operation, adjustments: Adjustments | undefined): number | Operation {
    const { index, change, flags } = operation
    const before = this.values[index] as number
    const after = before + change
    if (change === 0 ? before !== 0 : after < 0) return (flags & IPC_NOWAIT) !== 0 ? -EAGAIN : operation
    if (after > SEMAPHORE_VALUE) return -ERANGE
    if (adjustments !== undefined && (flags & SEM_UNDO) !== 0) {
      const adjusted = (adjustments[index] as number) - change
      if (adjusted < -SEMAPHORE_VALUE - 1 || adjusted > SEMAPHORE_VALUE) return -ERANGE
      adjustments[index] = adjusted
    }
    this.values[index] = after
    return 0
  }

  #takeBack({ index, change, flags }: Operation, adjustments: Adjustments | undefined): void {
    this.values[index] = (this.values[index] as number) - change
    if (adjustments !== undefined && (flags & SEM_UNDO) !== 0)
      adjustments[index] = (adjustments[index] as number) + change
  }

  /** Waits in the set until `result` is set, or `leave`. */
  enter(pending: PendingRequest): void {
    this.#pending.add(pending)
  }

  leave(pending: PendingRequest): void {
    this.#pending.delete(pending)
  }

  /** Values have changed: those who can go on do, first those who only wait for zero. */
  settle(): void {
    while (this.#settleOne(false) || this.#settleOne(true));
  }

  #settleOne(alters: boolean): boolean {
    for (const pending of this.#pending) {
      if (pending.alters !== alters) continue
      const result = this.attempt(pending.request)
      if (typeof result === 'number') {
        this.#finish(pending, result)
        return true
      }
      pending.blocking = result
    }
    return false
  }

  #finish(pending: PendingRequest, result: number): void {
    this.#pending.delete(pending)
    pending.result = result
    pending.waiter.woken()
  }

  /** GETNCNT and GETZCNT: how many wait for this semaphore to grow, or to be zero. */
  waiting(index: number, forZero: boolean): number {
    let count = 0
    for (const { blocking } of this.#pending)
      if (blocking?.index === index && (blocking.change === 0) === forZero) count++
    return count
  }

  /** SETVAL and SETALL: nobody undoes what was before. */
  setValue(index: number, value: number, pid: number): void {
    for (const adjustments of this.undo.values()) adjustments[index] = 0
    this.values[index] = value
    this.pids[index] = pid
  }

  /** The process has ended: its adjustments are made as far as values allow. */
  undoFor(process: Process, now: number): void {
    const adjustments = this.undo.get(process)
    if (adjustments === undefined) return
    this.undo.delete(process)
    for (const [index, change] of adjustments.entries()) {
      if (change === 0) continue
      const value = (this.values[index] as number) + change
      this.values[index] = Math.min(SEMAPHORE_VALUE, Math.max(0, value))
      this.pids[index] = process.pid
    }
    this.operatedAt = now
    this.settle()
  }

  /** It was removed. */
  end(): void {
    for (const pending of [...this.#pending]) this.#finish(pending, -EIDRM)
    this.undo.clear()
  }
}
