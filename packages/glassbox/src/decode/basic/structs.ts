/** Prints a value behind a pointer, and arrays of numbers and of structs. */
import { shapeOf } from '../../linux/shapes.ts'
import { argument, type Context, type Printer, type KindText } from '../context.ts'
import { readWord } from '../memory.ts'
import { structsAt } from '../shapes/struct-text.ts'
import { address } from '../text.ts'
import { arrayText } from './arrays.ts'
import { cellBytes } from './cell-bytes.ts'

function readCell(kind: string, value: bigint, { memory }: Context): bigint | undefined {
  const bytes = cellBytes(kind, memory.model)
  const word = readWord(memory, value, bytes)
  const isShortTime = kind === 'time' && bytes === 4
  return word !== undefined && isShortTime ? BigInt.asUintN(64, BigInt.asIntN(32, word)) : word
}

const ARROW = ' => '

/**
 * `[5]`, or `[5 => 7]` if the call changed the value; a moved offset is `[5] => [7]`, as soon as
 * the call did something.
 */
export const cell =
  (kind: string, valueText: KindText, between: string = ARROW): Printer =>
  (value, context) => {
    const now = readCell(kind, value, context)
    if (now === undefined) return address(value)
    const before = context.remembered.get(value)
    const text = valueText(kind, now, context)
    const isMoved = between !== ARROW && (context.outcome?.value ?? 0n) > 0n
    return before === undefined || (before === now && !isMoved)
      ? `[${text}]`
      : `[${valueText(kind, before, context)}${between}${text}]`
  }

export const rememberCell =
  (kind: string) =>
  (value: bigint, context: Context): bigint | undefined =>
    value === 0n ? undefined : readCell(kind, value, context)

/** An array of structs or of single values. */
export function itemsAt(
  element: string,
  value: bigint,
  count: bigint,
  context: Context,
  valueText: KindText,
): string {
  if (shapeOf(element, context.model)) return structsAt(element, value, count, context, valueText)
  return arrayText(value, count, cellBytes(element, context.model), context, at => {
    const word = readCell(element, at, context)
    return word === undefined ? undefined : valueText(element, word, context)
  })
}

/**
 * `sembuf,2u`: argument 2, an unsigned int, has the length. `kexec_segment,1<16`: the kernel
 * accepts at most 16.
 */
const COUNTED = /^(\w+),(\d)(u?)(?:<(\d+))?$/

/** The length of the array is an argument. */
export const items =
  (operand: string, valueText: KindText): Printer =>
  (value, context) => {
    const [, element = '', index = '0', bits, most] = COUNTED.exec(operand) ?? []
    const said = argument(context, Number(index))
    const count = bits === '' ? said : BigInt.asUintN(32, said)
    if (most !== undefined && count > BigInt(most)) return address(value)
    return itemsAt(element, value, count, context, valueText)
  }

/** The length of the array is the result. */
export const results =
  (element: string, valueText: KindText): Printer =>
  (value, context) =>
    itemsAt(element, value, context.outcome?.value ?? 0n, context, valueText)
