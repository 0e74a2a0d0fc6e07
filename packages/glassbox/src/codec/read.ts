/**
 * Reads a value by its kind: from the register, and from the memory that it points to. Whatever
 * the bytes say, it takes bounded time and memory: `limit` bounds texts and lists, MOST_BYTES the
 * rest. The reader of a kind is made once.
 */
import type {
  BitSet,
  Buffer,
  InPlace,
  Items,
  Kind,
  Pointer,
  Pointing,
  Records,
} from '../linux/schema/kinds.ts'
import { isPointing } from '../linux/schema/kinds.ts'
import { offsetOf, perModel, pointerBytes, type StructName } from '../linux/schema/layouts.ts'
import { FIRST_SIZES, siginfoShape } from '../linux/schema/unions.ts'
import { widthOf } from '../linux/schema/widths.ts'
import { elements } from './elements.ts'
import { countOf, resultOf } from './lengths.ts'
import { readView, readWord } from './memory.ts'
import { fromRegister } from './numbers.ts'
import { readMessages, readSocketAddress, readVectors } from './network.ts'
import type { Reading } from './reading.ts'
import { inPlace, sizeOf, struct } from './struct.ts'
import { boundedTextAt, bytesAt, textAt } from './texts.ts'
import { Answered, Elements, NotWritten, Unreadable, type Fields, type Value } from './values.ts'
import { followPointers, type Readers } from './pointers.ts'

export type { Reading } from './reading.ts'

type Reader = (register: bigint, reading: Reading) => Value

const PATH_MAX = 4096
const MOST_STRINGS = 4096
/** Of a list of records, a set of bits, or a struct with a tail. */
const MOST_BYTES = 1 << 20
const PAGE = 4096

/** Pointers to texts, up to the one that is NULL. */
const readStrings: Reader = (address, reading) => {
  const size = pointerBytes(reading.model)
  const most = Math.min(reading.limit, MOST_STRINGS)
  const items: Value[] = []
  for (let at = address; ; at += BigInt(size)) {
    const pointer = readWord(reading.memory, at, size)
    if (pointer === undefined)
      return at === address ? new Unreadable(address) : new Elements(items, 'unreadable', at)
    if (pointer === 0n) return new Elements(items, 'all', at)
    if (items.length >= most) return new Elements(items, 'limit', at)
    items.push(textAt(pointer, reading.limit, reading))
  }
}

/** For output, the result says how many bytes there are, if it is less than the room. */
const readBuffer = (kind: Buffer): Reader => {
  const written = kind.way === 'out' && kind.length.by === 'argument'
  return (address, reading) => {
    const room = countOf(kind.length, reading)
    const length = written ? Math.min(room, Number(resultOf(reading))) : room
    return bytesAt(address, length, reading)
  }
}

/** A value in place behind a pointer. */
function valueAt(kind: InPlace, address: bigint, size: number, reading: Reading): Value {
  const view = readView(reading.memory, address, size)
  if (!view) return new Unreadable(address)
  if (kind.type === 'union') return kind.of === 'siginfo' ? siginfoOf(view, reading.model) : bytesOf(view)
  const value = inPlaceOf(kind, reading.model).read(view, 0) as Value
  return followed(kind, value, address, reading)
}

/** With what the pointers in a struct lead to. */
const followed = (kind: Kind, value: Value, address: bigint, reading: Reading): Value =>
  followPointers(kind, value, address, reading, READERS)

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength)

/** siginfo_t: its fields are those that signal and code select. */
export function siginfoOf(view: DataView, model: Reading['model'] = 64): Fields {
  const signal = view.getInt32(offsetOf('siginfo', 'si_signo', model), true)
  const code = view.getInt32(offsetOf('siginfo', 'si_code', model), true)
  return struct(siginfoShape(signal, code), model).read(view)
}

const inPlaceCodecs = perModel(() => new Map<InPlace, ReturnType<typeof inPlace>>())

function inPlaceOf(kind: InPlace, model: Reading['model']): ReturnType<typeof inPlace> {
  let codec = inPlaceCodecs[model].get(kind)
  if (!codec) {
    codec = inPlace(kind, model)
    inPlaceCodecs[model].set(kind, codec)
  }
  return codec
}

/**
 * The bytes of a struct that the caller's size gives; `undefined` if it is too small to be one.
 */
