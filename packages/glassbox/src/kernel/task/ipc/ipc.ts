/**
 * System V IPC of a world: its segments, semaphore sets and message queues, and what becomes of
 * them when they are removed, when a process ends, and when the world ends. Beside them, because
 * they share the limit of memory, its POSIX message queues.
 */
import { ENOMEM } from '../../../linux/errno-numbers.ts'
import type { WorldMemory } from '../../mm/world-memory.ts'
import type { Process } from '../types.ts'
import { HeldMemory, QUEUES, SEGMENTS, SETS } from './limits.ts'
import { MessageQueue } from './messages.ts'
import type { Message } from './messages.ts'
import { MARKED_FOR_REMOVAL, type Moment, Segment, type SegmentPlan } from './segment.ts'
import type { Adjustments } from './semaphores.ts'
import { SemaphoreSet } from './semaphores.ts'
import { PosixQueues } from './posix-queues.ts'
import { IpcTable } from './table.ts'

/** Bytes of an adjustment, and of a list of them. */
const ADJUSTMENT = 2
const LIST = 256

export class Ipc {
  readonly segments: IpcTable<Segment> = new IpcTable(SEGMENTS)
  readonly sets: IpcTable<SemaphoreSet> = new IpcTable(SETS)
  readonly queues: IpcTable<MessageQueue> = new IpcTable(QUEUES)
  readonly held: HeldMemory = new HeldMemory()
  readonly posixQueues: PosixQueues = new PosixQueues(this.held)
  /** Semaphores of all sets. */
  semaphores = 0
  readonly #memory: WorldMemory
  readonly #moment: Moment
  /** The sets that have something to undo for a process. */
  readonly #undo = new Map<Process, Set<SemaphoreSet>>()

  constructor(memory: WorldMemory, moment: Moment) {
    this.#memory = memory
    this.#moment = moment
  }

  /** Makes a segment; the table must not be full. Returns its id. */
  addSegment(plan: SegmentPlan): number {
    const segment = new Segment(plan, this.#memory, this.#moment, gone => this.#freeSegment(gone))
    return this.segments.add(segment)
  }

  /** It goes now, or with its last attachment. */
  removeSegment(segment: Segment): void {
    if (segment.attachments === 0) return this.#freeSegment(segment)
    segment.mode |= MARKED_FOR_REMOVAL
    this.segments.forgetKey(segment)
  }

  #freeSegment(segment: Segment): void {
    this.segments.remove(segment)
    segment.pages.free()
  }

  /** Adds a set; the table must not be full, and its memory is taken. Returns its id. */
  addSet(set: SemaphoreSet): number {
    this.semaphores += set.size
    return this.sets.add(set)
  }

  removeSet(set: SemaphoreSet): void {
    this.sets.remove(set)
    this.semaphores -= set.size
    for (const [process, { length }] of set.undo) {
      this.held.give(LIST + length * ADJUSTMENT)
      this.#forgetUndo(process, set)
    }
    set.end()
    this.held.give(SemaphoreSet.bytes(set.size))
  }

  removeQueue(queue: MessageQueue): void {
    this.queues.remove(queue)
    for (const message of queue.messages) this.released(message)
    queue.end()
    this.held.give(MessageQueue.ownBytes)
  }

  /** A message is in no queue any more. */
  released(message: Message): void {
    this.held.give(MessageQueue.held(message))
  }

  /** What a process will undo in a set; −ENOMEM. */
  adjustmentsOf(process: Process, set: SemaphoreSet): Adjustments | number {
    const known = set.undo.get(process)
    if (known !== undefined) return known
    if (!this.held.take(LIST + set.size * ADJUSTMENT)) return -ENOMEM
    const made = new Int16Array(set.size)
    set.undo.set(process, made)
    const sets = this.#undo.get(process)
    if (sets === undefined) this.#undo.set(process, new Set([set]))
    else sets.add(set)
    return made
  }

  #forgetUndo(process: Process, set: SemaphoreSet): void {
    const sets = this.#undo.get(process)
    sets?.delete(set)
    if (sets?.size === 0) this.#undo.delete(process)
  }

  /** SEM_UNDO: the process has ended. */
  processEnded(process: Process): void {
    const sets = this.#undo.get(process)
    if (sets === undefined) return
    this.#undo.delete(process)
    for (const set of sets) {
      set.undoFor(process, this.#moment.now())
      this.held.give(LIST + set.size * ADJUSTMENT)
    }
  }

  /** The world has ended: the memory of its segments is another world's next. */
  end(): void {
    for (const segment of [...this.segments.all]) this.#freeSegment(segment)
  }
}
