/**
 * The address space of a process, as tasks see it: they hold it, fork it, replace it at execve(2),
 * and ask it to mend faults. It owns a space of the platform until its last user drops it.
 */
import type { Fault, Space } from '../platform/platform.ts'
import { type SignalFault, type Unexplained, mend } from './fault.ts'
import { childLeft, settle, shareWithChild } from './fork.ts'
import { GuestMemory } from './guest-memory.ts'
import { chooseLayout, type Layout } from './layout.ts'
import { SpacePages } from './space-pages.ts'
import type { WorldMemory } from './world-memory.ts'

/** What an image leaves behind: the heap, and where /proc finds the arguments. */
export interface Program {
  /** The heap begins here, and ends at `heapEnd`, which need not be the end of a page. */
  heapStart: number
  heapEnd: number
  readonly argumentsStart: number
  readonly argumentsEnd: number
  readonly environmentEnd: number
  /** The auxiliary vector as the program got it. */
  readonly auxiliary: Uint8Array
}

const NO_PROGRAM: Program = {
  heapStart: 0,
  heapEnd: 0,
  argumentsStart: 0,
  argumentsEnd: 0,
  environmentEnd: 0,
  auxiliary: new Uint8Array(0),
}

export class AddressSpace extends SpacePages {
  readonly memory: GuestMemory
  layout: Layout
  program: Program = { ...NO_PROGRAM }
  /** The flags of mlockall(MCL_FUTURE): areas that are made from now on are locked. */
  lockFuture = false
  #users = 1

  constructor(world: WorldMemory, space: Space = world.platform.createSpace()) {
    super(world, space)
    this.layout = chooseLayout(world.platform.maxAddress, 0, () => 0)
    this.memory = new GuestMemory(this)
  }

  /** How many processes use it: two during vfork(2), none after the last `drop`. */
  get users(): number {
    return this.#users
  }

  hold(): void {
    this.#users++
  }

  /** The last user's `drop` frees all pages, and gives the space of the platform back. */
  drop(): void {
    if (--this.#users > 0) return
    if (this.space.busy !== true) {
      this.#leave()
      this.space.release()
    } else this.space.release(() => this.#leave())
  }

  /** Its pages may become others': nothing of this space runs any more. */
  #leave(): void {
    this.forgetAll()
    childLeft(this)
  }

  /**
   * A child with the same contents; undefined if there is no memory. `putOff`: the caller is the
   * only thread and is parked until the child leaves or blocks, so its protection can wait: before
   * the parent is resumed `settle` must be called.
   */
  fork(putOff: boolean): AddressSpace | undefined {
    settle(this)
    const child = new AddressSpace(this.world)
    child.layout = this.layout
    child.program = { ...this.program }
    child.limits = this.limits
    if (shareWithChild(this, child, putOff)) return child
    child.drop()
    return undefined
  }

  /** Before a thread of this space is resumed: carries out what fork put off. */
  settle(): void {
    settle(this)
  }

  /**
   * For execve(2): an empty space. It has the same space of the platform if nobody else uses that,
   * and then this one is gone. Else the caller drops this one, after its thread has moved.
   */
  exec(): AddressSpace {
    // Threads that were killed may run for some microseconds yet: not in the new program's memory.
    if (this.#users > 1 || this.space.busy === true) return new AddressSpace(this.world)
    const { all } = this.areas
    const first = all[0]
    const last = all.at(-1)
    if (first !== undefined && last !== undefined) this.space.unmap(first.start, last.end - first.start)
    this.#leave()
    this.#users = 0
    return new AddressSpace(this.world, this.space)
  }

  /**
   * Mends a fault: undefined, and the guest tries again; or the signal that it gets. `last`: the
   * thread's own.
   */
  fault(fault: Fault, last: Unexplained): SignalFault | undefined {
    return mend(this, fault, last)
  }

  /** What identifies a word for futex(2): its place in a backing file if it is shared. */
  sharedPlace(address: number): { readonly cache: boolean; readonly offset: number } | undefined {
    const area = this.areas.find(address)
    if (area === undefined || !area.shared || area.backing === undefined) return undefined
    return { cache: area.backing === 'cache', offset: area.offset + (address - area.start) }
  }
}
