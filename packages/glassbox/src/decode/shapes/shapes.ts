/**
 * Prints structs by their shapes: one rule for each kind of field. A field is a number (`u`, `d`,
 * `x`, `o`, by the size that it has), a kind of a register, a string or bytes in place, another
 * shape in braces, or a list of one of these, with `[]` after it.
 */
import { holds } from '../../codec/conditions.ts'
import type { Length } from '../../linux/schema/kinds.ts'
import { type Shape, type ShapeField, shapeOf } from '../../linux/shapes.ts'
import { structOf } from '../../linux/structs.ts'
import { argument, type Context, type Printer } from '../context.ts'
import { arrayText } from '../basic/arrays.ts'
import { buffer, PATH_MAX } from '../basic/strings.ts'
import { type KindText, structText } from '../basic/structs.ts'
import { bytesOf, readView, readString } from '../memory.ts'
import { address, charArray, escaped, hex, quote } from '../text.ts'
import { PARTS } from './parts.ts'
import { WORDS } from './words.ts'

/** What a field is printed from. */
interface Place {
  readonly view: DataView
  readonly context: Context
  readonly valueText: KindText
  /** Where the struct is in the memory of the program. */
  readonly at: bigint
}

export function unsignedAt(view: DataView, offset: number, size: number): bigint {
  switch (size) {
    case 1:
      return BigInt(view.getUint8(offset))
    case 2:
      return BigInt(view.getUint16(offset, true))
    case 4:
      return BigInt(view.getUint32(offset, true))
    default:
      return view.getBigUint64(offset, true)
  }
}

const octal = (value: bigint): string => (value === 0n ? '0' : `0${value.toString(8)}`)

/** A number by the letter of its kind; `undefined` if the kind has another rule. */
function numberText(kind: string, value: bigint, size: number): string | undefined {
  if (kind === 'u') return String(value)
  if (kind === 'd') return String(BigInt.asIntN(size * 8, value))
  if (kind === 'x') return hex(value)
  if (kind === 'o') return octal(value)
  return kind === 'p' ? address(value) : undefined
}

const styleOf = ({ context }: Place) => context.options.stringsInHex