function givenSize(
  kind: Pointer & { readonly to: InPlace },
  address: bigint,
  reading: Reading,
): number | undefined {
  const whole = sizeOf(kind.to, reading.model)
  if (!kind.size) return whole
  if (kind.size.by === 'field' && kind.to.type === 'struct') {
    const at = offsetOf(kind.to.name, kind.size.field, reading.model)
    const said = readWord(reading.memory, address + BigInt(at), 4)
    if (said === undefined) return undefined
    const first = FIRST_SIZES.get(kind.to.name) ?? whole
    const size = said === 0n ? first : Number(said)
    return size < first ? undefined : Math.min(size, whole)
  }
  const size = countOf(kind.size, reading)
  if (kind.to.type === 'signals') return size === whole ? whole : undefined
  // A struct may end before its last field. A number that is cut short has no value.
  if (kind.to.type !== 'struct' && kind.to.type !== 'tail' && size < whole) return undefined
  const hasTail = kind.to.type === 'struct' && whole < sizeWithTail(kind.to.name)
  if (hasTail) return Math.min(whole + Math.min(size, reading.limit), MOST_BYTES)
  return Math.min(size, whole)
}

const sizeWithTail = (name: Parameters<typeof struct>[0]): number =>
  struct(name).layout.fields.some(({ kind }) => kind.type === 'tail') ? Infinity : 0

const readPointer = (kind: Pointer): Reader => {
  if (isPointing(kind.to)) {
    const inner = readerOf(kind.to)
    return (address, reading) => {
      const pointer = readWord(reading.memory, address, pointerBytes(reading.model))
      return pointer === undefined ? new Unreadable(address) : inner(pointer, reading)
    }
  }
  const inPlaceKind = kind as Pointer & { readonly to: InPlace }
  if (kind.isExtensible && kind.to.type === 'struct') return extensible(kind.to.name, kind)
  return (address, reading) => {
    const size = givenSize(inPlaceKind, address, reading)
    if (size === undefined || size === 0) return new Unreadable(address)
    const tail = fileHandleTail(inPlaceKind, address, reading)
    const value = valueAt(inPlaceKind.to, address, size + tail, reading)
    return answered(kind, value, address, reading)
  }
}

/** With the fields that the kernel filled in, if the call has succeeded. */
function answered({ after }: Pointer, value: Value, address: bigint, reading: Reading): Value {
  if (!after || value instanceof Unreadable || !hasSucceeded(reading)) return value
  const answer = valueAt(after, address, sizeOf(after, reading.model), reading)
  return answer instanceof Unreadable ? value : new Answered(value as Fields, answer as Fields)
}

const hasSucceeded = ({ result }: Reading): boolean =>
  result !== undefined && !(result < 0n && result >= -4095n)

/** Larger structs are not read. */
const MOST_GIVEN = 4096

/**
 * A struct of which the call gives the size: what that leaves out is zero, and fields of newer
 * kernels are missing.
 */
const extensible =
  (name: StructName, kind: Pointer): Reader =>
  (address, reading) => {
    const size = kind.size ? countOf(kind.size, reading) : 0
    if (size === 0 || size > MOST_GIVEN) return new Unreadable(address)
    const bytes = reading.memory.read(address, size)
    if (bytes.length < size) return new Unreadable(address)
    const codec = struct(name, reading.model)
    const whole = new Uint8Array(Math.max(size, codec.size))
    whole.set(bytes)
    const { fields } = codec.layout
    const end = fields.findIndex(({ isStep, offset }) => isStep === true && offset >= size)
    const value = codec.read(new DataView(whole.buffer)) as Record<string, unknown>
    const newer = new Set(end < 0 ? [] : fields.slice(end).map(field => field.name))
    for (const field of fields.slice(0, Math.max(0, end))) newer.delete(field.name)
    for (const field of newer) delete value[field]
    return followed(kind.to, value as Value, address, reading)
  }

const MOST_HANDLE_BYTES = 128

/** struct file_handle says itself how many bytes follow. */
function fileHandleTail(kind: Pointer, address: bigint, { memory }: Reading): number {
  if (kind.to.type !== 'struct' || kind.to.name !== 'file_handle') return 0
  const said = Number(readWord(memory, address, 4) ?? 0n)
  return Math.min(said, MOST_HANDLE_BYTES)
}

const elementSize = (kind: Kind, reading: Reading): number => sizeOf(kind, reading.model)

/** What pointers.ts needs from here. */
const READERS: Readers = {
  elementSize,
  makers: reading => ({
    none: null,
    address: at => at,
    bytes: (address, length) => bytesAt(address, length, reading),
    text: (address, limit) => textAt(address, Math.min(limit, reading.limit), reading),
    bounded: (address, room) => boundedTextAt(address, room, reading),
    elements: (kind, address, count) => elementsAt(kind, address, count, reading),
    value: (kind, address, size) => valueAt(kind, address, size, reading),
  }),
}

/** Elements of one size, up to the first that cannot be read. */
export function elementsAt(kind: Kind, address: bigint, count: number, reading: Reading): Value {
  const size = elementSize(kind, reading)
  return elements<Value>(address, count, size, reading, at => {
    const item = isPointing(kind) ? pointedAt(kind, at, reading) : valueAt(kind, at, size, reading)
    return item instanceof Unreadable && item.address === at ? undefined : item
  })
}

