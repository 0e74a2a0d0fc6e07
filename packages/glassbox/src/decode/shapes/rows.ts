/** Prints arrays whose elements shapes.txt names: each has as many bytes as that says. */
import type { Bits, Noted } from '../../linux/schema/kinds.ts'
import { isStructName } from '../../linux/schema/layouts.ts'
import { arrayText } from '../basic/arrays.ts'
import type { Context, KindText } from '../context.ts'
import { elementAt, type FieldText, innerName, textOf } from './struct-text.ts'

const texts = new Map<string, FieldText>()

function kindOf(notation: string, bytes: number): Noted {
  const name = innerName(notation)
  return name !== undefined && isStructName(name)
    ? { type: 'struct', name, notation }
    : { type: 'int', bits: (bytes * 8) as Bits, signed: false, form: 'decimal', notation }
}

/** The printer of an element by its notation. */
function textBy(notation: string, bytes: number): FieldText {
  const key = `${notation}/${bytes}`
  let text = texts.get(key)
  if (!text) {
    text = textOf(kindOf(notation, bytes))
    texts.set(key, text)
  }
  return text
}

/** One element; `undefined` if it cannot be read. */
export const elementText = (
  notation: string,
  bytes: number,
  at: bigint,
  context: Context,
  valueText: KindText,
): string | undefined => elementAt(textBy(notation, bytes), at, bytes, context, valueText)

/** An array of elements, each of some bytes. */
export function wordsAt(
  notation: string,
  bytes: number,
  start: bigint,
  count: bigint | number,
  context: Context,
  valueText: KindText,
): string {
  const text = textBy(notation, bytes)
  return arrayText(start, count, bytes, context, at => elementAt(text, at, bytes, context, valueText))
}
