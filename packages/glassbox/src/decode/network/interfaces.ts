/**
 * Requests about network interfaces, struct ifreq: the name of an interface, and the question or
 * the answer. If the kernel should have answered and did not, only the name is shown. Source:
 * netdevice(7).
 */
import { fieldBytes, readStruct, sizeOf, struct, unsigned } from '../../codec/struct.ts'
import { constantSet } from '../../linux/flags.ts'
import { fieldOf, layoutOf } from '../../linux/schema/layouts.ts'
import { arrayText } from '../basic/arrays.ts'
import type { Context, Printer } from '../context.ts'
import { readString, readView } from '../memory.ts'
import { setText } from '../names.ts'
import { address, charArray, hex, quote } from '../text.ts'
import type { TextOptions } from '../types.ts'
import { networkBytes } from './order.ts'
import { socketAddressText } from './socket.ts'

/** What follows the name in struct ifreq, as a request reads or writes it. */
type Part = (view: DataView, options: TextOptions) => string

const nameText = (view: DataView, { stringsInHex }: TextOptions): string =>
  charArray(fieldBytes(view, 'ifreq', 'ifr_name'), stringsInHex)
const otherName: Part = (view, { stringsInHex }) =>
  charArray(fieldBytes(view, 'ifreq_rename', 'ifr_newname'), stringsInHex)

const number: Part = view => String(struct('ifreq_number').read(view).ifr_ivalue)
const socketAddress: Part = (view, options) =>
  socketAddressText(fieldBytes(view, 'ifreq_address', 'ifr_addr'), options) ?? '{}'

/**
 * Number of bytes of a hardware address, by the type of the interface. For other types, all bytes
 * are shown.
 */
const HARDWARE_BYTES: readonly (readonly [bytes: number, types: readonly string[]])[] = [
  [1, ['ARCNET', 'CAIF', 'LOCALTLK', 'MCTP', 'PHONET', 'PHONET_PIPE']],
  [2, ['DLCI']],
  [4, ['IPDDP', 'IPGRE', 'IRDA', 'PIMREG', 'SIT', 'TUNNEL']],
  [5, ['ROSE', 'X25']],
  [
    6,
    ['ETHER', 'FDDI', 'HIPPI', 'IEEE802', 'IEEE80211', 'IEEE80211_PRISM', 'IEEE80211_RADIOTAP', 'LOOPBACK'],
  ],
  [7, ['AX25', 'NETROM']],
  [8, ['6LOWPAN', 'EUI64', 'IEEE802154', 'IEEE802154_MONITOR', 'VSOCKMON']],
]
const MOST_HARDWARE_BYTES = 14

export function hardwareBytes(type: number): number {
  const name = constantSet('arphrd')
    ?.entries.find(([, value]) => value === type)?.[0]
    .replace('ARPHRD_', '')
  return (
    HARDWARE_BYTES.find(([, types]) => name !== undefined && types.includes(name))?.[0] ?? MOST_HARDWARE_BYTES
  )
}

const hardware: Part = (view, options) => {
  const { sa_family: type, sa_data: all } = struct('ifreq_address').read(view).ifr_addr
  const pairs = all.slice(0, hardwareBytes(type)).map(byte => byte.toString(16).padStart(2, '0'))
  const data = networkBytes(Uint8Array.from(all), pairs.join(':'), options)
  return `{sa_family=${setText('=arphrd', BigInt(type), options)}, sa_data=${data}}`
}

const map: Part = view => {
  const fields = Object.entries(struct('ifreq_map').read(view).ifr_map)
  return `{${fields.map(([name, value]) => `${name}=${hex(value)}`).join(', ')}}`
}

const PARTS: Readonly<Record<string, Part>> = {
  flags: (view, options) => setText('|if_flags', BigInt(struct('ifreq_flags').read(view).ifr_flags), options),
  addr: socketAddress,
  dstaddr: socketAddress,
  broadaddr: socketAddress,
  netmask: socketAddress,
  hwaddr: hardware,
  metric: number,
  mtu: number,
  ifindex: number,
  qlen: number,
  slave: otherName,
  newname: otherName,
  map,
}

const requestBytes = (): number => struct('ifreq').size

function requestText(view: DataView, part: string, { options }: Context): string {
  return `{ifr_name=${nameText(view, options)}, ifr_${part}=${PARTS[part]?.(view, options) ?? ''}}`
}

/** `operand`: the member of the union. */
export const interfaceRequest =
  (operand: string): Printer =>
  (value, context) => {
    const view = readView(context.memory, value, requestBytes())
    return view ? requestText(view, operand, context) : address(value)
  }

/** The part of a request that is shown without an answer. */
export const failedInterfaceRequest: Printer = (value, { memory, options }) => {
  const view = readView(memory, value, requestBytes())
  return view ? `{ifr_name=${nameText(view, options)}}` : address(value)
}

/** The number of an interface, alone or with the name that the kernel found for it. */
export const interfaceNumber =
  (operand: string): Printer =>
  (value, { memory, options }) => {
    const view = readView(memory, value, requestBytes())
    if (!view) return address(value)
    const index = `ifr_ifindex=${number(view, options)}`
    return operand === 'named' ? `{${index}, ifr_name=${nameText(view, options)}}` : `{${index}}`
  }

/** A name alone, of a bridge; all of its bytes if it has no NUL. */
export const interfaceName: Printer = (value, { memory, options }) => {
  const size = sizeOf(fieldOf(layoutOf('ifreq'), 'ifr_name').kind)
  const read = readString(memory, value, size)
  if (!read || (!read.ended && read.bytes.length < size)) return address(value)
  return quote(read.bytes, !read.ended, options.stringsInHex)
}

function lengthText(length: number): string {
  const count = length / requestBytes()
  return `${length}${length !== 0 && Number.isInteger(count) ? ` /* ${count} * sizeof(struct ifreq) */` : ''}`
}

/** The length of the list before the call, if the caller provided a buffer. */
export const rememberInterfaces = (value: bigint, { memory }: Context): bigint | undefined => {
  const fields = readStruct(memory, value, 'ifconf')
  return fields === undefined || fields.ifc_buf === 0 ? undefined : BigInt(fields.ifc_len)
}

/**
 * struct ifconf: the addresses of all interfaces. The struct itself is shown even if structs are
 * not.
 */
export const interfaceList: Printer = (value, context) => {
  const { memory, options, outcome, remembered } = context
  const fields = readStruct(memory, value, 'ifconf')
  if (!fields) return address(value)
  const length = fields.ifc_len
  const list = unsigned(fields.ifc_buf)
  const size = requestBytes()
  const before = remembered.get(value)
  const now = lengthText(length)
  const lengths =
    before === undefined || Number(before) === length ? now : `${lengthText(Number(before))} => ${now}`
  const isFilled = outcome?.failed === false && list !== 0n && !options.addressesOnly
  const items = isFilled
    ? arrayText(list, BigInt(Math.trunc(length / size)), size, context, at => {
        const view = readView(memory, at, size)
        return view && requestText(view, 'addr', context)
      })
    : address(list)
  return `{ifc_len=${lengths}, ifc_buf=${items}}`
}
