/** struct msghdr with its control data, one or many. Source: sendmsg(2). */
import { arrayText } from '../basic/arrays.ts'
import { argument, type Context, type Printer } from '../context.ts'
import { controlText } from './control.ts'
import { readView } from '../memory.ts'
import { setText } from '../names.ts'
import { addressAt } from './socket.ts'
import { netlinkProtocol, netlinkText } from '../netlink/messages.ts'
import { buffer, vectors } from '../basic/strings.ts'
import type { KindText } from '../basic/structs.ts'
import { address } from '../text.ts'

const MSGHDR_BYTES = 56
const MMSGHDR_BYTES = 64

function messageText(
  view: DataView,
  start: number,
  left: number,
  context: Context,
  received: boolean,
  valueText: KindText,
): string {
  const protocol = netlinkProtocol(context)
  const bufferText: typeof buffer =
    protocol === undefined
      ? buffer
      : (at, length, inner) => netlinkText(at, length, protocol, inner, valueText)
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
    controlLength > 0n ? `, msg_control=${controlText(word(32), Number(controlLength), context)}` : ''
  return `{msg_name=${name}, msg_namelen=${shownLength}, msg_iov=${vectors(word(16), count, left, context, bufferText)}, msg_iovlen=${count}${controls}, msg_controllen=${controlLength}, msg_flags=${setText('|msg', BigInt(view.getUint32(start + 48, true)), context.options)}}`
}

/**
 * The key under which the size of the name buffer is remembered. It is not an address that a
 * program can have.
 */
export const NAME_ROOM = -1n

export const rememberNameRoom = (value: bigint, { memory }: Context): bigint | undefined => {
  const view = readView(memory, value, MSGHDR_BYTES)
  return view && BigInt(view.getUint32(8, true))
}

export const message =
  (received: boolean, valueText: KindText): Printer =>
  (value, context) => {
    const view = readView(context.memory, value, MSGHDR_BYTES)
    if (!view || context.options.addressesOnly) return address(value)
    const left = received ? Number(context.outcome?.value ?? 0n) : Infinity
    return messageText(view, 0, left, context, received, valueText)
  }

/** An array of messages, each with the number of its bytes. The result says how many there are. */
export const messages =
  (operand: string, received: boolean, valueText: KindText): Printer =>
  (value, context) => {
    const said = Number(BigInt.asUintN(32, argument(context, Number(operand))))
    const count =
      context.outcome && !context.outcome.failed ? Math.min(Number(context.outcome.value), said) : said
    return arrayText(value, count, MMSGHDR_BYTES, context, at => {
      const view = readView(context.memory, at, MMSGHDR_BYTES)
      if (!view) return undefined
      const bytes = view.getUint32(MSGHDR_BYTES, true)
      const text = messageText(view, 0, received ? bytes : Infinity, context, received, valueText)
      return `{msg_hdr=${text}${context.outcome?.failed === false ? `, msg_len=${bytes}` : ''}}`
    })
  }