/** An element that is a pointer itself. */
function pointedAt(kind: Pointing, at: bigint, reading: Reading): Value {
  const pointer = readWord(reading.memory, at, pointerBytes(reading.model))
  if (pointer === undefined) return new Unreadable(at)
  return readerOf(kind)(pointer, reading)
}

const readItems = (kind: Items): Reader => {
  return (address, reading) => {
    const said = countOf(kind.count, reading)
    const isBytes = kind.count.by === 'cell' && kind.count.bytes === true
    const count = isBytes ? Math.trunc(said / elementSize(kind.of, reading)) : said
    if (kind.most !== undefined && count > kind.most) return new Unreadable(address)
    return elementsAt(kind.of, address, count, reading)
  }
}

/**
 * Records one behind the other. One that is shorter than its head, or ends behind the end, ends
 * them.
 */
const readRecords = (kind: Records): Reader => {
  return (address, reading) => {
    const length = Math.min(countOf(kind.length, reading), MOST_BYTES)
    if (length === 0) return new Elements([], 'all', address)
    const view = readView(reading.memory, address, length)
    if (!view) return new Unreadable(address)
    const codec = struct(kind.of, reading.model)
    const items: Value[] = []
    let at = 0
    while (at + codec.size <= length && items.length < reading.limit) {
      const head = codec.read(
        new DataView(view.buffer, view.byteOffset + at, codec.size),
      ) as unknown as Fields
      const size = Number(head[kind.size])
      if (size <= codec.size || at + size > length) break
      items.push(codec.read(new DataView(view.buffer, view.byteOffset + at, size)))
      at += Math.ceil(size / kind.align) * kind.align
    }
    return new Elements(items, at + codec.size <= length ? 'limit' : 'all', address + BigInt(at))
  }
}

/** The bytes of a set of bits. */
const readBitSet = (kind: BitSet): Reader => {
  const WORD_BITS = 64
  return (address, reading) => {
    const said = countOf(kind.length, reading)
    const bytes =
      kind.unit === 'bytes'
        ? said
        : kind.unit === 'bits'
          ? Math.ceil(said / WORD_BITS) * 8
          : Math.ceil(said / PAGE)
    const length = Math.min(bytes, MOST_BYTES)
    if (length === 0) return new Unreadable(address)
    const found = reading.memory.read(address, length)
    return found.length < length ? new Unreadable(address) : found.slice()
  }
}

function makeReader(kind: Kind): Reader {
  switch (kind.type) {
    case 'path':
      return (address, reading) => textAt(address, PATH_MAX - 1, reading)
    case 'string': {
      const { most = Infinity } = kind
      return (address, reading) => textAt(address, Math.min(most, reading.limit), reading)
    }
    case 'strings':
      return readStrings
    case 'buffer':
      return readBuffer(kind)
    case 'pointer':
      return readPointer(kind)
    case 'array':
      return readItems(kind)
    case 'records':
      return readRecords(kind)
    case 'bitset':
      return readBitSet(kind)
    case 'vectors':
      return (address, reading) => readVectors(kind, address, reading, bytesAt)
    case 'message':
      return (address, reading) => readMessages(kind, address, reading, bytesAt)
    case 'sockaddr':
      return (address, reading) => readSocketAddress(address, countOf(kind.length, reading), reading)
    default: {
      const width = widthOf(kind)
      return register => fromRegister(register, width)
    }
  }
}

const readers = new Map<Kind, Reader>()

function readerOf(kind: Kind): Reader {
  let reader = readers.get(kind)
  if (!reader) {
    const read = makeReader(kind)
    reader = isPointing(kind) ? pointing(kind, read) : read
    readers.set(kind, reader)
  }
  return reader
}

const INTERRUPTED: ReadonlySet<bigint> = new Set([-4n, -514n, -516n])

/** Whether the kernel wrote what the pointer leads to. */
function isTold(kind: Pointing, { result }: Reading): boolean {
  if (kind.type === 'strings' || (kind.way !== 'out' && kind.type !== 'pointer')) return true
  const told = kind.type === 'pointer' ? kind.told : undefined
  if (told === 'always') return true
  if (told === 'interrupted') return result !== undefined && INTERRUPTED.has(result)
  if (kind.way !== 'out') return true
  if (result === undefined || (result < 0n && result >= -4095n)) return false
  return told !== 'child' || result !== 0n
}

const pointing =
  (kind: Pointing, read: Reader): Reader =>
  (address, reading) => {
    if (address === 0n) return null
    return isTold(kind, reading) ? read(address, reading) : new NotWritten(address)
  }

/**
 * The value of a register by its kind, and of what it points to.
 *
 * @example
 *     read(K.path, 0x7ffe0000n, { memory, args, result: undefined, limit: 4096, model: 64 })
 */
export const read = (kind: Kind, register: bigint, reading: Reading): Value =>
  readerOf(kind)(register, reading)
