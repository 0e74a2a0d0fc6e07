/** Control data of messages. Sources: cmsg(3), unix(7), ip(7), socket(7). */
import { inPlace, struct, unsigned } from '../../codec/struct.ts'
import * as linux from '../../linux/constants.ts'
import { kinds } from '../../linux/generated/kinds.ts'
import { pointerBytes, type StructName, type StructValues, type Word } from '../../linux/schema/layouts.ts'
import type { Context } from '../context.ts'
import { bytesOf, readView } from '../memory.ts'
import { named, nameIn, nameless, setText } from '../names.ts'
import { address, hex, quote } from '../text.ts'
import type { TextOptions } from '../types.ts'
import { bytesOfNumber, interfaceText, ipv4Address } from './order.ts'
import { ADDRESS_BYTES, socketAddressText } from './socket.ts'

const MOST_BYTES = 65_536
const NO_ID = 0xffff_ffff

/** The text of one piece of data; `undefined` if there are too few bytes to show it. */
type DataText = (view: DataView, context: Context) => string | undefined

/** As many elements as strings have characters (-s); all with -v. */
const listed = (items: readonly string[], { limit, options }: Context): string | undefined => {
  if (items.length === 0) return undefined
  return `[${(items.length > limit && !options.full ? [...items.slice(0, limit), '...'] : items).join(', ')}]`
}

const ints = (view: DataView): readonly number[] => {
  const { size, read } = inPlace(kinds().int)
  const count = Math.floor(view.byteLength / size)
  return Array.from({ length: count }, (_, index) => read(view, index * size) as number)
}

const descriptors: DataText = (view, context) =>
  listed(
    ints(view).map(fd => `${fd}${fd < 0 ? '' : (context.options.descriptor?.(fd) ?? '')}`),
    context,
  )
const numbers: DataText = (view, context) =>
  listed(
    ints(view).map(number => String(number >>> 0)),
    context,
  )
const octets: DataText = (view, context) =>
  listed(
    Array.from(bytesOf(view), byte => hex(byte)),
    context,
  )
const label: DataText = (view, { options }) => quote(bytesOf(view), false, options.stringsInHex)
const nothing: DataText = () => undefined

/** A struct, whatever follows it. `short`: the text of one that is not whole. */
const one =
  <Name extends StructName>(
    name: Name,
    text: (fields: StructValues[Name], options: TextOptions) => string,
    short?: string,
  ): DataText =>
  (view, { memory, options }) => {
    const codec = struct(name, memory.model)
    return view.byteLength < codec.size ? short : text(codec.read(view), options)
  }

/** Ids of users and groups are positive, but for the one that is none. */
const idText = (id: number): string => (id >>> 0 === NO_ID ? '-1' : String(id >>> 0))

const credentials = one('ucred', ({ pid, uid, gid }, options) => {
  return `{pid=${pid}${options.process?.(pid, 'tgid') ?? ''}, uid=${idText(uid)}, gid=${idText(gid)}}`
})

/** Not the whole of a time. */
const CUT = '???'

/** Seconds are signed, their parts are not. */
const timeText = (time: Readonly<Record<string, Word>>): string =>
  `{${Object.entries(time)
    .map(([name, value]) =>
      name === 'tv_sec' ? `${name}=${BigInt.asIntN(64, BigInt(value))}` : `${name}=${unsigned(value)}`,
    )
    .join(', ')}}`
const time = (name: 'timeval' | 'timespec'): DataText => one(name, fields => timeText({ ...fields }), CUT)

const TIMES = 3
const threeTimes: DataText = (view, { memory }) => {
  const codec = struct('timespec', memory.model)
  if (view.byteLength < TIMES * codec.size) return CUT
  const times = Array.from({ length: TIMES }, (_, index) => codec.read(view, index * codec.size))
  return `[${times.map(each => timeText({ ...each })).join(', ')}]`
}

