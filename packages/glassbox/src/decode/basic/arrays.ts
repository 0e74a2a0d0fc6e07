/** Prints arrays: what the codec read of them, element by element. */
import { type ElementAt, elements } from '../../codec/elements.ts'
import { Elements, type Unreadable } from '../../codec/values.ts'
import type { Context } from '../context.ts'
import { address } from '../text.ts'

/** `[1, 2, ...]`; the address of what could not be read, in a comment behind those that could. */
export function elementsText(found: Elements<string> | Unreadable): string {
  if (!(found instanceof Elements)) return address(found.address)
  const { items, end, at } = found
  if (end === 'all') return `[${items.join(', ')}]`
  return end === 'limit'
    ? `[${[...items, '...'].join(', ')}]`
    : `[${items.join(', ')}, ... /* ${address(at)} */]`
}

/** An array of elements of so many bytes. `element`: the text of one. */
export function arrayText(
  value: bigint,
  count: bigint | number,
  bytes: number,
  context: Context,
  element: ElementAt<string>,
): string {
  if (value === 0n) return 'NULL'
  const total = typeof count === 'number' ? count : Number(BigInt.asUintN(64, count))
  return elementsText(elements(value, total, bytes, context, element))
}
