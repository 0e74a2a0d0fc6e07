/**
 * Structs out of bytes and into them, by the layouts of the schema. The codec of a struct is made
 * once. It looks at nothing but the bytes of the struct: addresses in it are numbers.
 */
import {
  type AddressBits,
  fieldOf,
  layoutOf,
  type StructName,
  type StructValues,
  type Word,
} from '../linux/schema/layouts.ts'
import { isPointing, type Kind, type Layout } from '../linux/schema/kinds.ts'
import { widthOf } from '../linux/schema/widths.ts'
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
export function sizeOf(kind: Kind, bits: AddressBits = 64): number {
  if (isPointing(kind)) return bits / 8
  switch (kind.type) {
    case 'struct':
      return layoutOf(kind.name, bits).size
    case 'chars':
    case 'union':
      return kind.size
    case 'list':
      return kind.count * sizeOf(kind.of, bits)
    case 'tail':
      return 0
    default:
      return widthOf(kind).bits / 8
  }
}

function fieldCodec(kind: Kind, bits: AddressBits): Pick<FieldCodec, 'size' | 'read' | 'write'> {
  const size = sizeOf(kind, bits)
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
    case 'tail':
      return {
        size: 0,
        read: (view, at) => copy(view, at, Math.max(0, view.byteLength - at)),
        write: (view, at, value: Uint8Array | string) => put(view, at, value, view.byteLength - at),
      }
    case 'struct': {
      const inner = struct(kind.name, bits)
      return {
        size,
        read: (view, at) => inner.read(view, at),
        write: (view, at, value: never) => inner.write(view, at, value),
      }
    }
    case 'list': {
      const { count } = kind
      const item = fieldCodec(kind.of, bits)
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
      const width = isPointing(kind) ? ({ bits, signed: false } as const) : widthOf(kind)
      return { size, read: numberReader(width), write: numberWriter(width.bits) }
    }
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

class LayoutCodec {
  readonly size: number
  readonly layout: Layout
  readonly #fields: readonly FieldCodec[]

  constructor(layout: Layout, bits: AddressBits) {
    this.layout = layout
    this.size = layout.size
    this.#fields = layout.fields.map(({ name, offset, kind }) => ({
      name,
      offset,
      ...fieldCodec(kind, bits),
    }))
  }

  read(view: DataView, at: number = 0): Record<string, unknown> {
    const value: Record<string, unknown> = {}
    const fields = this.#fields
    const room = view.byteLength - at
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index] as FieldCodec
      if (field.offset + field.size <= room) value[field.name] = field.read(view, at + field.offset)
    }
    return value
  }

  write(view: DataView, at: number, value: Readonly<Record<string, unknown>>): void {
    new Uint8Array(view.buffer, view.byteOffset + at, this.size).fill(0)
    for (const field of this.#fields) {
      const given = value[field.name]
      if (given !== undefined) field.write(view, at + field.offset, given as never)
    }
  }
}

const made = {
  32: new Map<StructName, LayoutCodec>(),
  64: new Map<StructName, LayoutCodec>(),
}

/**
 * The codec of a struct, for programs of 64 or of 32 bits. Returns the same object each time.
 *
 * @example
 *     struct('timespec').write(view, 0, { tv_sec: 1, tv_nsec: 500 })
 *     struct('timespec').read(view, 0) // { tv_sec: 1, tv_nsec: 500 }
 */
export function struct<Name extends StructName>(name: Name, bits: AddressBits = 64): StructCodec<Name> {
  let codec = made[bits].get(name)
  if (!codec) {
    codec = new LayoutCodec(layoutOf(name, bits), bits)
    made[bits].set(name, codec)
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
  const codec = struct(name)
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
export const inPlace = (kind: Kind, bits: AddressBits = 64): Pick<FieldCodec, 'size' | 'read' | 'write'> =>
  fieldCodec(kind, bits)

export type { Word }
