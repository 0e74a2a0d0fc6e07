/** Control data of messages. Sources: cmsg(3), unix(7), ip(7), socket(7). */
import { STRUCTS } from '../../linux/structs.ts'
import type { Context } from '../context.ts'
import { bytesOf, readView } from '../memory.ts'
import { named, nameIn, nameless, setText } from '../names.ts'
import { interfaceText, ipv4Address, socketAddressText } from './socket.ts'
import { address, hex, quote } from '../text.ts'
import type { TextOptions } from '../types.ts'

const HEADER_BYTES = 16
const MOST_BYTES = 65_536

/** The text of one piece of data; `undefined` if there are too few bytes to show it. */
type DataText = (view: DataView, context: Context) => string | undefined

const ints = (view: DataView): number[] =>
  Array.from({ length: view.byteLength >> 2 }, (_, index) => view.getInt32(index * 4, true))
const listed = (items: readonly string[]): string | undefined =>
  items.length === 0 ? undefined : `[${items.join(', ')}]`

const descriptors: DataText = (view, { options }) =>
  listed(ints(view).map(fd => `${fd}${options.descriptor?.(fd) ?? ''}`))
const numbers: DataText = view => listed(ints(view).map(String))
const octets: DataText = view => listed(Array.from(bytesOf(view), byte => hex(byte)))
const label: DataText = (view, { options }) => quote(bytesOf(view), false, options.stringsInHex)
const nothing: DataText = () => undefined

/** A struct of at least this many bytes. */
const struct =
  (bytes: number, text: (view: DataView, context: Context) => string): DataText =>
  (view, context) =>
    view.byteLength < bytes ? '???' : text(view, context)

const credentials = struct(12, (view, { options }) => {
  const pid = view.getInt32(0, true)
  return `{pid=${pid}${options.process?.(pid, 'tgid') ?? ''}, uid=${view.getUint32(4, true)}, gid=${view.getUint32(8, true)}}`
})

function timeText(name: 'timeval' | 'timespec', view: DataView, at: number): string {
  const fields = STRUCTS[name]?.fields ?? []
  return `{${fields.map(field => `${field.name}=${view.getBigInt64(at + field.offset, true)}`).join(', ')}}`
}
const time = (name: 'timeval' | 'timespec'): DataText => struct(16, view => timeText(name, view, 0))
const threeTimes = struct(48, view => `[${[0, 16, 32].map(at => timeText('timespec', view, at)).join(', ')}]`)

const packetInformation = struct(
  12,
  (view, { options }) =>
    `{ipi_ifindex=${interfaceText(view.getUint32(0, true), options)}, ipi_spec_dst=${ipv4Address(view, 4, options)}, ipi_addr=${ipv4Address(view, 8, options)}}`,
)
const destination: DataText = (view, { options }) =>
  view.byteLength < 16 ? undefined : socketAddressText(bytesOf(view), options)

/** Levels whose types are known: their set, and the data of each type. */
const LEVELS: Readonly<
  Record<number, { readonly set: string; readonly data: Readonly<Record<number, DataText>> }>
> = {
  0: {
    set: '=ip_control',
    data: {
      1: octets,
      2: numbers,
      3: label,
      6: octets,
      7: octets,
      8: packetInformation,
      20: destination,
      23: numbers,
      25: numbers,
    },
  },
  1: {
    set: '=scm',
    data: {
      1: descriptors,
      2: credentials,
      3: label,
      29: time('timeval'),
      35: time('timespec'),
      37: threeTimes,
      63: time('timeval'),
      64: time('timespec'),
      65: threeTimes,
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
  const view =
    length < HEADER_BYTES ? undefined : readView(context.memory, value, Math.min(length, MOST_BYTES))
  if (!view) return address(value)
  const parts: string[] = []
  let at = 0
  for (let size = HEADER_BYTES; at + HEADER_BYTES <= view.byteLength && size >= HEADER_BYTES; ) {
    size = Number(view.getBigUint64(at, true))
    const [level, type] = [view.getInt32(at + 8, true), view.getInt32(at + 12, true)]
    const bytes = Math.max(0, Math.min(size, view.byteLength - at) - HEADER_BYTES)
    const data = bytes === 0 ? nothing : (LEVELS[level]?.data[type] ?? nothing)
    const shown = data(new DataView(view.buffer, view.byteOffset + at + HEADER_BYTES, bytes), context)
    const { options } = context
    parts.push(
      `{cmsg_len=${size}, cmsg_level=${levelText(level, options)}, cmsg_type=${typeText(level, type, options)}${shown === undefined ? '' : `, cmsg_data=${shown}`}}`,
    )
    at += Math.max(HEADER_BYTES, Math.ceil(size / 8) * 8)
  }
  if (at < length) parts.push(`... /* ${address(value + BigInt(at))} */`)
  return `[${parts.join(', ')}]`
}
