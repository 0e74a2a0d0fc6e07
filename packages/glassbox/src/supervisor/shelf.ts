/**
 * Values that are used by many programs, such as a compiled filter: a message has each of them
 * once, and names it by its place afterwards. The main thread has a `Shelf`, and the worker its
 * copy. Both handle the same messages in the same order, so they agree on what lies where.
 */

const PLACES = 32

/** In a message. The value is there if the copy does not have it yet. */
export interface Shelved<Value> {
  readonly place: number
  readonly value?: Value
}

export class Shelf<Value extends object> {
  readonly #values: Value[] = []
  readonly #places = new Map<Value, number>()
  #next = 0

  /** What to send for a value. The same object is the same value, so it must not change. */
  put(value: Value): Shelved<Value> {
    const known = this.#places.get(value)
    if (known !== undefined) return { place: known }
    const place = this.#next
    this.#next = (place + 1) % PLACES
    const before = this.#values[place]
    if (before) this.#places.delete(before)
    this.#values[place] = value
    this.#places.set(value, place)
    return { place, value }
  }
}

export class ShelfCopy<Value extends object> {
  readonly #values: Value[] = []

  /** The value: the same object each time. */
  take({ place, value }: Shelved<Value>): Value {
    const found = value ?? this.#values[place]
    if (!found) throw new RangeError(`nothing lies at place ${place}`)
    this.#values[place] = found
    return found
  }
}
