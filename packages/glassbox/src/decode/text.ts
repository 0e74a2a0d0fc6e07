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

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57

/** Bytes in quotes; unprintable ones in octal, as short as what follows allows. */
export function quote(bytes: Uint8Array, truncated = false): string {
  let text = ''
  for (const [index, byte] of bytes.entries()) {
    const escaped = ESCAPES[byte]
    if (escaped !== undefined) text += escaped
    else if (byte >= 32 && byte < 127) text += String.fromCharCode(byte)
    else text += `\\${byte.toString(8).padStart(isDigit(bytes[index + 1]) ? 3 : 1, '0')}`
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

/** A file mode: four octal digits, with the name of a type where there is one. */
export function modeText(value: bigint): string {
  const types: Readonly<Record<string, string>> = {
    '140000': 'S_IFSOCK',
    '120000': 'S_IFLNK',
    '100000': 'S_IFREG',
    '60000': 'S_IFBLK',
    '40000': 'S_IFDIR',
    '20000': 'S_IFCHR',
    '10000': 'S_IFIFO',
  }
  const type = types[(value & 0o170000n).toString(8)]
  const permissions = `0${(value & 0o7777n).toString(8).padStart(3, '0')}`
  return type === undefined ? (value === 0n ? '000' : permissions) : `${type}|${permissions}`
}
