/**
 * Structs out of bytes and into them, by the layouts of the schema. The codec of a struct is made
 * once. It looks at nothing but the bytes of the struct: addresses in it are numbers.
 */
import {
  type DataModel,
  perModel,
  fieldOf,
  layoutOf,
  type StructName,
  type StructValues,
  type Word,
} from '../linux/schema/layouts.ts'
import {
  type Bits,
  type Field as SchemaField,
  isPointing,
  type Kind,
  type Layout,
} from '../linux/schema/kinds.ts'
import { sizeOfField as sizeOf } from '../linux/schema/sizes.ts'
import { widthOf } from '../linux/schema/widths.ts'
import { conditionOf, holds } from './conditions.ts'
import { type MemoryReader, readView } from './memory.ts'
import { numberReader, numberWriter } from './numbers.ts'

/** What may be written for a value that is read: text for bytes, and fields may be left out. */
export type Written<T> = T extends Uint8Array
  ? Uint8Array | string
  : T extends readonly (infer Item)[]
    ? readonly Written<Item>[]
    : T extends object
      ? { readonly [Field in keyof T]?: Written<T[Field]> | undefined }
      : T

export interface StructCodec<Name extends StructName> {
  /** In bytes; of a struct with a tail, those before it. */
  readonly size: number
  readonly layout: Layout
  /**
   * The value of the struct that begins at byte `at` of the view. A view that ends within the
   * struct gives the fields that it holds whole; a tail takes all bytes up to the end of the view.
   */
  read(view: DataView, at?: number): StructValues[Name]
  /**
   * Writes the struct to byte `at` of the view. Fields that the value leaves out are zero, and so
   * is padding. Texts that are too long lose their end. Throws RangeError if the view is too
   * short.
   */
  write(view: DataView, at: number, value: Written<StructValues[Name]>): void
}

type FieldReader = (view: DataView, at: number) => unknown
type FieldWriter = (view: DataView, at: number, value: never) => void

interface FieldCodec {
  readonly name: string
  readonly offset: number
  /** Bytes that must be there; a tail needs none. */
  readonly size: number
  readonly read: FieldReader
  readonly write: FieldWriter
}

const utf8 = new TextEncoder()
const bytesOf = (value: Uint8Array | string): Uint8Array =>
  typeof value === 'string' ? utf8.encode(value) : value

/** A copy: the memory of a view may be used for the next read. */
const copy = (view: DataView, at: number, length: number): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset + at, length).slice()

function put(view: DataView, at: number, value: Uint8Array | string, room: number): void {
  const bytes = bytesOf(value)
  new Uint8Array(view.buffer, view.byteOffset + at, room).set(
    bytes.length > room ? bytes.subarray(0, room) : bytes,
  )
}

/** Up to the NUL that ends it, if there is one. */
function readChars(size: number): FieldReader {
  return (view, at) => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at, size)
    const end = bytes.indexOf(0)
    return bytes.slice(0, end < 0 ? size : end)
  }
}

/** The bytes of a kind that lies in a struct. */
export { sizeOfField as sizeOf } from '../linux/schema/sizes.ts'

