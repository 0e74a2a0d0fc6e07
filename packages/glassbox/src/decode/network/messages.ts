/** struct msghdr with its control data, one or many. Source: sendmsg(2). */
import { readStruct, struct, unsigned } from '../../codec/struct.ts'
import { AF_NETLINK } from '../../linux/constants.ts'
import type { StructValues } from '../../linux/schema/layouts.ts'
import { arrayText } from '../basic/arrays.ts'
import { argument, type Context, type Printer, type KindText } from '../context.ts'
import { controlText } from './control.ts'
import { readWord } from '../memory.ts'
import { setText } from '../names.ts'
import { ADDRESS_BYTES, addressAt } from './socket.ts'
import { addressedProtocol, netlinkText } from '../netlink/messages.ts'
import { buffer, vectors } from '../basic/strings.ts'
import { address } from '../text.ts'

type Head = StructValues['msghdr']

/** sa_family_t */
const FAMILY_BYTES = 2

/**
 * Whether the name is an address of netlink. As in strace, the message is then one of netlink,
 * whatever the socket is; without such a name it is bytes.
 */
function isForNetlink(head: Head, { memory }: Context): boolean {
  const length = Math.min(head.msg_namelen, ADDRESS_BYTES)
  if (length < FAMILY_BYTES || memory.read(unsigned(head.msg_name), length).length < length) return false
  return readWord(memory, unsigned(head.msg_name), FAMILY_BYTES) === BigInt(AF_NETLINK)
}

function messageText(
  head: Head,
  left: number,
  context: Context,
  received: boolean,
  valueText: KindText,
): string {
  const protocol = isForNetlink(head, context) ? addressedProtocol(context) : undefined
  const bufferText: typeof buffer =
    protocol === undefined
      ? buffer
      : (at, length, inner) => netlinkText(at, length, protocol, inner, valueText)
  const nameLength = head.msg_namelen
  const room = context.remembered.get(NAME_ROOM)
  const shownLength =
    received && room !== undefined && BigInt.asIntN(32, room) !== BigInt(nameLength)
      ? `${room} => ${nameLength}`
      : `${nameLength}`
  const name = addressAt(
    unsigned(head.msg_name),
    received && room !== undefined ? Math.min(Number(room), nameLength) : nameLength,
    context,
  )
  const count = head.msg_iovlen
  const controlLength = head.msg_controllen
  const controls =
    controlLength === 0
      ? ''
      : `, msg_control=${controlText(unsigned(head.msg_control), Number(controlLength), context)}`
  const iov = vectors(unsigned(head.msg_iov), BigInt(count), left, context, bufferText)
  return `{msg_name=${name}, msg_namelen=${shownLength}, msg_iov=${iov}, msg_iovlen=${count}${controls}, msg_controllen=${controlLength}, msg_flags=${setText('|msg', BigInt(head.msg_flags), context.options)}}`
}

/**
 * The key under which the size of the name buffer is remembered. It is not an address that a
 * program can have.
 */
export const NAME_ROOM = -1n

export const rememberNameRoom = (value: bigint, { memory }: Context): bigint | undefined => {
  const head = readStruct(memory, value, 'msghdr')
  return head && BigInt.asUintN(32, BigInt(head.msg_namelen))
}

export const message =
  (received: boolean, valueText: KindText): Printer =>
  (value, context) => {
    const head = readStruct(context.memory, value, 'msghdr')
    if (!head || context.options.addressesOnly) return address(value)
    const left = received ? Number(context.outcome?.value ?? 0n) : Infinity
    return messageText(head, left, context, received, valueText)
  }

/** An array of messages, each with the number of its bytes. The result says how many there are. */
export const messages =
  (operand: string, received: boolean, valueText: KindText): Printer =>
  (value, context) => {
    const said = Number(BigInt.asUintN(32, argument(context, Number(operand))))
    const done = context.outcome?.failed === false ? Math.min(Number(context.outcome.value), said) : 0
    // All that the caller wanted to send, but only those that were received.
    const count = received && context.outcome?.failed === false ? done : said
    return arrayText(value, count, struct('mmsghdr', context.memory.model).size, context, (at, index) => {
      const fields = readStruct(context.memory, at, 'mmsghdr')
      if (!fields) return undefined
      const { msg_hdr: head, msg_len: bytes } = fields
      const text = messageText(head, received ? bytes : Infinity, context, received, valueText)
      return `{msg_hdr=${text}${index < done ? `, msg_len=${bytes}` : ''}}`
    })
  }
