/**
 * Requests about network interfaces, struct ifreq: the name of an interface, and the question or
 * the answer. If the kernel should have answered and did not, only the name is shown. Source:
 * netdevice(7).
 */
import { constantSet } from '../../linux/flags.ts'
import { arrayText } from '../basic/arrays.ts'
import type { Context, Printer } from '../context.ts'
import { bytesOf, readView, readWord } from '../memory.ts'
import { named, setText } from '../names.ts'
import { socketAddressText } from './socket.ts'
import { address, charArray, hex, quote } from '../text.ts'

const NAME_BYTES = 16
/** The size of the union after the name, of which a socket address takes a part. */
const UNION_BYTES = 24
const REQUEST_BYTES = NAME_BYTES + UNION_BYTES
const ADDRESS_BYTES = 16

/** The text of the union. */
type Part = (union: DataView, context: Context) => string

const nameText = (view: DataView, { options }: Context): string =>
  charArray(bytesOf(view, 0, NAME_BYTES), options.stringsInHex)

const number: Part = union => String(union.getInt32(0, true))
const socketAddress: Part = (union, { options }) =>
  socketAddressText(bytesOf(union, 0, ADDRESS_BYTES), options) ?? '{}'

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

const hardware: Part = (union, { options }) => {
  const type = union.getUint16(0, true)
  const all = bytesOf(union, 2, MOST_HARDWARE_BYTES)
  const pairs = [...all.subarray(0, hardwareBytes(type))].map(byte => byte.toString(16).padStart(2, '0'))
  const data = named(quote(all, false, 'all'), pairs.join(':'), options)
  return `{sa_family=${setText('=arphrd', BigInt(type), options)}, sa_data=${data}}`
}

const map: Part = union => {
  const [start, end, base, irq, dma, port] = [
    union.getBigUint64(0, true),
    union.getBigUint64(8, true),
    union.getUint16(16, true),
    union.getUint8(18),
    union.getUint8(19),
    union.getUint8(20),
  ].map(value => hex(value))
  return `{mem_start=${start}, mem_end=${end}, base_addr=${base}, irq=${irq}, dma=${dma}, port=${port}}`
}

const PARTS: Readonly<Record<string, Part>> = {
  flags: (union, { options }) => setText('|if_flags', BigInt(union.getUint16(0, true)), options),
  addr: socketAddress,
  dstaddr: socketAddress,
  broadaddr: socketAddress,
  netmask: socketAddress,
  hwaddr: hardware,
  metric: number,
  mtu: number,
  ifindex: number,
  qlen: number,
  slave: nameText,
  newname: nameText,
  map,
}

function requestText(view: DataView, part: string, context: Context): string {
  const union = new DataView(view.buffer, view.byteOffset + NAME_BYTES, UNION_BYTES)
  return `{ifr_name=${nameText(view, context)}, ifr_${part}=${PARTS[part]?.(union, context) ?? ''}}`
}

/** `operand`: the member of the union. */
export const interfaceRequest =
  (operand: string): Printer =>
  (value, context) => {
    const view = readView(context.memory, value, REQUEST_BYTES)
    return view ? requestText(view, operand, context) : address(value)
  }

/** The part of a request that is shown without an answer. */
export const failedInterfaceRequest: Printer = (value, context) => {
  const view = readView(context.memory, value, REQUEST_BYTES)
  return view ? `{ifr_name=${nameText(view, context)}}` : address(value)
}

/** The number of an interface, alone or with the name that the kernel found for it. */
export const interfaceNumber =
  (operand: string): Printer =>
  (value, context) => {
    const view = readView(context.memory, value, REQUEST_BYTES)
    if (!view) return address(value)
    const index = `ifr_ifindex=${view.getInt32(NAME_BYTES, true)}`
    return operand === 'named' ? `{${index}, ifr_name=${nameText(view, context)}}` : `{${index}}`
  }

/** A name alone, of a bridge; all of its bytes if it has no NUL. */
export const interfaceName: Printer = (value, context) => {
  const view = readView(context.memory, value, NAME_BYTES)
  return view
    ? charArray(bytesOf(view, 0, NAME_BYTES), context.options.stringsInHex, NAME_BYTES)
    : address(value)
}

/** The offset of the list, after the length. */
const LIST_AT = 8n

function lengthText(length: number): string {
  const count = length / REQUEST_BYTES
  return `${length}${Number.isInteger(count) ? ` /* ${count} * sizeof(struct ifreq) */` : ''}`
}

const lengthAt = (value: bigint, { memory }: Context): number | undefined => {
  const word = readWord(memory, value, 4)
  return word === undefined ? undefined : Number(BigInt.asIntN(32, word))
}

/** The length of the list before the call, if the caller provided a buffer. */
export const rememberInterfaces = (value: bigint, context: Context): bigint | undefined => {
  const list = readWord(context.memory, value + LIST_AT, 8)
  const length = lengthAt(value, context)
  return list === undefined || list === 0n || length === undefined ? undefined : BigInt(length)
}

/**
 * struct ifconf: the addresses of all interfaces. The struct itself is shown even if structs are
 * not.
 */
export const interfaceList: Printer = (value, context) => {
  const { memory, options, outcome, remembered } = context
  const list = readWord(memory, value + LIST_AT, 8)
  const length = lengthAt(value, context)
  if (list === undefined || length === undefined) return address(value)
  const before = remembered.get(value)
  const now = lengthText(length)
  const lengths =
    before === undefined || Number(before) === length ? now : `${lengthText(Number(before))} => ${now}`
  const isFilled = outcome?.failed === false && list !== 0n && !options.addressesOnly
  const items = isFilled
    ? arrayText(list, BigInt(Math.trunc(length / REQUEST_BYTES)), REQUEST_BYTES, context, at => {
        const view = readView(memory, at, REQUEST_BYTES)
        return view && requestText(view, 'addr', context)
      })
    : address(list)
  return `{ifc_len=${lengths}, ifc_buf=${items}}`
}