function fieldCodec(kind: Kind, model: DataModel): Pick<FieldCodec, 'size' | 'read' | 'write'> {
  const size = sizeOf(kind, model)
  switch (kind.type) {
    case 'chars':
      return {
        size,
        read: readChars(size),
        write: (view, at, value: Uint8Array | string) => put(view, at, value, size),
      }
    case 'union':
      return {
        size,
        read: (view, at) => copy(view, at, size),
        write: (view, at, value: Uint8Array | string) => put(view, at, value, size),
      }
    case 'octets':
      return {
        size,
        read: (view, at) => copy(view, at, size),
        write: (view, at, value: Uint8Array | string) => put(view, at, value, size),
      }
    case 'tuple':
      return tupleCodec(kind.of, model)
    case 'trailing':
      // Behind the struct: read.ts reads it.
      return { size: 0, read: () => undefined, write: () => {} }
    case 'tail':
      return {
        size: 0,
        read: (view, at) => copy(view, at, Math.max(0, view.byteLength - at)),
        write: (view, at, value: Uint8Array | string) => put(view, at, value, view.byteLength - at),
      }
    case 'struct': {
      const inner = struct(kind.name, model)
      return {
        size,
        read: (view, at) => inner.read(view, at),
        write: (view, at, value: never) => inner.write(view, at, value),
      }
    }
    case 'list': {
      const { count } = kind
      const item = fieldCodec(kind.of, model)
      return {
        size,
        read: (view, at) => {
          const items: unknown[] = []
          for (let index = 0; index < count; index++) items.push(item.read(view, at + index * item.size))
          return items
        },
        write: (view, at, value: readonly never[]) => {
          for (let index = 0; index < count && index < value.length; index++)
            item.write(view, at + index * item.size, value[index] as never)
        },
      }
    }
    case 'bits':
      return bitField(kind.bits, kind.first, kind.width)
    default: {
      const width = isPointing(kind) ? addressWidth(size) : widthOf(kind)
      return { size, read: numberReader(width), write: numberWriter(width.bits) }
    }
  }
}

const addressWidth = (size: number): { readonly bits: Bits; readonly signed: false } => ({
  bits: (size * 8) as Bits,
  signed: false,
})

/** Values of different kinds, one behind the other. */
function tupleCodec(kinds: readonly Kind[], model: DataModel): ReturnType<typeof fieldCodec> {
  let size = 0
  const items = kinds.map(kind => {
    const item = { ...fieldCodec(kind, model), offset: size }
    size += item.size
    return item
  })
  return {
    size,
    read: (view, at) => items.map(item => item.read(view, at + item.offset)),
    write: (view, at, value: readonly never[]) => {
      for (const [index, item] of items.entries()) item.write(view, at + item.offset, value[index] as never)
    },
  }
}

/** Fields of up to 32 bits, which lie in one half of a word of 64. */
function bitField(bits: 8 | 16 | 32 | 64, first: number, width: number): ReturnType<typeof fieldCodec> {
  const size = bits / 8
  const half = bits === 64 ? 4 * Math.floor(first / 32) : 0
  const shift = bits === 64 ? first % 32 : first
  const mask = width === 32 ? 0xffffffff : (1 << width) - 1
  const word = { bits: bits === 64 ? 32 : bits, signed: false } as const
  const read = numberReader(word)
  const write = numberWriter(word.bits)
  return {
    size,
    read: (view, at) => (Number(read(view, at + half)) >>> shift) & mask,
    write: (view, at, value: number) => {
      const rest = Number(read(view, at + half)) & ~(mask << shift)
      write(view, at + half, (rest | ((value & mask) << shift)) >>> 0)
    },
  }
}

/** A field that a struct has only with some values of another one. */
interface Conditional extends FieldCodec {
  readonly isThere: (view: DataView, at: number) => boolean
}

/** A list or bytes of which a field says how many mean something. */
interface Counted {
  readonly name: string
  readonly by: string
}

/** Another field of the layout, also one that is not shown. */
const named = (fields: readonly FieldCodec[], name: string): FieldCodec | undefined =>
  fields.find(field => field.name === name || field.name === `_${name}`)

/** Text alone has the field twice: in two forms. */
const isOfText = ({ when }: SchemaField): boolean => when?.field === 'full' && when.test === '=='

class LayoutCodec {
  readonly size: number
  readonly layout: Layout
  readonly #fields: readonly FieldCodec[]
  readonly #conditional: readonly Conditional[]
  readonly #counted: readonly Counted[]

