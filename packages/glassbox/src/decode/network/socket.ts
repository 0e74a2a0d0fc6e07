/**
 * Prints socket addresses as strace does. Sources: unix(7), ip(7), ipv6(7), netlink(7),
 * packet(7). Pure.
 */
import { argument, type Context, type Printer } from '../context.ts'
import { bytesOf, readWord } from '../memory.ts'
import { NAMES, named, setText } from '../names.ts'
import { address, hex, quote } from '../text.ts'
import type { TextOptions } from '../types.ts'

/** The bytes of an address, and how it is printed. */
interface Read {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly options: TextOptions
}

/** Bytes in network order: as they are stored, or as the macro call that makes them. */
const networkBytes = ({ bytes, options }: Read, from: number, to: number, call: string): string =>
  named(quote(bytes.subarray(from, to), false, 'all'), call, options)

const quoted = (text: string, { stringsInHex }: TextOptions): string =>
  quote(Buffer.from(text), false, stringsInHex)

/** Four bytes as an address. */
export function ipv4Address(view: DataView, at: number, options: TextOptions): string {
  const bytes = bytesOf(view, at, 4)
  return named(quote(bytes, false, 'all'), `inet_addr(${quoted(bytes.join('.'), options)})`, options)
}

function unixText({ bytes, options }: Read): string | undefined {
  const path = bytes.subarray(2)
  if (path.length === 0) return ''
  const style = options.stringsInHex
  const name =
    path[0] === 0
      ? `@${quote(path.subarray(1), false, style)}`
      : quote(path.subarray(0, (path.indexOf(0) + path.length + 1) % (path.length + 1)), false, style)
  return `, sun_path=${name}`
}

const portText = (read: Read): string => networkBytes(read, 2, 4, `htons(${read.view.getUint16(2)})`)

function ipv4Text(read: Read): string | undefined {
  const { bytes } = read
  if (bytes.length < 8) return undefined
  return `, sin_port=${portText(read)}, sin_addr=${ipv4Address(read.view, 4, read.options)}`
}

function ipv6Digits(view: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(at + index * 2).toString(16)).join(
    ':',
  )
  // The longest run of zero groups is left out, as inet_ntop(3) does.
  const runs = [...groups.matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)].toSorted(
    (a, b) => b[0].length - a[0].length,
  )
  const run = runs[0]
  if (!run) return groups
  return `${groups.slice(0, run.index).replace(/:$/, '')}::${groups.slice(run.index + run[0].length).replace(/^:/, '')}`
}

/** Sixteen bytes as an address. */
export function ipv6Address(view: DataView, at: number, options: TextOptions): string {
  const bytes = bytesOf(view, at, 16)
  const digits = quoted(ipv6Digits(view, at), options)
  return named(quote(bytes, false, 'all'), `inet_pton(AF_INET6, ${digits})`, options)
}

/** The number of an interface, or its name if it has one. */
export function interfaceText(index: number, options: TextOptions): string {
  const name = options.interfaceName?.(index)
  if (name === undefined) return String(index)
  return named(String(index), `if_nametoindex(${quoted(name, options)})`, options)
}

const IPV6_WITHOUT_SCOPE = 24
const IPV6_BYTES = 28

function ipv6Text(read: Read): string | undefined {
  const { bytes, view, options } = read
  if (bytes.length < IPV6_WITHOUT_SCOPE) return undefined
  const digits = quoted(ipv6Digits(view, 8), options)
  const flow = networkBytes(read, 4, 8, `htonl(${view.getUint32(4)})`)
  // In the shortest notation, the macro call itself names the member that it fills.
  const where =
    (options.spelling ?? 'abbrev') === 'abbrev'
      ? `inet_pton(AF_INET6, ${digits}, &sin6_addr)`
      : `sin6_addr=${networkBytes(read, 8, 24, `inet_pton(AF_INET6, ${digits})`)}`
  const isLocal = view.getUint16(8) >> 6 === 0xfe80 >> 6 || (view.getUint16(8) & 0xff0f) === 0xff02
  const scope =
    bytes.length < IPV6_BYTES
      ? ''
      : `, sin6_scope_id=${isLocal ? interfaceText(view.getUint32(24, true), options) : view.getUint32(24, true)}`
  return `, sin6_port=${portText(read)}, sin6_flowinfo=${flow}, ${where}${scope}`
}

