/** Kinds of fields that only shapes have: numbers in network order, addresses, ratios. */
import type { Context } from '../context.ts'
import { named, signalText } from '../names.ts'
import { hex } from '../text.ts'
import { interfaceText } from '../network/socket.ts'

type WordText = (value: bigint, context: Context, size: number) => string

const swapped = (value: bigint, size: number): bigint => {
  let result = 0n
  for (let index = 0; index < size; index++) result = (result << 8n) | ((value >> BigInt(8 * index)) & 0xffn)
  return result
}

export const WORDS: Readonly<Record<string, WordText>> = {
  /** A number in network order. */
  be: (value, _context, size) => `${size === 2 ? 'htons' : 'htonl'}(${swapped(value, size)})`,
  fourcc: (value, { options }) => fourcc(value, options.spelling ?? 'abbrev'),
  ifindex: (value, { options }) => interfaceText(Number(BigInt.asUintN(32, value)), options),
  signal: (value, { options }) => signalText(Number(value), options),
}

/** Four letters as v4l2_fourcc() takes them. */
function fourcc(value: bigint, spelling: 'abbrev' | 'raw' | 'verbose'): string {
  const letters = [0n, 8n, 16n, 24n].map(shift => {
    const byte = Number((value >> shift) & 0xffn)
    const isText = byte >= 32 && byte < 127
    const quoted = byte === 39 || byte === 92 ? `\\${String.fromCharCode(byte)}` : String.fromCharCode(byte)
    return `'${isText ? quoted : `\\x${byte.toString(16).padStart(2, '0')}`}'`
  })
  return named(hex(value), `v4l2_fourcc(${letters.join(', ')})`, { spelling })
}
