/** strace's notation for single values: quoted strings, joined flags, names of values. Pure. */
import type { ConstantSet } from '../linux/flags.ts'
import type { TextOptions } from './types.ts'

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
const isPrintable = (byte: number): boolean => byte >= 32 && byte < 127
/** What -x takes for text: printable, or one of the five usual controls. */
const isText = (byte: number): boolean => isPrintable(byte) || (byte >= 9 && byte <= 13)

const OCTAL = Array.from({ length: 256 }, (_, byte) => byte.toString(8))
const HEX = Array.from({ length: 256 }, (_, byte) => `\\x${byte.toString(16).padStart(2, '0')}`)

function escape(bytes: Uint8Array, hexBytes: boolean): string {
  let text = ''
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number
    if (byte >= 32 && byte < 127 && byte !== 34 && byte !== 92) {
      text += String.fromCharCode(byte)
      continue
    }
    const letter = ESCAPES[byte]
    if (letter !== undefined) text += letter
    else if (hexBytes) text += HEX[byte]
    else {
      const digits = OCTAL[byte] as string
      text += `\\${isOctalDigit(bytes[index + 1]) ? digits.padStart(3, '0') : digits}`
    }
  }
  return text
}

const inHex = (bytes: Uint8Array): string => Array.from(bytes, byte => HEX[byte]).join('')

/** The text between the quotes. */
export function escaped(bytes: Uint8Array, style: TextOptions['stringsInHex'] = 'none'): string {
  if (style === 'all') return inHex(bytes)
  if (style === 'non-ascii' && !bytes.every(isText)) return inHex(bytes)
  return escape(bytes, style === 'non-ascii-chars')
}

/** Bytes in quotes; unprintable ones in octal, as short as what follows allows. */
export function quote(
  bytes: Uint8Array,
  truncated = false,
  style: TextOptions['stringsInHex'] = 'none',
): string {
  return `"${escaped(bytes, style)}"${truncated ? '...' : ''}`
}

export const hex = (value: bigint | number): string =>
  value === 0n || value === 0 ? '0' : `0x${value.toString(16)}`

/** An address: NULL, or hexadecimal. */
export const address = (value: bigint): string => (value === 0n ? 'NULL' : `0x${value.toString(16)}`)

/** A set prepared for printing: names of several bits (O_TMPFILE, O_SYNC) are taken before those of their parts. */
interface Prepared {
  readonly bits: readonly (readonly [name: string, bits: bigint, order: number])[]
  readonly zero: string | undefined
  readonly byValue: ReadonlyMap<bigint, string>
  readonly unknown: string
}

const prepared = new WeakMap<ConstantSet, Prepared>()
const bitCount = (value: bigint): number => value.toString(2).replaceAll('0', '').length

function prepare(set: ConstantSet): Prepared {
  const known = prepared.get(set)
  if (known) return known
  const entries = set.entries.map(([name, number], order) => [name, BigInt(number), order] as const)
  const byValue = new Map<bigint, string>()
  for (const [name, value] of entries) if (!byValue.has(value)) byValue.set(value, name)
  const made = {
    bits: entries.filter(([, bits]) => bits !== 0n).toSorted((a, b) => bitCount(b[1]) - bitCount(a[1])),
    zero: byValue.get(0n),
    byValue,
    unknown: set.unknown === '' ? '' : ` /* ${set.unknown} */`,
  }
  prepared.set(set, made)
  return made
}

function spelled(value: bigint, names: string, { spelling }: TextOptions): string {
  if (spelling === 'raw') return hex(value)
  return spelling === 'verbose' ? `${hex(value)} /* ${names} */` : names
}

/** The names of set bits, joined; what has no name comes in hexadecimal at the end. */
export function flagsText(set: ConstantSet, value: bigint, options: TextOptions = {}): string {
  const { bits, zero, unknown } = prepare(set)
  if (value === 0n) return zero === undefined ? '0' : spelled(0n, zero, options)
  const found: (readonly [string, bigint, number])[] = []
  let rest = value
  for (const entry of bits) {
    if ((rest & entry[1]) !== entry[1]) continue
    found.push(entry)
    rest &= ~entry[1]
    if (rest === 0n) break
  }
  if (found.length === 0) return options.spelling === 'raw' ? hex(value) : `0x${value.toString(16)}${unknown}`
  found.sort((a, b) => a[2] - b[2])
  const names = found.map(([name]) => name).join('|')
  return spelled(value, rest === 0n ? names : `${names}|0x${rest.toString(16)}`, options)
}

/** The name of a value, or the value in hexadecimal with the set's prefix in a comment. */
export function enumText(set: ConstantSet, value: bigint, options: TextOptions = {}): string {
  const { byValue, unknown } = prepare(set)
  const name = byValue.get(value)
  const bits = BigInt.asUintN(set.isWide ? 64 : 32, value)
  if (name !== undefined) return spelled(bits, name, options)
  return options.spelling === 'raw' ? hex(bits) : `${hex(bits)}${unknown}`
}

/** The name of a value where it has one. */
export const nameOf = (set: ConstantSet, value: bigint): string | undefined => prepare(set).byValue.get(value)

const TYPES: Readonly<Record<number, string>> = {
  0o140000: 'S_IFSOCK',
  0o120000: 'S_IFLNK',
  0o100000: 'S_IFREG',
  0o060000: 'S_IFBLK',
  0o040000: 'S_IFDIR',
  0o020000: 'S_IFCHR',
  0o010000: 'S_IFIFO',
}

const SPECIAL: readonly (readonly [number, string])[] = [
  [0o4000, 'S_ISUID'],
  [0o2000, 'S_ISGID'],
  [0o1000, 'S_ISVTX'],
]

/** The names of a mode's bits, and what they stand for. */
export const MODE_NAMES: Readonly<Record<string, number>> = Object.fromEntries([
  ...Object.entries(TYPES).map(([bits, name]) => [name, Number(bits)] as const),
  ...SPECIAL.map(([bit, name]) => [name, bit] as const),
])

/** A mode in octal, three digits at least. */
export function modeText(value: bigint): string {
  const digits = value.toString(8)
  return digits.length < 3 ? digits.padStart(3, '0') : `0${digits}`
}

const NAMED_BITS = 0o177000n

/** The type of a file, the special bits by name, the rest in octal; all in octal where it has no type. */
export function fileModeText(value: bigint): string {
  const bits = Number(value & NAMED_BITS)
  const type = TYPES[bits & 0o170000]
  if (type === undefined) return modeText(value)
  const special = SPECIAL.flatMap(([bit, name]) => (bits & bit ? [name] : []))
  return [type, ...special, modeText(value & ~NAMED_BITS)].join('|')
}

/** makedev(0xMAJOR, 0xMINOR) of a user-space dev_t. */
export function deviceText(value: bigint): string {
  const major = ((value >> 8n) & 0xfffn) | ((value >> 32n) & ~0xfffn & 0xffffffffn)
  const minor = (value & 0xffn) | ((value >> 12n) & 0xffffff00n)
  return `makedev(${hex(major)}, ${hex(minor)})`
}
