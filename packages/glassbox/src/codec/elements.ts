/**
 * Elements of one size, one behind the other, by strace's rule: as many as are shown, or up to the
 * first that cannot be read. Of those that are left out, the first one must be readable too.
 */
import type { Reading } from './reading.ts'
import { Elements, Unreadable } from './values.ts'

const ADDRESSES = 2n ** 64n

/** Makes an element of what is at an address; `undefined` if that cannot be read. */
export type ElementAt<Item> = (at: bigint, index: number) => Item | undefined

/**
 * The elements of an array, of `size` bytes each. `Unreadable`: not even the first can be read, or
 * there are more than fit into memory.
 *
 * @example
 *     elements(0x7ffe0000n, 2, 4, reading, at => readWord(memory, at, 4))
 */
export function elements<Item>(
  address: bigint,
  count: number,
  size: number,
  reading: Pick<Reading, 'memory' | 'limit' | 'elements'>,
  elementAt: ElementAt<Item>,
): Elements<Item> | Unreadable {
  if (count <= 0) return new Elements<Item>([], 'all', address)
  if (address + BigInt(size) * BigInt(count) >= ADDRESSES) return new Unreadable(address)
  const items: Item[] = []
  const shown = Math.min(count, reading.elements ?? reading.limit)
  const cut = (at: bigint): Elements<Item> | Unreadable =>
    items.length === 0 ? new Unreadable(address) : new Elements(items, 'unreadable', at)
  for (let index = 0; index < shown; index++) {
    const at = address + BigInt(index * size)
    const item = elementAt(at, index)
    if (item === undefined) return cut(at)
    items.push(item)
  }
  const end = address + BigInt(shown * size)
  if (shown === count) return new Elements(items, 'all', end)
  return reading.memory.read(end, size).length < size ? cut(end) : new Elements(items, 'limit', end)
}
