/** strace's notation for single values: quoted strings, joined flags, names of values. Pure. */
import type { ConstantSet } from '../linux/flags.ts'

const ESCAPES: Readonly<Record<number, string>> = {
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
}

/** Only these would be read as part of a shorter escape. */
const isOctalDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 55

/** Bytes in quotes; unprintable ones in octal, as short as what follows allows. */
export function quote(bytes: Uint8Array, truncated = false): string {
  let text = ''
  for (const [index, byte] of bytes.entries()) {
    const escaped = ESCAPES[byte]
    if (escaped !== undefined) text += escaped
    else if (byte >= 32 && byte < 127) text += String.fromCharCode(byte)
    else text += `\\${byte.toString(8).padStart(isOctalDigit(bytes[index + 1]) ? 3 : 1, '0')}`
  }
  return `"${text}"${truncated ? '...' : ''}`
}

export const hex = (value: bigint | number): string =>
  BigInt(value) === 0n ? '0' : `0x${value.toString(16)}`

/** An address: NULL, or hexadecimal. */
export const address = (value: bigint): string => (value === 0n ? 'NULL' : `0x${value.toString(16)}`)

/** The names of set bits, joined; what has no name comes in hexadecimal at the end. */
export function flagsText(set: ConstantSet, value: bigint): string {
  const names: string[] = []
  let rest = value
  // Values of several bits (O_TMPFILE, O_SYNC) before their parts.
  for (const [name, number] of set.entries.toSorted((a, b) => bits(b[1]) - bits(a[1]))) {
    const bit = BigInt(number)
    if (bit === 0n || (rest & bit) !== bit) continue
    names.push(name)
    rest &= ~bit
  }
  const order = new Map(set.entries.map(([name], index) => [name, index]))
  names.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
  if (value === 0n) return set.entries.find(([, number]) => number === 0)?.[0] ?? '0'
  if (names.length === 0) return `0x${value.toString(16)}`
  return rest === 0n ? names.join('|') : `${names.join('|')}|0x${rest.toString(16)}`
}

const bits = (value: number): number => value.toString(2).replaceAll('0', '').length

/** The name of a value, or the value in hexadecimal with the set's prefix in a comment. */
export function enumText(set: ConstantSet, value: bigint): string {
  const name = set.entries.find(([, number]) => BigInt(number) === value)?.[0]
  if (name !== undefined) return name
  const prefix = /^[A-Z0-9]+_/.exec(set.entries[0]?.[0] ?? '')?.[0] ?? ''
  return `${hex(BigInt.asUintN(32, value))} /* ${prefix}??? */`
}

const TYPES: Readonly<Record<number, string>> = {
  0o140000: 'S_IFSOCK',
  0o120000: 'S_IFLNK',
  0o100000: 'S_IFREG',
  0o060000: 'S_IFBLK',
  0o040000: 'S_IFDIR',
  0o020000: 'S_IFCHR',
  0o010000: 'S_IFIFO',
}

/** A file mode: at least three octal digits after the zero, with the name of a type where there is one. */
export function modeText(value: bigint): string {
  const number = Number(BigInt.asUintN(32, value))
  const type = TYPES[number & 0o170000]
  const rest = type === undefined ? number : number & 0o7777
  const digits = rest.toString(8).padStart(3, '0')
  const octal = digits.length > 3 || !digits.startsWith('0') ? `0${digits}` : digits
  return type === undefined ? octal : `${type}|${octal}`
}