/** In eight digits, of which a hexadecimal prefix takes two. */
function netlinkText({ bytes, view }: Read): string | undefined {
  if (bytes.length < 12) return undefined
  const groups = view.getUint32(8, true)
  const text = groups === 0 ? '00000000' : `0x${groups.toString(16).padStart(6, '0')}`
  return `, nl_pid=${view.getUint32(4, true)}, nl_groups=${text}`
}

const PACKET_BYTES = 20
const MOST_HARDWARE_BYTES = 8

function packetText(read: Read): string | undefined {
  const { bytes, view, options } = read
  if (bytes.length < PACKET_BYTES) return undefined
  const protocol = setText('=eth_protocol', BigInt(view.getUint16(2)), NAMES)
  const length = view.getUint8(11)
  const hardware = Array.from(bytes.subarray(12, 12 + Math.min(length, MOST_HARDWARE_BYTES)), byte =>
    hex(byte),
  )
  const parts = [
    `sll_protocol=${networkBytes(read, 2, 4, `htons(${protocol})`)}`,
    `sll_ifindex=${interfaceText(view.getInt32(4, true), options)}`,
    `sll_hatype=${setText('=arphrd', BigInt(view.getUint16(8, true)), options)}`,
    `sll_pkttype=${setText('=packet_type', BigInt(view.getUint8(10)), options)}`,
    `sll_halen=${length}`,
    ...(length === 0
      ? []
      : [`sll_addr=[${hardware.join(', ')}${length > MOST_HARDWARE_BYTES ? ', ...' : ''}]`]),
  ]
  return `, ${parts.join(', ')}`
}

/** The text after the family, by family; `undefined` if too few bytes could be read. */
const FAMILIES: Readonly<Record<number, (read: Read) => string | undefined>> = {
  1: unixText,
  2: ipv4Text,
  10: ipv6Text,
  16: netlinkText,
  17: packetText,
}

/**
 * `{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}`; `undefined` if too
 * few bytes can be read.
 */
export function socketAddressText(bytes: Uint8Array, options: TextOptions = {}): string | undefined {
  if (bytes.length < 2) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const family = view.getUint16(0, true)
  const rest = FAMILIES[family]?.({ bytes, view, options })
  const data = rest ?? `, sa_data=${quote(bytes.subarray(2), false, options.stringsInHex)}`
  return `{sa_family=${setText('=af', BigInt(family), options)}${data}}`
}

const ADDRESS_BYTES = 128

/** An address whose length is an argument. */
export const socketAddress =
  (operand: string): Printer =>
  (value, context) => {
    const length = Number(BigInt.asUintN(32, argument(context, Number(operand))))
    return addressAt(value, length, context)
  }

/** An address that the kernel wrote: limited by the size of the buffer and by its own length. */
export const returnedAddress =
  (operand: string): Printer =>
  (value, context) => {
    const pointer = argument(context, Number(operand))
    const length = Number(readWord(context.memory, pointer, 4) ?? 0n)
    const room = Number(context.remembered.get(pointer) ?? BigInt(length))
    return addressAt(value, Math.min(length, room), context)
  }

export function addressAt(value: bigint, length: number, { memory, options }: Context): string {
  if (value === 0n) return 'NULL'
  if (options.addressesOnly) return address(value)
  return socketAddressText(memory.read(value, Math.min(length, ADDRESS_BYTES)), options) ?? address(value)
}
