/** struct msghdr with its control data, one or many. Sources: sendmsg(2), cmsg(3), unix(7). */
import { constantSet } from '../linux/flags.ts'
import { arrayText } from './arrays.ts'
import { argument, type Context, type Printer } from './context.ts'
import { readView } from './memory.ts'
import { setText } from './scalars.ts'
import { addressAt } from './socket.ts'
import { vectors } from './strings.ts'
import { address, enumText, quote } from './text.ts'

const MSGHDR_BYTES = 56
const MMSGHDR_BYTES = 64
const HEADER_BYTES = 16
const SOL_SOCKET = 1
const SCM_RIGHTS = 1
const SCM_CREDENTIALS = 2
const NO_SET = { kind: 'enum', unknown: '???', entries: [] } as const

function typeText(level: number, type: number): string {
  if (level !== SOL_SOCKET) return `0x${type.toString(16)}`
  return (
    { 1: 'SCM_RIGHTS', 2: 'SCM_CREDENTIALS', 29: 'SO_TIMESTAMP_OLD', 35: 'SO_TIMESTAMPNS_OLD' }[type] ??
    `0x${type.toString(16)} /* SCM_??? */`
  )
}

function controlData(level: number, type: number, view: DataView, context: Context): string {
  if (level === SOL_SOCKET && type === SCM_RIGHTS) {
    const fds = Array.from({ length: view.byteLength >> 2 }, (_, index) => view.getInt32(index * 4, true))
    return `[${fds.map(fd => `${fd}${context.options.descriptor?.(fd) ?? ''}`).join(', ')}]`
  }
  if (level === SOL_SOCKET && type === SCM_CREDENTIALS && view.byteLength >= 12)
    return `{pid=${view.getInt32(0, true)}, uid=${view.getUint32(4, true)}, gid=${view.getUint32(8, true)}}`
  return quote(
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
    false,
    context.options.stringsInHex,
  )
}

function control(value: bigint, length: number, context: Context): string {
  if (value === 0n) return 'NULL'
  const view = readView(context.memory, value, Math.min(length, 65_536))
  if (!view || length < HEADER_BYTES) return address(value)
  const parts: string[] = []
  for (let at = 0; at + HEADER_BYTES <= length; ) {
    const size = Number(view.getBigUint64(at, true))
    const level = view.getInt32(at + 8, true)
    const type = view.getInt32(at + 12, true)
    const bytes = Math.max(0, Math.min(size, length - at) - HEADER_BYTES)
    const data = new DataView(view.buffer, at + HEADER_BYTES, bytes)
    const levelText = enumText(constantSet('sockopt_level') ?? NO_SET, BigInt(level))
    parts.push(
      `{cmsg_len=${size}, cmsg_level=${levelText}, cmsg_type=${typeText(level, type)}${bytes > 0 ? `, cmsg_data=${controlData(level, type, data, context)}` : ''}}`,
    )
    if (size < HEADER_BYTES) break
    at += (size + 7) & ~7
  }
  return `[${parts.join(', ')}]`
}

function messageText(
  view: DataView,
  start: number,
  left: number,
  context: Context,
  received: boolean,
): string {
  const word = (at: number): bigint => view.getBigUint64(start + at, true)
  const nameLength = view.getInt32(start + 8, true)
  const room = context.remembered.get(NAME_ROOM)
  const shownLength =
    received && room !== undefined && BigInt.asIntN(32, room) !== BigInt(nameLength)
      ? `${room} => ${nameLength}`
      : `${nameLength}`
  const name = addressAt(
    word(0),
    received && room !== undefined ? Math.min(Number(room), nameLength) : nameLength,
    context,
  )
  const count = word(24)
  const controlLength = word(40)
  const controls =
    controlLength > 0n ? `, msg_control=${control(word(32), Number(controlLength), context)}` : ''
  return `{msg_name=${name}, msg_namelen=${shownLength}, msg_iov=${vectors(word(16), count, left, context)}, msg_iovlen=${count}${controls}, msg_controllen=${controlLength}, msg_flags=${setText('|msg', BigInt(view.getUint32(start + 48, true)))}}`
}

/** Where the room for a name is remembered: no address that a program has. */
export const NAME_ROOM = -1n

export const rememberNameRoom = (value: bigint, { memory }: Context): bigint | undefined => {
  const view = readView(memory, value, MSGHDR_BYTES)
  return view && BigInt(view.getUint32(8, true))
}

export const message =
  (received: boolean): Printer =>
  (value, context) => {
    const view = readView(context.memory, value, MSGHDR_BYTES)
    if (!view || context.options.addressesOnly) return address(value)
    const left = received ? Number(context.outcome?.value ?? 0n) : Infinity
    return messageText(view, 0, left, context, received)
  }

/** An array of messages, each with the number of its bytes; how many of them the result says. */
export const messages =
  (operand: string, received: boolean): Printer =>
  (value, context) => {
    const said = Number(BigInt.asUintN(32, argument(context, Number(operand))))
    const count =
      context.outcome && !context.outcome.failed ? Math.min(Number(context.outcome.value), said) : said
    return arrayText(value, count, MMSGHDR_BYTES, context, at => {
      const view = readView(context.memory, at, MMSGHDR_BYTES)
      if (!view) return undefined
      const bytes = view.getUint32(MSGHDR_BYTES, true)
      const text = messageText(view, 0, received ? bytes : Infinity, context, received)
      return `{msg_hdr=${text}${context.outcome?.failed === false ? `, msg_len=${bytes}` : ''}}`
    })
  }