const hexDigits = (bytes: Uint8Array): string =>
  [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('')

/** Bytes in place. `str`: up to a NUL. `hexstr`: all of them, in hexadecimal. `bytes`: all. */
const TEXTS: Readonly<Record<string, (bytes: Uint8Array, place: Place) => string>> = {
  str: (bytes, place) => charArray(bytes, styleOf(place)),
  hexstr: bytes => `"${escaped(bytes, 'all')}"`,
  bytes: (bytes, place) => quote(bytes, false, styleOf(place)),
  uuid: bytes => hexDigits(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  mac: bytes => [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(':'),
}

/** One value of a kind, at an offset. */
function valueAt(kind: string, offset: number, size: number, place: Place): string {
  const { view, context, valueText, at } = place
  const [, inner] = /^\{(\w+)\}$/.exec(kind) ?? []
  if (inner !== undefined) {
    const shape = shapeOf(inner, context.memory.model)
    const part = new DataView(view.buffer, view.byteOffset + offset, shape?.size ?? 0)
    return shape ? shapeText(shape, part, context, valueText, at + BigInt(offset)) : '???'
  }
  if (kind.startsWith('struct:')) {
    const struct = structOf(kind.slice('struct:'.length), context.memory.model)
    const part = new DataView(view.buffer, view.byteOffset + offset, struct?.size ?? 0)
    return struct ? structText(struct, part, context, valueText) : '???'
  }
  if (kind.startsWith('*'))
    return unsignedAt(view, offset, size) === 0n
      ? 'NULL'
      : shapeAt(kind.slice(1), unsignedAt(view, offset, size), context, valueText)
  const part = PARTS[kind]
  if (part) return part(view, offset, context, valueText)
  const text = TEXTS[kind]
  if (text) return text(bytesOf(view, offset, size), place)
  const value = unsignedAt(view, offset, size)
  if (kind === 'ptrstr') return pointedString(value, context)
  if (kind === 'ptrpath') return pointedString(value, { ...context, limit: PATH_LIMIT })
  const word = WORDS[kind]
  if (word) return word(value, context, size)
  return numberText(kind, value, size) ?? valueText(kind, value, context)
}

/** -s does not shorten paths. */
const PATH_LIMIT = PATH_MAX - 1

function pointedString(value: bigint, { memory, limit, options }: Context): string {
  if (value === 0n) return 'NULL'
  const read = readString(memory, value, limit)
  return read ? quote(read.bytes, !read.ended, options.stringsInHex) : address(value)
}

/** `&u/4`, `+{fiemap_extent}`, `&bytes`; `&!u/4`: written by the kernel. */
const DISTANT = /^([&+])(!?)(?:\{(\w+)\}|(\S+?)(?:\/(\d+))?)$/

/** How many elements there are: by a field, by an argument of the call, or a number. */
function distantCount(count: Length | undefined, shape: Shape, { view, context }: Place): bigint {
  switch (count?.by) {
    case 'field':
      return numberIn(shape, count.field, view)
    case 'argument':
      return BigInt.asUintN(32, argument(context, count.argument))
    case 'constant':
      return BigInt(count.count)
    default:
      return 0n
  }
}

/** Elements that do not lie in the struct: behind a pointer, or behind the struct. */
function distantText(field: ShapeField, shape: Shape, place: Place): string {
  const { view, context, valueText, at } = place
  const [, where, isAnswer, inner, kind = '', bytes] = DISTANT.exec(field.kind) ?? []
  const start = where === '+' ? at + BigInt(field.offset) : unsignedAt(view, field.offset, field.size)
  const count = distantCount(field.count, shape, place)
  if (start === 0n) return 'NULL'
  if (isAnswer && context.outcome?.failed !== false && count > 0n) return address(start)
  if (kind === 'bytes') return buffer(start, Number(count), context)
  if (kind === 'cstring') return boundedString(start, Number(count), context)
  if (inner !== undefined) return shapesAt(inner, start, count, context, valueText)
  return wordsAt(kind, Number(bytes), start, count, context, valueText)
}

/** A string that ends at a NUL, or where there is no more room for it. */
export function boundedString(start: bigint, room: number, { memory, limit, options }: Context): string {
  if (room === 0) return start === 0n ? 'NULL' : '""'
  const needed = Math.min(room, limit + 1)
  // The byte behind the room is not looked at.
  const bytes = memory.read(start, needed)
  const end = bytes.indexOf(0)
  if (end < 0 && bytes.length < needed) return address(start)
  const shown = end < 0 ? bytes.subarray(0, limit) : bytes.subarray(0, end)
  return quote(shown, end < 0, options.stringsInHex)
}

/** An array of structs. */
export function shapesAt(
  name: string,
  start: bigint,
  count: bigint | number,
  context: Context,
  valueText: KindText,
): string {
  const shape = shapeOf(name, context.memory.model)
  if (!shape) return address(start)
  return arrayText(start, count, shape.size, context, element => {
    const part = readView(context.memory, element, shape.size)
    return part && shapeText(shape, part, context, valueText, element)
  })
}

/** An array of numbers, each of some bytes. */
export function wordsAt(
  kind: string,
  bytes: number,
  start: bigint,
  count: bigint | number,
  context: Context,
  valueText: KindText,
): string {
  return arrayText(start, count, bytes, context, element => {
    const view = readView(context.memory, element, bytes)
    return view && valueAt(kind, 0, bytes, { view, context, valueText, at: element })
  })
}

function listText(field: ShapeField, count: number, place: Place): string {
  const { limit, options } = place.context
  const kind = field.kind.slice(0, -2)
  const parts: string[] = []
  for (let index = 0; index < count; index++) {
    if (!options.full && index >= limit) {
      parts.push('...')
      break
    }
    parts.push(valueAt(kind, field.offset + index * field.element, field.element, place))
  }
  return `[${parts.join(', ')}]`
}

/** Also a field that is never printed. */
const fieldNamed = (shape: Shape, wanted: string): ShapeField | undefined =>
  shape.fields.find(({ name }) => name === wanted || name === `_${wanted}`)

/** The number in a field; 0 if the shape has none of that name. */
export function numberIn(shape: Shape, name: string, view: DataView): bigint {
  const field = fieldNamed(shape, name)
  return field ? unsignedAt(view, field.offset, field.size) : 0n
}

/** How many elements of a list are printed, or how many bytes. */
function countOf(field: ShapeField, shape: Shape, place: Place): number {
  const room = field.size / (field.element || 1)
  if (field.count === undefined) return room
  const said = distantCount(field.count, shape, place)
  return said < BigInt(room) ? Number(said) : room
}

/** Whether a field has a place in this text of a struct. */
export function isShown(field: ShapeField, shape: Shape, view: DataView, isFull: boolean): boolean {
  const { when, isOptional, offset, size } = field
  if (isOptional && bytesOf(view, offset, size).every(byte => byte === 0)) return false
  if (!when) return true
  if (when.field === 'full') return isFull === (when.test === '!=')
  if (when.orFull && isFull) return true
  const by = fieldNamed(shape, when.field)
  return by !== undefined && holds(when, unsignedAt(view, by.offset, by.size))
}

/** `{flags=0, name="eth0"}`, from the bytes of the struct, which begins at `at`. */
export function shapeText(
  shape: Shape,
  view: DataView,
  context: Context,
  valueText: KindText,
  at: bigint = 0n,
  /** Where fields find those that they refer to, if `shape` has only some of them. */
  whole: Shape = shape,
): string {
  const brief = shape.brief !== undefined && !context.options.full
  const place = { view, context, valueText, at }
  const fields = brief ? shape.fields.slice(0, shape.brief) : shape.fields
  const parts = fields.flatMap(field => {
    if (/^_[^_]/.test(field.name) || !isShown(field, whole, view, context.options.full === true)) return []
    if (DISTANT.test(field.kind)) return [`${field.name}=${distantText(field, whole, place)}`]
    const isList = field.kind.endsWith('[]')
    const text = isList
      ? listText(field, countOf(field, whole, place), place)
      : valueAt(
          field.kind,
          field.offset,
          field.count === undefined ? field.size : countOf(field, whole, place),
          place,
        )
    return [`${field.name}=${text}`]
  })
  return `{${[...parts, ...(brief ? ['...'] : [])].join(', ')}}`
}

export function shapeAt(name: string, value: bigint, context: Context, valueText: KindText): string {
  const shape = shapeOf(name, context.memory.model)
  if (!shape || context.options.addressesOnly) return address(value)
  const view = readView(context.memory, value, shape.size)
  return view ? shapeText(shape, view, context, valueText, value) : address(value)
}

const isZero = (name: string, value: bigint, context: Context): boolean =>
  readView(context.memory, value, shapeOf(name, context.memory.model)?.size ?? 0)?.byteLength !== undefined &&
  context.memory.read(value, shapeOf(name, context.memory.model)?.size ?? 0).every(byte => byte === 0)

/**
 * A struct behind a pointer. `BEFORE/AFTER`: what the caller wrote, and what the kernel made of
 * it if the call succeeded. `BEFORE+AFTER`: the same, as one struct. `BEFORE/AFTER!`: what the
 * caller wrote is left out if it is zero, and a failed call shows an address after it.
 */
export const shaped =
  (operand: string, valueText: KindText): Printer =>
  (value, context) => {
    const [, before = '', mark, after = '', skips] = /^(\w+)(?:([/+])(\w+)(!)?)?$/.exec(operand) ?? []
    if (mark === undefined) return shapeAt(before, value, context, valueText)
    const isAnswered = context.outcome?.failed === false
    const first = shapeAt(before, value, context, valueText)
    if (!first.startsWith('{')) return first
    const last = isAnswered ? shapeAt(after, value, context, valueText) : address(value)
    if (skips) return isZero(before, value, context) ? last : `${first} => ${last}`
    if (!isAnswered || last === '{}') return first
    return mark === '/' ? `${first} => ${last}` : `${first.slice(0, -1)}, ${last.slice(1)}`
  }

/** `[1, KEY_1]`: a word of 32 bits for each kind. */
export const mixed =
  (operand: string, valueText: KindText): Printer =>
  (value, context) => {
    const kinds = operand.split(',')
    const view = readView(context.memory, value, 4 * kinds.length)
    if (!view) return address(value)
    const place = { view, context, valueText, at: value }
    return `[${kinds.map((kind, index) => valueAt(kind, 4 * index, 4, place)).join(', ')}]`
  }

/** `[LED_CAP]`: one number behind a pointer, of some bytes. */
export const numberCell =
  (bytes: number) =>
  (kind: string, valueText: KindText): Printer =>
  (value, context) => {
    const view = readView(context.memory, value, bytes)
    return view ? `[${valueAt(kind, 0, bytes, { view, context, valueText, at: value })}]` : address(value)
  }

/** `KIND,BYTES,COUNT`: an array of a fixed size; with `,whole`, only if all of it can be read. */
export const row =
  (operand: string, valueText: KindText): Printer =>
  (value, context) => {
    const [kind = '', bytes, count, isWhole] = operand.split(',')
    if (isWhole && !readView(context.memory, value, Number(bytes) * Number(count))) return address(value)
    return wordsAt(kind, Number(bytes), value, Number(count), context, valueText)
  }

const LABEL_BYTES = 256

/** The label of a file system, which -s does not shorten. */
export const label: Printer = (value, { memory, options }) => {
  const bytes = memory.read(value, LABEL_BYTES)
  if (bytes.length < LABEL_BYTES) return address(value)
  return charArray(bytes, options.stringsInHex)
}

/** Bytes, as many as the operand says. */
export const blob =
  (operand: string): Printer =>
  (value, context) =>
    buffer(value, Number(operand), context)

/** Bytes in hexadecimal, as many as the operand says. */
export const hexBytes =
  (operand: string): Printer =>
  (value, { memory, limit }) => {
    const length = Number(operand)
    const needed = Math.min(length, limit + 1)
    const bytes = memory.read(value, needed)
    if (bytes.length < needed) return address(value)
    return `"${escaped(bytes.subarray(0, limit), 'all')}"${length > limit ? '...' : ''}`
  }
