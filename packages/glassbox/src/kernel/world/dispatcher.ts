/**
 * Serves the calls of tasks by the table. A call that no family has answers ENOSYS and is counted.
 * A handler that throws is a fault of the kernel: the call answers EFAULT, and the fault is
 * counted and kept for the report; it never reaches the loop.
 */
import { syscallByNumber } from '../../linux/syscalls.ts'
import { served } from '../fs/object/answers.ts'
import { isHeld } from '../task/timing/hold.ts'
import type { TaskObserver } from '../task/observer.ts'
import type { Task } from '../task/state.ts'
import { NO_RESULT } from '../wait/blocking.ts'
import { waitForAnswers } from './answers.ts'
import { type CallTable, fit } from './call-table.ts'

const ENOSYS = 38
const EFAULT = 14
const MOST_KEPT_FAULTS = 8
/** Stands for all numbers of calls that Linux does not have. */
export const NO_NUMBER = -1

export interface KernelFault {
  readonly call: string
  readonly error: unknown
}

export class Dispatcher {
  readonly #table: CallTable
  /** How often each call was made that is not served, by number. */
  readonly missing: Map<number, number> = new Map()
  readonly faults: KernelFault[] = []
  faultCount = 0
  calls = 0

  constructor(table: CallTable) {
    this.#table = table
  }

  /** The thread of the task has stopped at a call. */
  serve(task: Task): void {
    const { thread } = task
    const { nr } = thread
    task.nr = nr
    task.world.current = task
    this.calls++
    const { observer } = task.world
    if (observer === undefined) task.finish(this.#answer(task, nr))
    else this.#serveObserved(task, observer)
  }

  /**
   * Its observer may have skipped the call, changed its number, delayed it, or killed the task.
   */
  #serveObserved(task: Task, observer: TaskObserver): void {
    const isMade = observer.entered(task)
    if (task.isBeingKilled) {
      task.world.makeReady(task)
      return
    }
    const make = (): void => task.finish(isMade ? this.#answer(task, task.nr) : NO_RESULT)
    if (isHeld(task)) task.afterHold = make
    else make()
  }

  #answer(task: Task, nr: number): number {
    served.call = undefined
    const answer = this.#handle(task, nr)
    const { call } = served
    return call === undefined ? answer : waitForAnswers(task, call, answer, () => this.#handle(task, nr))
  }

  #handle(task: Task, nr: number): number {
    const handler = this.#table.handlers[nr]
    if (handler === undefined) return this.#noCall(nr)
    const [a, b, c, d, e, f] = task.thread.args
    const widths = this.#table.widths(nr)
    try {
      if (widths === 0) return handler(task, a, b, c, d, e, f)
      return handler(
        task,
        fit(widths, 0, a),
        fit(widths, 1, b),
        fit(widths, 2, c),
        fit(widths, 3, d),
        fit(widths, 4, e),
        fit(widths, 5, f),
      )
    } catch (error) {
      this.noteFault(nr, error)
      return -EFAULT
    }
  }

  /** Numbers that no call can have count together, so that a guest cannot fill the map. */
  #noCall(nr: number): number {
    const counted = nr >= 0 && nr < this.#table.handlers.length ? nr : NO_NUMBER
    this.missing.set(counted, (this.missing.get(counted) ?? 0) + 1)
    return -ENOSYS
  }

  /** A fault of the kernel while it served this call, or 'a stop' for −1. */
  noteFault(nr: number, error: unknown): void {
    this.faultCount++
    if (this.faults.length >= MOST_KEPT_FAULTS) return
    this.faults.push({ call: nr < 0 ? 'a stop' : (syscallByNumber(nr)?.name ?? `call ${nr}`), error })
  }
}
