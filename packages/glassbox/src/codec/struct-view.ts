/**
 * A struct whose bytes were read, and of which a printer takes one field after the other: numbers,
 * bytes, structs in place, and what pointers lead to. It follows no pointer before that is asked
 * for, because what text leaves out need not be readable. A view belongs to one printer; its bytes
 * are a copy.
 */
import type { Field, FieldMore, Kind, Layout, Length } from '../linux/schema/kinds.ts'
import { type DataModel, perModel } from '../linux/schema/layouts.ts'
import { holds } from './conditions.ts'
import { countOf } from './lengths.ts'
import { readView } from './memory.ts'
import type { Reading } from './reading.ts'
import { inPlace, sizeOf } from './struct.ts'

type Unsigned = (view: DataView, at: number) => bigint

const readers = perModel(() => new Map<Kind, Unsigned>())

function makeUnsigned(kind: Kind, model: DataModel): Unsigned {
  const { size, read } = inPlace(kind, model)
  return (view, at) => {
    const value = read(view, at)
    if (typeof value !== 'number' && typeof value !== 'bigint') return 0n
    const word = BigInt(value)
    return word < 0n ? BigInt.asUintN(size * 8, word) : word
  }
}

/** The number of a kind that lies at a place, without its sign: as a register would hold it. */
export function unsignedIn(kind: Kind, model: DataModel): Unsigned {
  let reader = readers[model].get(kind)
  if (!reader) {
    reader = makeUnsigned(kind, model)
    readers[model].set(kind, reader)
  }
  return reader
}

/** What a view needs to know of a field. */
export type Place = Pick<Field, 'offset' | 'kind'>

export class StructView {
  readonly layout: Layout
  /** It begins where the struct does. */
  readonly view: DataView
  /** Where the struct is in the memory of the program. */
  readonly at: bigint
  readonly reading: Reading

  constructor(layout: Layout, view: DataView, at: bigint, reading: Reading) {
    this.layout = layout
    this.view = view
    this.at = at
    this.reading = reading
  }

  /** A field, also one that is never shown. */
  named(name: string): Field | undefined {
    const { fields } = this.layout
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index] as Field
      if (field.name === name || field.name === `_${name}`) return field
    }
    return undefined
  }

  /** The number in a field, or the address; 0 if the bytes end before it. */
  number({ offset, kind }: Place): bigint {
    const { model } = this.reading
    return offset + sizeOf(kind, model) > this.view.byteLength
      ? 0n
      : unsignedIn(kind, model)(this.view, offset)
  }

  /** The number in the field of this name; 0 if there is none. */
  numberOf(name: string): bigint {
    const field = this.named(name)
    return field ? this.number(field) : 0n
  }

  /** Bytes of the struct. No copy is made. */
  bytes(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.view.buffer, this.view.byteOffset + offset, length)
  }

  /** A struct in place. */
  inside(layout: Layout, offset: number): StructView {
    const part = new DataView(this.view.buffer, this.view.byteOffset + offset, layout.size)
    return new StructView(layout, part, this.at + BigInt(offset), this.reading)
  }

  /** Whether the struct has what depends on another of its fields. */
  holds(when: NonNullable<FieldMore['when']>): boolean {
    const by = this.named(when.field)
    return by !== undefined && holds(when, this.number(by))
  }

  /** How many there are, by a field, an argument of the call, or a number. */
  count(length: Length): number {
    return length.by === 'field' ? Number(this.numberOf(length.field)) : countOf(length, this.reading)
  }
}

/**
 * The struct at an address; `undefined` if the address is NULL or not all of it can be read.
 *
 * @example
 *     viewAt(layoutOf('iovec'), 0x7ffe0000n, reading)?.numberOf('iov_len')
 */
export function viewAt(layout: Layout, at: bigint, reading: Reading): StructView | undefined {
  const view = readView(reading.memory, at, layout.size)
  return view && new StructView(layout, view, at, reading)
}
