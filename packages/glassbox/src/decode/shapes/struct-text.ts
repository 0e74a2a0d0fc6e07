/**
 * Prints structs: each field by its kind, from what the codec read. The one printer of structs for
 * arguments, requests, netlink messages and socket options. What strace leaves out or prints in
 * another way is data (linux/shapes.ts); structs whose text depends on more than that have
 * printers that take their fields (members.ts). The printer of a kind is made once.
 */
import { elements } from '../../codec/elements.ts'
import { readView } from '../../codec/memory.ts'
import { behindPointer, type Makers } from '../../codec/pointers.ts'
import { StructView, unsignedIn, viewAt } from '../../codec/struct-view.ts'
import { boundedTextAt, bytesAt, textAt } from '../../codec/texts.ts'
import { type Kind, isPointing, type Layout, type Noted, type Octets } from '../../linux/schema/kinds.ts'
import { sizeOfField } from '../../linux/schema/sizes.ts'
import { type Shape, type ShapeField, shapeOf } from '../../linux/shapes.ts'
import { arrayText, elementsText } from '../basic/arrays.ts'
import { bytesText } from '../basic/bytes.ts'
import { attributeText } from '../basic/strings.ts'
import { modeText } from '../basic/modes.ts'
import type { Context, KindText } from '../context.ts'
import { address, charArray, escaped, hex, quote } from '../text.ts'
import { MOUNT_STRINGS } from './mounts.ts'
import { PARTS } from './parts.ts'
import { WORDS } from './words.ts'

/** Where a value lies in a struct, and how many elements it has. */
type Spot = Pick<ShapeField, 'offset' | 'size'> & Partial<Pick<ShapeField, 'element' | 'count' | 'isWhole'>>

export type FieldText = (struct: StructView, spot: Spot, context: Context, valueText: KindText) => string

type WordText = (value: bigint, size: number, context: Context, valueText: KindText) => string

/** Numbers by the letter of their kind. */
const LETTERS: Readonly<Record<string, WordText>> = {
  u: value => String(value),
  d: (value, size) => String(BigInt.asIntN(size * 8, value)),
  x: value => hex(value),
  o: value => modeText(value),
  p: value => address(value),
}

/** Kinds that are signed, and printed as what they are in 64 bits: clock_t, time_t. */
const WIDENED: ReadonlySet<string> = new Set(['ticks', 'time'])

const widened = (value: bigint, size: number): bigint => BigInt.asUintN(64, BigInt.asIntN(size * 8, value))

function wordText(notation: string): WordText {
  const word = WORDS[notation]
  if (word) return (value, size, context) => word(value, context, size)
  if (WIDENED.has(notation))
    return (value, size, context, valueText) => valueText(notation, widened(value, size), context)
  return LETTERS[notation] ?? ((value, _size, context, valueText) => valueText(notation, value, context))
}

const hexDigits = (bytes: Uint8Array): readonly string[] =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0'))

/** Bytes in place. */
const OCTETS: Readonly<Record<Octets['form'], (bytes: Uint8Array, context: Context) => string>> = {
  bytes: (bytes, { options }) => quote(bytes, false, options.stringsInHex),
  hex: bytes => `"${escaped(bytes, 'all')}"`,
  uuid: bytes =>
    hexDigits(bytes)
      .join('')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  mac: bytes => hexDigits(bytes).join(':'),
}

/** How many elements of a list are printed, or how many bytes. */
function countOf({ size, element, count }: Spot, struct: StructView): number {
  const room = size / (element || 1)
  return count === undefined ? room : Math.min(struct.count(count), room)
}

/** `[1, 2, ...]`, of elements in place. */
const listText =
  (item: FieldText): FieldText =>
  (struct, spot, context, valueText) => {
    const count = countOf(spot, struct)
    const size = spot.element ?? 0
    const shown = spot.isWhole ? count : Math.min(count, context.elements)
    const parts: string[] = []
    for (let index = 0; index < shown; index++)
      parts.push(item(struct, { offset: spot.offset + index * size, size }, context, valueText))
    if (shown < count) parts.push('...')
    return `[${parts.join(', ')}]`
  }

