/**
 * struct user_desc: a segment of the local or the global descriptor table. Sources:
 * set_thread_area(2), modify_ldt(2).
 */
import type { Printer } from '../context.ts'
import { readView } from '../memory.ts'
import { address } from '../text.ts'

const USER_DESC_BYTES = 16n

/** Bit fields: name, first bit, number of bits. */
const BITS = [
  ['seg_32bit', 0, 1],
  ['contents', 1, 2],
  ['read_exec_only', 3, 1],
  ['limit_in_pages', 4, 1],
  ['seg_not_present', 5, 1],
  ['useable', 6, 1],
  ['lm', 7, 1],
] as const

const wide = (number: number): string =>
  number === 0 ? '00000000' : `0x${number.toString(16).padStart(6, '0')}`

export const segment: Printer = (value, { memory }) => {
  const view = readView(memory, value, Number(USER_DESC_BYTES))
  if (!view) return address(value)
  const flags = view.getUint32(12, true)
  const bits = BITS.map(([name, first, count]) => `${name}=${(flags >>> first) & ((1 << count) - 1)}`)
  return `{entry_number=${view.getInt32(0, true)}, base_addr=${wide(view.getUint32(4, true))}, limit=${wide(view.getUint32(8, true))}, ${bits.join(', ')}}`
}
