/**
 * Prints socket addresses as strace does. Sources: unix(7), ip(7), ipv6(7), netlink(7),
 * packet(7). Pure.
 */
import { struct } from '../../codec/struct.ts'
import { AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX } from '../../linux/constants.ts'
import { offsetOf } from '../../linux/schema/layouts.ts'
import { argument, type Context, type Printer, signed32 } from '../context.ts'
import { bytesOf, readWord } from '../memory.ts'
import { NAMES, setText } from '../names.ts'
import { address, hex, quote } from '../text.ts'
import type { TextOptions } from '../types.ts'
import { SELDOM_FAMILIES } from './families.ts'
import { family, type FamilyText, ipv4Text, ipv6Text, members } from './internet.ts'
import { interfaceText, networkNumber, octet } from './order.ts'

const MOST_PATH_BYTES = 108

const unixText = family('sockaddr_un', ({ sun_path: whole }, { stringsInHex: style }) => {
  const path = whole.subarray(0, MOST_PATH_BYTES)
  if (path.length === 0) return ''
  const end = path.indexOf(0)
  const name =
    path[0] === 0
      ? `@${quote(path.subarray(1), false, style)}`
      : quote(end < 0 ? path : path.subarray(0, end), false, style)
  return `, sun_path=${name}`
})

/** Groups in eight digits, of which a hexadecimal prefix takes two. */
const netlinkText = family('sockaddr_nl', (fields, options) => {
  const { nl_pad: padding, nl_groups: groups } = fields
  // Ids of processes are signed.
  const port = fields.nl_pid | 0
  const text = groups === 0 ? '00000000' : `0x${groups.toString(16).padStart(6, '0')}`
  return members(
    padding === 0 ? undefined : `nl_pad=${hex(padding)}`,
    `nl_pid=${port}${options.process?.(port, 'tgid') ?? ''}`,
    `nl_groups=${text}`,
  )
})

/** As many bytes of the hardware address as it says, also those after the struct. */
const packetText = family('sockaddr_ll', (fields, options, view) => {
  const { sll_halen: length } = fields
  const hardware = bytesOf(view, offsetOf('sockaddr_ll', 'sll_addr'))
  const shown = Array.from(hardware.subarray(0, length), octet)
  if (length > hardware.length) shown.push('...')
  const protocol = networkNumber(fields.sll_protocol, 2, options, host =>
    setText('=eth_protocol', host, NAMES),
  )
  return members(
    `sll_protocol=${protocol}`,
    `sll_ifindex=${interfaceText(fields.sll_ifindex, options)}`,
    `sll_hatype=${setText('=arphrd', BigInt(fields.sll_hatype), options)}`,
    `sll_pkttype=${setText('=packet_type', BigInt(fields.sll_pkttype), options)}`,
    `sll_halen=${length}`,
    length === 0 ? undefined : `sll_addr=[${shown.join(', ')}]`,
  )
})

const FAMILIES: Readonly<Record<number, FamilyText>> = {
  ...SELDOM_FAMILIES,
  [AF_UNIX]: unixText,
  [AF_INET]: ipv4Text,
  [AF_INET6]: ipv6Text,
  [AF_NETLINK]: netlinkText,
  [AF_PACKET]: packetText,
}

/**
 * `{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}`; `undefined` if too
 * few bytes can be read.
 */
export function socketAddressText(bytes: Uint8Array, options: TextOptions = {}): string | undefined {
  const data = offsetOf('sockaddr', 'sa_data')
  if (bytes.length < data) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { sa_family: number } = struct('sockaddr').read(view)
  const unknown =
    bytes.length > data ? `, sa_data=${quote(bytes.subarray(data), false, options.stringsInHex)}` : ''
  const rest = FAMILIES[number]?.(view, options) ?? unknown
  return `{sa_family=${setText('=af', BigInt(number), options)}${rest}}`
}

/** struct sockaddr_storage: no address is longer. */
export const ADDRESS_BYTES = 128

/** An address whose length is an argument. */
export const socketAddress =
  (operand: string): Printer =>
  (value, context) => {
    const length = signed32(argument(context, Number(operand)))
    return addressAt(value, length, context)
  }

/** An address that the kernel wrote: limited by the size of the buffer and by its own length. */
export const returnedAddress =
  (operand: string): Printer =>
  (value, context) => {
    const pointer = argument(context, Number(operand))
    const length = signed32(readWord(context.memory, pointer, 4) ?? 0n)
    const room = signed32(context.remembered.get(pointer) ?? BigInt(length))
    return addressAt(value, Math.min(length, room), context)
  }

export function addressAt(value: bigint, length: number, { memory, options }: Context): string {
  if (value === 0n) return 'NULL'
  if (options.addressesOnly || length < 0) return address(value)
  const needed = Math.min(length, ADDRESS_BYTES)
  const bytes = memory.read(value, needed)
  if (bytes.length < needed) return address(value)
  return socketAddressText(bytes, options) ?? address(value)
}
