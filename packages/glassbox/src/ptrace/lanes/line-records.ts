/**
 * Hands on the lines that the native step has made, and takes over calls from it whose entries it
 * has told as parts of lines, but whose exits it does not see through: a stop of another kind
 * came, or the rest of a line could not be made.
 */
import type { Loop } from '../loop.ts'

export class LineRecords {
  readonly #loop: Loop
  /** Where the text of the last record of lines ended. */
  #textEnd = 0

  constructor(loop: Loop) {
    this.#loop = loop
  }

  beginStep(): void {
    this.#textEnd = 0
  }

  /** `severalRun`: then the affinity must know when threads were seen. */
  lines(index: number, severalRun: boolean): void {
    const { records, handlers, lanes, tasks, affinity } = this.#loop
    const end = records.textEnd(index)
    const tid = records.tid(index)
    const count = records.lineCount(index)
    const start = this.#textEnd
    this.#textEnd = end
    // After the loop was muted, nothing is told.
    if (handlers.lines) lanes.tell(start, end, { tid, count, lastNs: records.lastLineNs(index) })
    const task = severalRun ? tasks.get(tid) : undefined
    if (!task || !affinity) return
    const timeNs = records.timeNs(index)
    affinity.stopped(task, timeNs, 2 * count)
    if (!records.endsInside(index)) affinity.hasGoneOn(task, timeNs)
  }

  /**
   * From now on JavaScript knows these calls: all, or that of thread `only`. `left`: the thread
   * whose stop is handled, and which has left its call with it.
   */
  takeOpen(left = 0, only?: number): void {
    const { lanes, tasks, handlers } = this.#loop
    if (lanes.open.count === 0) return
    for (const { tid, nr, timeNs, args, column } of lanes.open.take(left, only)) {
      const task = tasks.get(tid)
      if (!task) continue
      const entered = { tid, pid: task.pid, timeNs, nr, args, abi: 'x86_64' as const }
      task.call = { entered, hidden: false, tampered: false, forced: undefined }
      handlers.lines?.entered(entered, column)
    }
  }
}
