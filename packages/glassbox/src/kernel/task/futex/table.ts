/**
 * Who sleeps on which word: futex(2). A word of a shared mapping is known by its place in the
 * backing file, so that all processes meet there; any other word by its address space and address,
 * because its page may be copied while somebody sleeps on it.
 */
import type { Waiter } from '../../wait/queue.ts'
import type { AddressSpace } from '../../mm/address-space.ts'

export interface FutexKey {
  readonly space: AddressSpace | undefined
  /** An address, or the place in the backing file. */
  readonly word: number
}

/** One who sleeps. `woken` says that it was chosen; it is in no list then. */
export class Sleeper {
  readonly waiter: Waiter
  readonly bitset: number
  woken = false
  list: SleeperList | undefined
  /** Of futex_waitv: which of its words this is. */
  readonly index: number

  constructor(waiter: Waiter, bitset: number, index = 0) {
    this.waiter = waiter
    this.bitset = bitset
    this.index = index
  }

  leave(): void {
    this.list?.remove(this)
    this.list = undefined
  }
}

class SleeperList {
  readonly sleepers: Set<Sleeper> = new Set()
  readonly #home: Map<number, SleeperList>
  readonly #word: number

  constructor(home: Map<number, SleeperList>, word: number) {
    this.#home = home
    this.#word = word
  }

  remove(sleeper: Sleeper): void {
    this.sleepers.delete(sleeper)
    if (this.sleepers.size === 0) this.#home.delete(this.#word)
  }
}

const ANY = -1

export class FutexTable {
  readonly #shared = new Map<number, SleeperList>()
  readonly #private = new WeakMap<AddressSpace, Map<number, SleeperList>>()

  add(key: FutexKey, sleeper: Sleeper): void {
    const home = this.#home(key)
    let list = home.get(key.word)
    if (list === undefined) {
      list = new SleeperList(home, key.word)
      home.set(key.word, list)
    }
    list.sleepers.add(sleeper)
    sleeper.list = list
  }

  /** Wakes up to `count` of those whose bits meet `bitset`, the oldest first. How many it woke. */
  wake(key: FutexKey, count: number, bitset: number = ANY): number {
    const list = this.#home(key).get(key.word)
    if (list === undefined || count <= 0) return 0
    let woken = 0
    for (const sleeper of list.sleepers) {
      if ((sleeper.bitset & bitset) === 0) continue
      sleeper.leave()
      sleeper.woken = true
      sleeper.waiter.woken()
      if (++woken >= count) break
    }
    return woken
  }

  /** Moves up to `count` sleepers to another word, without waking them. How many it moved. */
  requeue(from: FutexKey, to: FutexKey, count: number): number {
    const list = this.#home(from).get(from.word)
    if (list === undefined || isSame(from, to)) return 0
    let moved = 0
    for (const sleeper of list.sleepers) {
      if (moved >= count) break
      sleeper.leave()
      this.add(to, sleeper)
      moved++
    }
    return moved
  }

  /** The one who has slept there for the longest time. */
  oldest(key: FutexKey): Sleeper | undefined {
    for (const sleeper of this.#home(key).get(key.word)?.sleepers ?? []) return sleeper
    return undefined
  }

  /** How many sleep there. */
  count(key: FutexKey): number {
    return this.#home(key).get(key.word)?.sleepers.size ?? 0
  }

  #home(key: FutexKey): Map<number, SleeperList> {
    if (key.space === undefined) return this.#shared
    let home = this.#private.get(key.space)
    if (home === undefined) {
      home = new Map()
      this.#private.set(key.space, home)
    }
    return home
  }
}

export const isSame = (a: FutexKey, b: FutexKey): boolean => a.space === b.space && a.word === b.word
