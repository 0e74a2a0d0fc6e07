/**
 * Prints arrays, element by element: up to the limit of shown elements, or up to the first that
 * cannot be read, which is shown as its address.
 */
import type { Context } from '../context.ts'
import { address } from '../text.ts'

/** Returns `undefined` for an element that cannot be read. */
export type Element = (at: bigint, index: number) => string | undefined

export function arrayText(
  value: bigint,
  count: bigint | number,
  bytes: number,
  context: Context,
  element: Element,
): string {
  if (value === 0n) return 'NULL'
  const { options, limit, memory } = context
  const total = BigInt.asUintN(64, BigInt(count))
  if (total === 0n) return '[]'
  if (value + total * BigInt(bytes) >= 2n ** 64n) return address(value)
  const parts: string[] = []
  for (let index = 0; BigInt(index) < total; index++) {
    const at = value + BigInt(index * bytes)
    // As in strace, the first element that is left out must be readable too.
    const isLeftOut = !options.full && index >= limit
    const isEnd = isLeftOut && memory.read(at, bytes).length < bytes
    if (isLeftOut && !isEnd) return `[${[...parts, '...'].join(', ')}]`
    const text = isEnd ? undefined : element(at, index)
    if (text === undefined)
      return index === 0 ? address(value) : `[${parts.join(', ')}, ... /* ${address(at)} */]`
    parts.push(text)
  }
  return `[${parts.join(', ')}]`
}
