/**
 * The segments, sets or queues of a world by id and by key. An id is an index and how often
 * indexes have begun anew, so that the id of a removed object is not soon another's.
 */
import type { IpcObject } from './object.ts'

const INDEX_BITS = 15
const INDEXES = 2 ** INDEX_BITS
const LAST_SEQUENCE = 0xffff
/** An index is used again after at least so many others. */
const LEAST_CYCLE = 64

export const indexOf = (id: number): number => id & (INDEXES - 1)
export const sequenceOf = (id: number): number => id >> INDEX_BITS

export class IpcTable<T extends IpcObject> {
  readonly #most: number
  readonly #objects = new Map<number, T>()
  readonly #keys = new Map<number, T>()
  #last = -1
  #sequence = 0

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#objects.size
  }

  get isFull(): boolean {
    return this.#objects.size >= this.#most
  }

  get all(): Iterable<T> {
    return this.#objects.values()
  }

  /** The highest index in use; 0 if there is none: what *_INFO answers. */
  get highestIndex(): number {
    return Math.max(0, ...this.#objects.keys())
  }

  /** Adds an object and gives it its id. The table must not be full. */
  add(object: T): number {
    const index = this.#freeIndex()
    if (index <= this.#last) this.#sequence = (this.#sequence + 1) & LAST_SEQUENCE
    this.#last = index
    object.id = this.#sequence * INDEXES + index
    this.#objects.set(index, object)
    if (object.key !== 0) this.#keys.set(object.key, object)
    return object.id
  }

  find(id: number): T | undefined {
    const found = id < 0 ? undefined : this.#objects.get(indexOf(id))
    return found?.id === id ? found : undefined
  }

  /** By index, whatever its id is: *_STAT. */
  at(index: number): T | undefined {
    return index < 0 ? undefined : this.#objects.get(indexOf(index))
  }

  withKey(key: number): T | undefined {
    return this.#keys.get(key)
  }

  /** No key leads to it any more. */
  forgetKey(object: T): void {
    this.#keys.delete(object.key)
    object.key = 0
  }

  remove(object: T): void {
    object.removed = true
    if (object.key !== 0) this.#keys.delete(object.key)
    this.#objects.delete(indexOf(object.id))
  }

  /** The next one behind the last, within a cycle that grows with the number of objects. */
  #freeIndex(): number {
    const cycle = Math.min(this.#most, Math.max(LEAST_CYCLE, Math.ceil(this.#objects.size * 1.5)))
    const isFree = (index: number): boolean => !this.#objects.has(index)
    for (let index = this.#last + 1; index < cycle; index++) if (isFree(index)) return index
    let index = 0
    while (!isFree(index)) index++
    return index
  }
}
