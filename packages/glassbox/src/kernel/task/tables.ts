/**
 * Small tables of a world that know no task: who is ready, ids, and users of descriptor tables.
 */
import type { FdTable } from '../fs/fd-table.ts'

interface Queueable {
  queued: boolean
}

/** A queue that each member is on at most once. It allocates nothing once it has grown. */
export class ReadyQueue<T extends Queueable> {
  readonly #members: T[] = []
  #taken = 0

  add(member: T): void {
    if (member.queued) return
    member.queued = true
    this.#members.push(member)
  }

  /** The oldest, which leaves the queue. */
  take(): T | undefined {
    const member = this.#members[this.#taken]
    if (member === undefined) {
      this.#members.length = 0
      this.#taken = 0
      return undefined
    }
    this.#taken++
    member.queued = false
    return member
  }
}

/** The largest id, as on any 64-bit Linux. */
const MAX_ID = 4_194_303
/** After it, ids begin here anew. */
const FIRST_REUSED = 300

export class Ids {
  #last = 0
  #wrapped = false

  /** An id that is not used; −1 if there is none. `isUsed` is asked only for ids given before. */
  next(isUsed: (id: number) => boolean): number {
    for (let tries = 0; tries < MAX_ID; tries++) {
      if (this.#last >= MAX_ID) {
        this.#last = FIRST_REUSED - 1
        this.#wrapped = true
      }
      this.#last++
      if (!this.#wrapped || !isUsed(this.#last)) return this.#last
    }
    return -1
  }
}

/** How many tasks use a descriptor table; the last one to leave closes its files. */
export class FileUsers {
  readonly #users = new Map<FdTable, number>()

  join(table: FdTable): void {
    this.#users.set(table, this.count(table) + 1)
  }

  leave(table: FdTable): void {
    const users = this.count(table) - 1
    if (users > 0) this.#users.set(table, users)
    else {
      this.#users.delete(table)
      table.closeAll()
    }
  }

  count(table: FdTable): number {
    return this.#users.get(table) ?? 0
  }
}