  constructor(layout: Layout, model: DataModel) {
    this.layout = layout
    this.size = layout.size
    const all = layout.fields
      .filter(field => field.kind.type !== 'trailing' && !isOfText(field))
      .map(field => ({
        when: conditionOf(field),
        name: field.name,
        offset: field.offset,
        ...fieldCodec(field.kind, model),
      }))
    this.#fields = all.filter(({ when }) => when === undefined)
    this.#conditional = all.flatMap(({ when, ...field }) => {
      const by = when && named(all, when.field)
      if (!by) return []
      return [{ ...field, isThere: (view, at) => holds(when, wordIn(by, view, at)) }]
    })
    this.#counted = layout.fields.flatMap(({ name, kind }) =>
      (kind.type === 'list' || kind.type === 'octets') && kind.used?.by === 'field'
        ? [{ name, by: named(all, kind.used.field)?.name ?? '' }]
        : [],
    )
  }

  read(view: DataView, at: number = 0): Record<string, unknown> {
    const value: Record<string, unknown> = {}
    const fields = this.#fields
    const room = view.byteLength - at
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index] as FieldCodec
      if (field.offset + field.size <= room) value[field.name] = field.read(view, at + field.offset)
    }
    for (const field of this.#conditional)
      if (field.offset + field.size <= room && field.isThere(view, at))
        value[field.name] = field.read(view, at + field.offset)
    for (const { name, by } of this.#counted) {
      const list = value[name] as readonly unknown[] | Uint8Array | undefined
      const count = Number(value[by] ?? 0)
      if (list !== undefined && count < list.length) value[name] = list.slice(0, Math.max(0, count))
    }
    return value
  }

  write(view: DataView, at: number, value: Readonly<Record<string, unknown>>): void {
    new Uint8Array(view.buffer, view.byteOffset + at, this.size).fill(0)
    const writeField = (field: FieldCodec): void => {
      const given = value[field.name]
      if (given !== undefined) field.write(view, at + field.offset, given as never)
    }
    for (const field of this.#fields) writeField(field)
    // What others say that the struct has is known when they are written.
    for (const field of this.#conditional) if (field.isThere(view, at)) writeField(field)
  }
}

/** The number in a field; 0 if the view ends before it. */
function wordIn({ offset, size, read }: FieldCodec, view: DataView, at: number): bigint {
  if (at + offset + size > view.byteLength) return 0n
  const value = read(view, at + offset)
  if (typeof value !== 'number' && typeof value !== 'bigint') return 0n
  return BigInt.asUintN(size * 8, BigInt(value))
}

const made = perModel(() => new Map<StructName, LayoutCodec>())

/**
 * The codec of a struct in a data model. Returns the same object each time.
 *
 * @example
 *     struct('timespec').write(view, 0, { tv_sec: 1, tv_nsec: 500 })
 *     struct('timespec').read(view, 0) // { tv_sec: 1, tv_nsec: 500 }
 */
export function struct<Name extends StructName>(name: Name, model: DataModel = 64): StructCodec<Name> {
  let codec = made[model].get(name)
  if (!codec) {
    codec = new LayoutCodec(layoutOf(name, model), model)
    made[model].set(name, codec)
  }
  return codec as unknown as StructCodec<Name>
}

/**
 * The struct behind an address; `undefined` if the address is NULL or not all of the struct can be
 * read.
 *
 * @example
 *     readStruct(memory, 0x7ffe0000n, 'iovec')?.iov_len
 */
export function readStruct<Name extends StructName>(
  memory: MemoryReader,
  address: bigint,
  name: Name,
): StructValues[Name] | undefined {
  const codec = struct(name, memory.model)
  const view = readView(memory, address, codec.size)
  return view && codec.read(view)
}

/** The bytes of a field of the struct that a view begins with. No copy is made. */
export function fieldBytes<Name extends StructName>(
  view: DataView,
  name: Name,
  field: keyof StructValues[Name] & string,
): Uint8Array {
  const { offset, kind } = fieldOf(layoutOf(name), field)
  return new Uint8Array(view.buffer, view.byteOffset + offset, sizeOf(kind))
}

/** A 64-bit field as the unsigned number that a register holds. */
export const unsigned = (value: Word): bigint => BigInt.asUintN(64, BigInt(value))

/** A value in place: a number, a struct, a text, a list. */
export const inPlace = (kind: Kind, model: DataModel = 64): Pick<FieldCodec, 'size' | 'read' | 'write'> =>
  fieldCodec(kind, model)

export type { Word }
