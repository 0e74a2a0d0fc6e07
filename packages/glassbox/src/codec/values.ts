/**
 * The values that src/codec reads: numbers and bigints, bytes, records of fields, lists; and what
 * is known of memory that cannot be read whole. Whoever prints them finds the rule here, in one
 * place, and not in each kind.
 */
import type { Word } from '../linux/schema/layouts.ts'

/** Memory that could not be read, or not whole: only its address is known. */
export class Unreadable {
  readonly address: bigint

  constructor(address: bigint) {
    this.address = address
  }
}

/** An output that the kernel did not write: the call failed, or had nothing to tell. */
export class NotWritten extends Unreadable {}

/** Bytes of a text or a buffer. `cut`: there are more than the limit. */
export class Bytes {
  readonly bytes: Uint8Array
  readonly cut: boolean

  constructor(bytes: Uint8Array, cut: boolean) {
    this.bytes = bytes
    this.cut = cut
  }
}

/**
 * Elements in order. `end`: whether these are all, or the limit was reached, or the element after
 * them could not be read, at `at`.
 */
export class Elements<Item = Value> {
  readonly items: readonly Item[]
  readonly end: 'all' | 'limit' | 'unreadable'
  readonly at: bigint

  constructor(items: readonly Item[], end: Elements['end'], at: bigint) {
    this.items = items
    this.end = end
    this.at = at
  }
}

/** A struct as the caller wrote it, and the fields of it that the kernel filled in. */
export class Answered {
  readonly before: Fields
  readonly after: Fields

  constructor(before: Fields, after: Fields) {
    this.before = before
    this.after = after
  }
}

/** The fields of a struct. */
export interface Fields {
  readonly [name: string]: Value
}

/** NULL is null. */
export type Value =
  | null
  | Word
  | Uint8Array
  | Bytes
  | Elements
  | Unreadable
  | Answered
  | Fields
  | readonly Value[]