const host = (number: number, options: TextOptions): string => ipv4Address(bytesOfNumber(number, 4), options)
const packetInformation = one('in_pktinfo', (fields, options) => {
  const index = interfaceText(fields.ipi_ifindex, options)
  return `{ipi_ifindex=${index}, ipi_spec_dst=${host(fields.ipi_spec_dst, options)}, ipi_addr=${host(fields.ipi_addr, options)}}`
})
/** An error, and who reported it. */
const networkError = one('sock_extended_err', (fields, options) => {
  const names = ['ee_errno', 'ee_origin', 'ee_type', 'ee_code', 'ee_info', 'ee_data'] as const
  const parts = names.map(name => `${name}=${fields[name]}`)
  const offender = socketAddressText(Uint8Array.from(fields.offender), options)
  return `{${parts.join(', ')}, offender=${offender}}`
})
const destination: DataText = (view, { options }) =>
  view.byteLength < struct('sockaddr_in').size
    ? undefined
    : socketAddressText(bytesOf(view).subarray(0, ADDRESS_BYTES), options)

/** Levels whose types are known: their set, and the data of each type. */
const LEVELS: Readonly<
  Record<number, { readonly set: string; readonly data: Readonly<Record<number, DataText>> }>
> = {
  [linux.SOL_IP]: {
    set: '=ip_control',
    data: {
      [linux.IP_TOS]: octets,
      [linux.IP_TTL]: numbers,
      [linux.SCM_SECURITY]: label,
      [linux.IP_RECVOPTS]: octets,
      [linux.IP_RETOPTS]: octets,
      [linux.IP_PKTINFO]: packetInformation,
      [linux.IP_RECVERR]: networkError,
      [linux.IP_ORIGDSTADDR]: destination,
      [linux.IP_CHECKSUM]: numbers,
    },
  },
  [linux.SOL_SOCKET]: {
    set: '=scm',
    data: {
      [linux.SCM_RIGHTS]: descriptors,
      [linux.SCM_CREDENTIALS]: credentials,
      [linux.SCM_SECURITY]: label,
      [linux.SO_TIMESTAMP_OLD]: time('timeval'),
      [linux.SO_TIMESTAMPNS_OLD]: time('timespec'),
      [linux.SO_TIMESTAMPING_OLD]: threeTimes,
      [linux.SO_TIMESTAMP_NEW]: time('timeval'),
      [linux.SO_TIMESTAMPNS_NEW]: time('timespec'),
      [linux.SO_TIMESTAMPING_NEW]: threeTimes,
    },
  },
}

function levelText(level: number, options: TextOptions): string {
  const name = nameIn('sockopt_level', BigInt(level))
  const number = hex(level >>> 0)
  return name === undefined ? nameless(number, 'SOL_???', options) : named(number, name, options)
}

function typeText(level: number, type: number, options: TextOptions): string {
  const set = LEVELS[level]?.set
  return set === undefined ? hex(type >>> 0) : setText(set, BigInt(type), options)
}

/**
 * `[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[0, 1]}]`. Data that is
 * too short for a header is shown as its address.
 */
export function controlText(value: bigint, length: number, context: Context): string {
  if (value === 0n) return 'NULL'
  const codec = struct('cmsghdr', context.memory.model)
  const least = codec.size
  // The next piece begins at a multiple of the size of an address.
  const alignment = pointerBytes(context.memory.model)
  const view = length < least ? undefined : readView(context.memory, value, Math.min(length, MOST_BYTES))
  if (!view) return address(value)
  const { options } = context
  const parts: string[] = []
  let at = 0
  for (let size = least; at + least <= view.byteLength && size >= least; ) {
    const start = view.byteOffset + at
    const head = codec.read(new DataView(view.buffer, start, least))
    const { cmsg_level: level, cmsg_type: type } = head
    const said = unsigned(head.cmsg_len)
    size = Number(said)
    const bytes = Math.max(0, Math.min(size, view.byteLength - at) - least)
    const data = bytes === 0 ? nothing : (LEVELS[level]?.data[type] ?? nothing)
    const shown = data(new DataView(view.buffer, start + least, bytes), context)
    parts.push(
      `{cmsg_len=${said}, cmsg_level=${levelText(level, options)}, cmsg_type=${typeText(level, type, options)}${shown === undefined ? '' : `, cmsg_data=${shown}`}}`,
    )
    at += Math.max(least, Math.ceil(size / alignment) * alignment)
  }
  if (at < length) parts.push(`... /* ${address(value + BigInt(at))} */`)
  return `[${parts.join(', ')}]`
}
