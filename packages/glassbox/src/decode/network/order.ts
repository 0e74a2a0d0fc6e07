/**
 * Numbers and addresses in network order, as bytes or as the macro call that makes them. Pure.
 */
import { named } from '../names.ts'
import { hex, quote } from '../text.ts'
import type { TextOptions } from '../types.ts'

/** The bytes of a number of `size` bytes, from its last to its first. */
export function swapped(value: bigint, size: number): bigint {
  let result = 0n
  for (let index = 0; index < size; index++) result = (result << 8n) | ((value >> BigInt(8 * index)) & 0xffn)
  return result
}

/** The bytes of a number of at most 32 bits, as they are in memory. */
export function bytesOfNumber(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let index = 0; index < size; index++) bytes[index] = value >>> (8 * index)
  return bytes
}

const quoted = (text: string, { stringsInHex }: TextOptions): string =>
  quote(Buffer.from(text), false, stringsInHex)

/** Bytes, or the macro call that makes them. */
export const networkBytes = (bytes: Uint8Array, call: string, options: TextOptions): string =>
  named(quote(bytes, false, 'all'), call, options)

const MACROS = { 2: 'htons', 4: 'htonl' } as const

/** A number as it is in memory: `htons(80)`. `text`: of the number that the program meant. */
export function networkNumber(
  value: number,
  size: keyof typeof MACROS,
  options: TextOptions,
  text: (host: bigint) => string = String,
): string {
  const bytes = bytesOfNumber(value, size)
  let host = 0
  for (const byte of bytes) host = host * 256 + byte
  return networkBytes(bytes, `${MACROS[size]}(${text(BigInt(host))})`, options)
}

/** Four bytes as an address. */
export const ipv4Address = (bytes: Uint8Array, options: TextOptions): string =>
  networkBytes(bytes, `inet_addr(${quoted(bytes.join('.'), options)})`, options)

/** `::1`: the longest run of zero groups is left out, as inet_ntop(3) does. */
export function ipv6Digits(bytes: ArrayLike<number>): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  ).join(':')
  const runs = [...groups.matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)].toSorted(
    (a, b) => b[0].length - a[0].length,
  )
  const run = runs[0]
  if (!run) return groups
  const last = Array.from({ length: 4 }, (_, index) => bytes[12 + index] ?? 0).join('.')
  if (run.index === 0 && run[0] === '0:0:0:0:0:0') return `::${last}`
  if (run.index === 0 && groups.startsWith('0:0:0:0:0:ffff:')) return `::ffff:${last}`
  return `${groups.slice(0, run.index).replace(/:$/, '')}::${groups.slice(run.index + run[0].length).replace(/^:/, '')}`
}

/** The digits of an address of sixteen bytes, in quotes. */
export const quotedIpv6 = (bytes: ArrayLike<number>, options: TextOptions): string =>
  quoted(ipv6Digits(bytes), options)

/** Sixteen bytes as an address. */
export const ipv6Address = (bytes: Uint8Array, options: TextOptions): string =>
  networkBytes(bytes, `inet_pton(AF_INET6, ${quotedIpv6(bytes, options)})`, options)

/**
 * The same in a struct. In the shortest notation, the macro call itself names the member that it
 * fills.
 */
export function ipv6Member(name: string, bytes: Uint8Array, options: TextOptions): string {
  const call = ipv6Address(bytes, options)
  return (options.spelling ?? 'abbrev') === 'abbrev' ? call.replace(/\)$/, `, &${name})`) : `${name}=${call}`
}

/** The number of an interface, or its name if it has one. */
export function interfaceText(index: number, options: TextOptions): string {
  const name = options.interfaceName?.(index)
  if (name === undefined) return String(index)
  return named(String(index), `if_nametoindex(${quoted(name, options)})`, options)
}

/** The bytes of a hardware address: `00:1a:7d:da:71:13`. */
export const hardwareAddress = (bytes: readonly number[], options: TextOptions): string =>
  networkBytes(
    Uint8Array.from(bytes),
    bytes.map(byte => byte.toString(16).padStart(2, '0')).join(':'),
    options,
  )

/** A byte in hexadecimal, of at least two characters. */
export const octet = (byte: number): string => (byte === 0 ? '00' : hex(byte))