/** `{NAME}` and `struct:NAME`. */
const INNER = /^(?:\{(\w+)\}|struct:(\w+))$/

/** The struct that a notation names. */
export const innerName = (notation: string): string | undefined => {
  const [, braced, named] = INNER.exec(notation) ?? []
  return braced ?? named
}
/** What elements behind a pointer or a struct are: `&u/4`, `+{fiemap_extent}`, `&!u/4`. */
const DISTANT = /^[&+]!?(\S+?)(?:\/\d+)?$/

function innerText(notation: string, name: string): FieldText {
  const shown = innerName(notation) ?? name
  return (struct, { offset }, context, valueText) => {
    const shape = shapeOf(shown, struct.reading.model)
    const inside = shape && struct.inside(shape.layout, offset)
    return inside ? structText(inside, shape, context, valueText) : '???'
  }
}

/** Texts of what pointers lead to. `element`: of an array. */
const textMakers = (
  element: FieldText | undefined,
  context: Context,
  valueText: KindText,
): Makers<string> => ({
  none: 'NULL',
  address: at => address(at.address),
  bytes: (at, length) => bytesText(bytesAt(at, length, context), context.options),
  // -s does not shorten paths.
  text: (at, limit) =>
    bytesText(textAt(at, limit === Infinity ? context.limit : limit, context), context.options),
  bounded: (at, room) => bytesText(boundedTextAt(at, room, context), context.options),
  elements: (kind, at, count) => {
    const size = sizeOfField(kind, context.model)
    return elementsText(
      elements(
        at,
        count,
        size,
        context,
        each => element && elementAt(element, each, size, context, valueText),
      ),
    )
  },
  value: (kind, at) => (kind.type === 'struct' ? structAt(kind.name, at, context, valueText) : address(at)),
})

/** An element is no part of a struct. */
const NO_STRUCT: Layout = { name: '', size: 0, fields: [] }

/** The text of an element; `undefined` if it cannot be read. */
export function elementAt(
  element: FieldText,
  at: bigint,
  size: number,
  context: Context,
  valueText: KindText,
): string | undefined {
  const view = readView(context.memory, at, size)
  return (
    view && element(new StructView(NO_STRUCT, view, at, context), { offset: 0, size }, context, valueText)
  )
}

/** A pointer in a struct, or elements behind it, of which a field may say how many there are. */
function leadingText(kind: Noted): FieldText {
  const to = kind.type === 'trailing' ? kind.to : kind
  if (!isPointing(to)) return () => '???'
  const [, notation = ''] = DISTANT.exec(kind.notation) ?? []
  const element = to.type === 'array' ? textOf({ ...to.of, notation }) : undefined
  const isAttribute = to.type === 'buffer' && to.form === 'attribute'
  return (struct, { offset }, context, valueText) => {
    const start =
      kind.type === 'trailing'
        ? struct.at + BigInt(offset)
        : unsignedIn(kind, struct.reading.model)(struct.view, offset)
    const plain = textMakers(element, context, valueText)
    const makers = isAttribute
      ? { ...plain, bytes: (at: bigint, length: number) => attributeText(at, length, context) }
      : plain
    return behindPointer(to, start, context, length => struct.count(length), makers)
  }
}

