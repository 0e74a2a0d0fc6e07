/**
 * strace's notation for single values: quoted strings, numbers in hexadecimal, addresses. Pure.
 */
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

/** Only these could be read as part of a shorter escape. */
const isOctalDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 55
const isPrintable = (byte: number): boolean => byte >= 32 && byte < 127
/** What -x considers text: printable characters, and the five usual control characters. */
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

/**
 * A string in a fixed-size array of bytes, in quotes. If it has no NUL, it is truncated, by
 * default by the one byte that the NUL would take.
 */
export function charArray(
  bytes: Uint8Array,
  style: TextOptions['stringsInHex'],
  most: number = bytes.length - 1,
): string {
  const end = bytes.indexOf(0)
  return quote(bytes.subarray(0, end < 0 ? most : end), end < 0, style)
}

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
