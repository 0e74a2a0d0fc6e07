/**
 * Prints socket addresses as strace does. Sources: unix(7), ip(7), ipv6(7), netlink(7),
 * packet(7). Pure.
 */
import { struct } from '../../codec/struct.ts'
import { AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX } from '../../linux/constants.ts'
import { offsetOf, type StructName, type StructValues } from '../../linux/schema/layouts.ts'
import { argument, type Context, type Printer } from '../context.ts'
import { readWord } from '../memory.ts'
import { NAMES, setText } from '../names.ts'
import { address, hex, quote } from '../text.ts'
import type { TextOptions } from '../types.ts'
import { bytesOfNumber, interfaceText, ipv4Address, ipv6Member, networkNumber } from './order.ts'

/** What follows the family; `undefined` if too few bytes could be read. */
type FamilyText = (view: DataView, options: TextOptions) => string | undefined

/** An address of which at least `least` bytes must be there; by default all. */
const family =
  <Name extends StructName>(
    name: Name,
    text: (fields: StructValues[Name], options: TextOptions) => string,
    least: () => number = () => struct(name).size,
  ): FamilyText =>
  (view, options) =>
    view.byteLength < least() ? undefined : text(struct(name).read(view), options)

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

const ipv4Text = family(
  'sockaddr_in',
  ({ sin_port: port, sin_addr: host }, options) =>
    `, sin_port=${networkNumber(port, 2, options)}, sin_addr=${ipv4Address(bytesOfNumber(host, 4), options)}`,
)

/** Link-local addresses have an interface as their scope. */
const isLocal = ([first = 0, second = 0]: readonly number[]): boolean =>
  (first === 0xfe && second >> 6 === 2) || (first === 0xff && (second & 0xf) === 2)

/** The scope is younger than the rest. */
const ipv6Text = family(
  'sockaddr_in6',
  (fields: Partial<StructValues['sockaddr_in6']>, options) => {
    const {
      sin6_port: port = 0,
      sin6_flowinfo: flow = 0,
      sin6_addr: host = [],
      sin6_scope_id: scope,
    } = fields
    const member = ipv6Member('sin6_addr', Uint8Array.from(host), options)
    const scopeText =
      scope === undefined ? '' : `, sin6_scope_id=${isLocal(host) ? interfaceText(scope, options) : scope}`
    return `, sin6_port=${networkNumber(port, 2, options)}, sin6_flowinfo=${networkNumber(flow, 4, options)}, ${member}${scopeText}`
  },
  () => offsetOf('sockaddr_in6', 'sin6_scope_id'),
)

/** Groups in eight digits, of which a hexadecimal prefix takes two. */
const netlinkText = family('sockaddr_nl', ({ nl_pid: port, nl_groups: groups }) => {
  const text = groups === 0 ? '00000000' : `0x${groups.toString(16).padStart(6, '0')}`
  return `, nl_pid=${port}, nl_groups=${text}`
})

const packetText = family('sockaddr_ll', (fields, options) => {
  const { sll_halen: length, sll_addr: hardware } = fields
  const shown = hardware.slice(0, length).map(byte => hex(byte))
  const protocol = networkNumber(fields.sll_protocol, 2, options, host =>
    setText('=eth_protocol', host, NAMES),
  )
  const parts = [
    `sll_protocol=${protocol}`,
    `sll_ifindex=${interfaceText(fields.sll_ifindex, options)}`,
    `sll_hatype=${setText('=arphrd', BigInt(fields.sll_hatype), options)}`,
    `sll_pkttype=${setText('=packet_type', BigInt(fields.sll_pkttype), options)}`,
    `sll_halen=${length}`,
    ...(length === 0 ? [] : [`sll_addr=[${shown.join(', ')}${length > hardware.length ? ', ...' : ''}]`]),
  ]
  return `, ${parts.join(', ')}`
})

const FAMILIES: Readonly<Record<number, FamilyText>> = {
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
  const needed = Math.min(length, ADDRESS_BYTES)
  const bytes = memory.read(value, needed)
  if (bytes.length < needed) return address(value)
  return socketAddressText(bytes, options) ?? address(value)
}
