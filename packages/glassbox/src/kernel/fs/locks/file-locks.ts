/**
 * The locks of one file: ranges of bytes with an owner, fcntl(2), and locks of the whole,
 * flock(2).
 * Both kinds are tables of ranges; they do not see each other.
 *
 * Owners are objects: a descriptor table for record locks of a process, an open file for locks of
 * open file descriptions and of flock(2).
 */
import { WaitQueue } from '../../wait/queue.ts'

export interface Range {
  readonly start: number
  /** Exclusive; Infinity: to the end of the file, however long it becomes. */
  readonly end: number
}

/** One file has no more locks than this: ENOLCK. Each is looked at when another one is set. */
export const MOST_LOCKS = 2048

export interface Lock extends Range {
  readonly owner: object
  readonly exclusive: boolean
  /** Who set it, for F_GETLK; −1 for locks of open file descriptions. */
  readonly pid: number
}

/** Non-overlapping ranges of each owner, in no order. */
export class LockTable {
  #locks: Lock[] = []
  /** Woken when a lock has gone. */
  readonly queue: WaitQueue = new WaitQueue()

  get all(): readonly Lock[] {
    return this.#locks
  }

  /** A lock of another owner that conflicts with this one. */
  conflict(owner: object, exclusive: boolean, range: Range): Lock | undefined {
    return this.#locks.find(
      lock => lock.owner !== owner && overlaps(lock, range) && (exclusive || lock.exclusive),
    )
  }

  /** All locks that stand in the way, for the search for deadlocks. */
  conflicts(owner: object, exclusive: boolean, range: Range): Lock[] {
    return this.#locks.filter(
      lock => lock.owner !== owner && overlaps(lock, range) && (exclusive || lock.exclusive),
    )
  }

  /** Sets a lock that has no conflict: the owner's locks within its range are replaced. */
  set(lock: Lock): void {
    if (!this.#locks.some(other => other.owner === lock.owner && touches(other, lock))) {
      this.#locks.push(lock)
      return
    }
    const before = this.#locks.find(({ owner, exclusive }) => owner === lock.owner && exclusive)
    this.#cut(lock.owner, lock)
    const joined = this.#joined(lock)
    this.#locks.push(joined)
    // An exclusive lock that became a shared one lets others in.
    if (before !== undefined && !lock.exclusive) this.queue.wake()
  }

  unlock(owner: object, range: Range): void {
    if (this.#cut(owner, range)) this.queue.wake()
  }

  release(owner: object): void {
    this.unlock(owner, { start: 0, end: Infinity })
  }

  /** Takes a range out of an owner's locks; whether anything was there. */
  #cut(owner: object, range: Range): boolean {
    let found = false
    const kept: Lock[] = []
    for (const lock of this.#locks) {
      if (lock.owner !== owner || !overlaps(lock, range)) {
        kept.push(lock)
        continue
      }
      found = true
      if (lock.start < range.start) kept.push({ ...lock, end: range.start })
      if (lock.end > range.end) kept.push({ ...lock, start: range.end })
    }
    this.#locks = kept
    return found
  }

  /** The lock together with neighbours of the same owner and kind. */
  #joined(lock: Lock): Lock {
    let { start, end } = lock
    const isNeighbour = (other: Lock): boolean =>
      other.owner === lock.owner && other.exclusive === lock.exclusive && touches(other, { start, end })
    for (;;) {
      const neighbour = this.#locks.find(isNeighbour)
      if (neighbour === undefined) return { ...lock, start, end }
      start = Math.min(start, neighbour.start)
      end = Math.max(end, neighbour.end)
      this.#locks = this.#locks.filter(other => other !== neighbour)
    }
  }
}

const overlaps = (one: Range, other: Range): boolean => one.start < other.end && other.start < one.end

/** Whether they overlap or lie side by side. */
const touches = (one: Range, other: Range): boolean => one.end >= other.start && one.start <= other.end

export class FileLocks {
  readonly records: LockTable = new LockTable()
  readonly whole: LockTable = new LockTable()

  release(owner: object): void {
    this.records.release(owner)
    this.whole.release(owner)
  }
}

/** Owners that wait, and what for: to find circles, which are EDEADLK. */
const waiting = new Map<object, () => readonly Lock[]>()

/** Whether an owner would wait for itself if it waited for these locks. */
export function wouldDeadlock(owner: object, blockers: readonly Lock[], depth = 0): boolean {
  if (depth > 10) return false
  return blockers.some(blocker => {
    if (blocker.owner === owner) return true
    const next = waiting.get(blocker.owner)
    return next !== undefined && wouldDeadlock(owner, next(), depth + 1)
  })
}

export const waits = (owner: object, blockers: () => readonly Lock[]): void =>
  void waiting.set(owner, blockers)

export const waitsNoMore = (owner: object): void => void waiting.delete(owner)
