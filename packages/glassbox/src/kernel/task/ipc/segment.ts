/**
 * Segments of shared memory: shmget(2), shmat(2). Their pages are a memory file's, counted in the
 * memory of the world as soon as they are used.
 *
 * An attachment is what one shmat(2) maps. Address spaces hold and drop it by area; it counts each
 * space once, so a fork attaches, and the end of the last area of a space detaches.
 */
import type { BackingFile } from '../../platform/platform.ts'
import { FilePages } from '../../mm/files/file-pages.ts'
import type { MappedFile } from '../../mm/mapped-file.ts'
import type { Mappable, MappingUser } from '../../mm/mappable.ts'
import type { WorldMemory } from '../../mm/world-memory.ts'
import type { TaskCredentials } from '../credentials.ts'
import { IpcObject } from './object.ts'

/** Bits of the mode: it goes with its last attachment; it is locked in memory. */
export const MARKED_FOR_REMOVAL = 0o1000
export const LOCKED = 0o2000

/** Who attaches now, and when. */
export interface Moment {
  now(): number
  /** The process whose call is being served. */
  pid(): number
}

/** What a new segment is made of. */
export interface SegmentPlan {
  readonly key: number
  readonly mode: number
  /** In bytes. */
  readonly size: number
  readonly credentials: TaskCredentials
}

export class Segment extends IpcObject {
  readonly size: number
  readonly pages: FilePages
  readonly creatorPid: number
  lastPid = 0
  attachedAt = 0
  detachedAt = 0
  attachments = 0
  readonly #moment: Moment
  /** Called when it was marked for removal and nothing is attached any more. */
  readonly #abandoned: (segment: Segment) => void

  constructor(plan: SegmentPlan, memory: WorldMemory, moment: Moment, abandoned: (segment: Segment) => void) {
    super(plan.key, plan.mode, plan.credentials, moment.now())
    this.size = plan.size
    this.pages = new FilePages(memory.world, undefined, plan.size)
    this.creatorPid = moment.pid()
    this.#moment = moment
    this.#abandoned = abandoned
  }

  attached(): void {
    this.attachments++
    this.lastPid = this.#moment.pid()
    this.attachedAt = this.#moment.now()
  }

  detached(): void {
    this.lastPid = this.#moment.pid()
    this.detachedAt = this.#moment.now()
    this.release()
  }

  /** Keeps it while it is being attached: its own mapping may be the one that is replaced. */
  keep(): void {
    this.attachments++
  }

  /** The counterpart of `keep`. */
  release(): void {
    this.attachments--
    if (this.attachments === 0 && (this.mode & MARKED_FOR_REMOVAL) !== 0) this.#abandoned(this)
  }
}

export class Attachment implements Mappable, MappingUser {
  readonly segment: Segment
  readonly backing: BackingFile
  readonly #pages: FilePages
  readonly #users = new Map<MappingUser, number>()

  constructor(segment: Segment) {
    this.segment = segment
    this.#pages = segment.pages
    this.backing = this.#pages.backing
  }

  get size(): number {
    return this.#pages.size
  }

  page(offset: number): number {
    return this.#pages.page(offset)
  }

  pageRun(offset: number, limit: number): number {
    return this.#pages.pageRun(offset, limit)
  }

  hold(user: MappingUser): void {
    const count = this.#users.get(user) ?? 0
    this.#users.set(user, count + 1)
    if (count > 0) return
    this.#pages.hold(this)
    this.segment.attached()
  }

  drop(user: MappingUser): void {
    const count = (this.#users.get(user) ?? 0) - 1
    if (count > 0) {
      this.#users.set(user, count)
      return
    }
    this.#users.delete(user)
    this.#pages.drop(this)
    this.segment.detached()
  }

  written(): void {}

  punch(offset: number, length: number): number {
    return this.#pages.punch(offset, length)
  }

  sync(): number {
    return 0
  }

  pagesGone(_file: Mappable, offset: number, length: number, copies: boolean): void {
    for (const user of this.#users.keys()) user.pagesGone(this, offset, length, copies)
  }
}

/** The device of segments in /proc/PID/maps. */
const DEVICE = 1

/** A new attachment, as an address space maps it. */
export function attachmentOf(segment: Segment): MappedFile {
  const name = `/SYSV${(segment.key >>> 0).toString(16).padStart(8, '0')} (deleted)`
  return { mappable: new Attachment(segment), device: DEVICE, inode: segment.id, path: () => name }
}
