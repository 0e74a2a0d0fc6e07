/**
 * Arguments that point to structs of scripts/linux/shapes.txt, to rows of numbers, and to bytes.
 */
import { readView } from '../../codec/memory.ts'
import { viewAt } from '../../codec/struct-view.ts'
import { boundedTextAt } from '../../codec/texts.ts'
import { shapeOf } from '../../linux/shapes.ts'
import { bytesText } from '../basic/bytes.ts'
import { buffer } from '../basic/strings.ts'
import type { Context, KindText, Printer } from '../context.ts'
import { address, charArray, escaped } from '../text.ts'
import { elementText, wordsAt } from './rows.ts'
import { isZero, structAt } from './struct-text.ts'

/** A string that ends at a NUL, or where there is no more room for it. */
export const boundedString = (start: bigint, room: number, context: Context): string =>
  bytesText(boundedTextAt(start, room, context), context.options)

/** Whether a struct can be read and has no bit set. */
function isEmpty(name: string, value: bigint, context: Context): boolean {
  const shape = shapeOf(name, context.model)
  const struct = shape && viewAt(shape.layout, value, context)
  return struct !== undefined && isZero(struct.bytes(0, struct.layout.size))
}

/**
 * A struct behind a pointer. `BEFORE/AFTER`: what the caller wrote, and what the kernel made of
 * it if the call succeeded. `BEFORE+AFTER`: the same, as one struct. `BEFORE/AFTER!`: what the
 * caller wrote is left out if it is zero, and a failed call shows an address after it.
 */
export const shaped =
  (operand: string, valueText: KindText): Printer =>
  (value, context) => {
    const [, before = '', mark, after = '', skips] = /^(\w+)(?:([/+])(\w+)(!)?)?$/.exec(operand) ?? []
    if (mark === undefined) return structAt(before, value, context, valueText)
    const isAnswered = context.outcome?.failed === false
    const first = structAt(before, value, context, valueText)
    if (!first.startsWith('{')) return first
    const last = isAnswered ? structAt(after, value, context, valueText) : address(value)
    if (skips) return isEmpty(before, value, context) ? last : `${first} => ${last}`
    if (!isAnswered || last === '{}') return first
    return mark === '/' ? `${first} => ${last}` : `${first.slice(0, -1)}, ${last.slice(1)}`
  }

/** `[1, KEY_1]`: a word of 32 bits for each kind. */
export const mixed =
  (operand: string, valueText: KindText): Printer =>
  (value, context) => {
    const kinds = operand.split(',')
    if (!readView(context.memory, value, WORD_BYTES * kinds.length)) return address(value)
    const words = kinds.map((kind, index) =>
      elementText(kind, WORD_BYTES, value + BigInt(WORD_BYTES * index), context, valueText),
    )
    return `[${words.join(', ')}]`
  }

const WORD_BYTES = 4

/** `[LED_CAP]`: one number behind a pointer, of some bytes. */
export const numberCell =
  (bytes: number) =>
  (kind: string, valueText: KindText): Printer =>
  (value, context) => {
    const text = elementText(kind, bytes, value, context, valueText)
    return text === undefined ? address(value) : `[${text}]`
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
