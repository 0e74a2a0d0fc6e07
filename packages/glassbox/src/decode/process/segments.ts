/**
 * struct user_desc: a segment of the local or the global descriptor table. Sources:
 * set_thread_area(2), modify_ldt(2).
 */
import { readStruct } from '../../codec/struct.ts'
import { type Printer, signed32 } from '../context.ts'
import { readWord } from '../memory.ts'
import { address } from '../text.ts'

/** In eight digits, of which a hexadecimal prefix takes two. */
const wide = (number: number): string =>
  number === 0 ? '00000000' : `0x${number.toString(16).padStart(6, '0')}`

/** A number, or -1 for one that the kernel shall choose. */
const numberText = (entry: number): string => `entry_number=${entry === -1 ? -1 : entry >>> 0}`

/** Of a segment that the kernel did not tell: what the caller asked for. */
export const segmentHead: Printer = (value, { memory }) => {
  const entry = readWord(memory, value, 4)
  return entry === undefined ? address(value) : `{${numberText(signed32(entry))}, ...}`
}

export const segment: Printer = (value, context) => {
  const { memory, outcome } = context
  const fields = readStruct(memory, value, 'user_desc')
  if (!fields) return outcome ? segmentHead(value, context) : address(value)
  const { entry_number: entry, base_addr: base, limit, lm: long, ...bits } = fields
  // The last bit is one of processes of 64 bits alone.
  const shown = Object.entries(
    memory.model === undefined || memory.model === 'x32' ? { ...bits, lm: long } : bits,
  ).map(([name, bit]) => `${name}=${bit}`)
  return `{${numberText(entry)}, base_addr=${wide(base)}, limit=${wide(limit)}, ${shown.join(', ')}}`
}