function makeText(kind: Noted): FieldText {
  const { notation } = kind
  const strings = MOUNT_STRINGS[notation]
  if (strings) return strings
  const part = PARTS[notation]
  if (part) return (struct, { offset }, context, valueText) => part(struct.view, offset, context, valueText)
  if (isPointing(kind) || kind.type === 'trailing') return leadingText(kind)
  switch (kind.type) {
    case 'chars':
      return (struct, { offset, size }, { options }) =>
        charArray(struct.bytes(offset, size), options.stringsInHex)
    case 'octets': {
      const text = OCTETS[kind.form]
      return (struct, spot, context) => text(struct.bytes(spot.offset, countOf(spot, struct)), context)
    }
    case 'struct':
      return innerText(notation, kind.name)
    case 'list':
      return listText(textOf({ ...kind.of, notation: notation.slice(0, -'[]'.length) }))
    default: {
      const word = wordText(notation)
      return (struct, { offset, size }, context, valueText) =>
        word(unsignedIn(kind, struct.reading.model)(struct.view, offset), size, context, valueText)
    }
  }
}

const texts = new Map<Kind, FieldText>()

/** The printer of a kind that lies in a struct. */
export function textOf(kind: Noted): FieldText {
  let known = texts.get(kind)
  if (!known) {
    known = makeText(kind)
    texts.set(kind, known)
  }
  return known
}

export const isZero = (bytes: Uint8Array): boolean => bytes.every(byte => byte === 0)
const UNDERSCORE = 95

/** A name that begins with one _ is not printed. */
const isHidden = (name: string): boolean =>
  name.charCodeAt(0) === UNDERSCORE && name.charCodeAt(1) !== UNDERSCORE

/** Whether the struct has the field, and strace prints it, if its name is not hidden. */
export function hasField(field: ShapeField, struct: StructView, isFull: boolean): boolean {
  const { when, isOptional, unless, onlyWith, offset, size } = field
  if (isOptional && isZero(struct.bytes(offset, size))) {
    const isNeeded = unless !== undefined && (struct.numberOf(unless.field) & BigInt(unless.bits)) !== 0n
    if (!isNeeded) return false
  }
  if (onlyWith !== undefined && (struct.number(field) & BigInt(onlyWith)) === 0n) return false
  if (!when) return true
  if (when.field === 'full') return isFull === (when.test === '!=')
  return (when.orFull === true && isFull) || struct.holds(when)
}

/** Whether a field has a place in this text of a struct. */
export const isShown = (field: ShapeField, struct: StructView, isFull: boolean): boolean =>
  !isHidden(field.name) && hasField(field, struct, isFull)

/** The text of a field, without its name. */
export const fieldText = (
  field: ShapeField,
  struct: StructView,
  context: Context,
  valueText: KindText,
): string => textOf(field.kind)(struct, field, context, valueText)

/** `{flags=0, name="eth0"}`. `fields`: which of them the text may have, if not all. */
export function structText(
  struct: StructView,
  shape: Shape,
  context: Context,
  valueText: KindText,
  fields: readonly ShapeField[] = shape.fields,
): string {
  const isFull = context.options.full === true
  const most = isFull || shape.brief === undefined ? Infinity : shape.brief
  const parts: string[] = []
  for (let index = 0; index < fields.length && index < most; index++) {
    const field = fields[index] as ShapeField
    if (!isShown(field, struct, isFull)) continue
    parts.push(`${field.name}=${fieldText(field, struct, context, valueText)}`)
  }
  if (most !== Infinity) parts.push('...')
  return `{${parts.join(', ')}}`
}

/** The struct at an address, or the address. */
export function structAt(name: string, value: bigint, context: Context, valueText: KindText): string {
  const shape = context.options.addressesOnly ? undefined : shapeOf(name, context.model)
  const struct = shape && viewAt(shape.layout, value, context)
  return struct ? structText(struct, shape, context, valueText) : address(value)
}

/** An array of structs. */
export function structsAt(
  name: string,
  start: bigint,
  count: bigint | number,
  context: Context,
  valueText: KindText,
): string {
  const shape = shapeOf(name, context.model)
  if (!shape) return address(start)
  return arrayText(start, count, shape.size, context, at => {
    const struct = viewAt(shape.layout, at, context)
    return struct && structText(struct, shape, context, valueText)
  })
}
