/**
 * Writes a value by its kind to the memory that an argument points to: what a kernel answers, and
 * what a test or a handler that changes calls puts there. The counterpart of read.ts; kinds that
 * only callers write and that lead to further memory (argument vectors, messages) have no writer.
 */
import type {
  BitSet,
  Buffer,
  InPlace,
  Items,
  Path,
  Pointer,
  Records,
  SocketAddress,
  Text,
} from '../linux/schema/kinds.ts'
import { isPointing } from '../linux/schema/kinds.ts'
import type { DataModel } from '../linux/schema/layouts.ts'
import { SOCKET_ADDRESSES } from '../linux/schema/unions.ts'
import { inPlace, sizeOf, struct } from './struct.ts'

export interface MemoryWriter {
  /** Writes the bytes at the address. False if not all could be written. */
  write(address: bigint, bytes: Uint8Array): boolean
}

/** Kinds of arguments that can be written. */
export type Writable =
  | Path
  | Text
  | Buffer
  | Items
  | Records
  | BitSet
  | SocketAddress
  | (Pointer & { readonly to: InPlace })

type Bytes = Uint8Array | string
/** The fields of a struct that are not zero. */
export type GivenFields = Readonly<Record<string, unknown>>
/** A number, bytes or text, the fields of a struct, or a list of one of these. */
export type Given = number | bigint | Bytes | GivenFields | readonly Given[]

const utf8 = new TextEncoder()
const bytesOf = (value: Given): Uint8Array =>
  value instanceof Uint8Array ? value : utf8.encode(typeof value === 'string' ? value : '')

/** A text and the NUL that ends it. */
function terminated(value: Given): Uint8Array {
  const text = bytesOf(value)
  const bytes = new Uint8Array(text.length + 1)
  bytes.set(text)
  return bytes
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The bytes of a struct's tail, which its value has under this name. */
function tailOf(kind: InPlace, value: Given, model: DataModel): number {
  if (kind.type !== 'struct') return 0
  const tail = struct(kind.name, model).layout.fields.find(field => field.kind.type === 'tail')
  const given = tail && (value as GivenFields)[tail.name]
  return given === undefined ? 0 : bytesOf(given as Bytes).length
}

function encodeInPlace(kind: InPlace, value: Given, model: DataModel): Uint8Array {
  const codec = inPlace(kind, model)
  const bytes = new Uint8Array(codec.size + tailOf(kind, value, model))
  codec.write(viewOf(bytes), 0, value as never)
  return bytes
}

function encodeItems(kind: Items, values: readonly Given[], model: DataModel): Uint8Array {
  const size = sizeOf(kind.of, model)
  const bytes = new Uint8Array(size * values.length)
  if (isPointing(kind.of)) return bytes
  const codec = inPlace(kind.of, model)
  for (const [index, value] of values.entries()) codec.write(viewOf(bytes), index * size, value as never)
  return bytes
}

/** Records of different sizes: the field with the size is set. */
function encodeRecords(kind: Records, values: readonly Given[], model: DataModel): Uint8Array {
  const ends: Uint8Array[] = []
  for (const value of values) {
    const whole = encodeInPlace({ type: 'struct', name: kind.of }, value, model)
    const padded = new Uint8Array(Math.ceil(whole.length / kind.align) * kind.align)
    const fields = { ...(value as GivenFields), [kind.size]: padded.length }
    padded.set(encodeInPlace({ type: 'struct', name: kind.of }, fields, model))
    ends.push(padded)
  }
  return new Uint8Array(ends.flatMap(bytes => [...bytes]))
}

/** A socket address of the family that the value has. */
export function encodeSocketAddress(value: GivenFields, model: DataModel = 64): Uint8Array {
  const name = SOCKET_ADDRESSES.get(Number(value['sa_family'])) ?? 'sockaddr'
  return encodeInPlace({ type: 'struct', name }, value, model)
}

/** The bytes of a value. */
export function encode(kind: Writable, value: Given, model: DataModel = 64): Uint8Array {
  switch (kind.type) {
    case 'path':
    case 'string':
      return terminated(value)
    case 'buffer':
    case 'bitset':
      return bytesOf(value)
    case 'sockaddr':
      return encodeSocketAddress(value as GivenFields, model)
    case 'array':
      return encodeItems(kind, value as readonly Given[], model)
    case 'records':
      return encodeRecords(kind, value as readonly Given[], model)
    default:
      return encodeInPlace(kind.to, value, model)
  }
}

/**
 * Writes a value to the address. False if the memory could not be written. `room`: bytes that the
 * caller gave; what does not fit is left out, as the kernel does with addresses and structs.
 *
 * @example
 *     write(K.ptr_out_timespec, address, { tv_sec: 1, tv_nsec: 0 }, memory)
 */
export function write(
  kind: Writable,
  address: bigint,
  value: Given,
  memory: MemoryWriter,
  { model = 64, room = Infinity }: { readonly model?: DataModel; readonly room?: number } = {},
): boolean {
  const bytes = encode(kind, value, model)
  return memory.write(address, bytes.length > room ? bytes.subarray(0, room) : bytes)
}
