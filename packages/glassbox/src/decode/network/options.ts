/**
 * Prints the values of socket options as strace does. The level and the name select a kind, the
 * length says how much of the value there is. Sources: socket(7), ip(7), ipv6(7), packet(7),
 * icmp(7). Pure.
 */
import { readStruct, struct } from '../../codec/struct.ts'
import { StructView } from '../../codec/struct-view.ts'
import { constantSet } from '../../linux/flags.ts'
import { type Shape, shapeOf } from '../../linux/shapes.ts'
import { arrayText } from '../basic/arrays.ts'
import { argument, type Context, type Printer, signed32, type KindText } from '../context.ts'
import { readView, readWord } from '../memory.ts'
import { named, nameless, setText } from '../names.ts'
import { bpfProgram } from '../process/bpf-program.ts'
import { structAt, structText } from '../shapes/struct-text.ts'
import { address, escaped, hex, quote } from '../text.ts'
import { interfaceText, ipv6Member } from './order.ts'
import { socketAddressText } from './socket.ts'

const INT_BYTES = 4

/** How many bytes an option has: getsockopt(2) writes it. */
export const optionLength = (out: boolean, context: Context): number => {
  const last = argument(context, 4)
  return out ? Number(BigInt.asIntN(32, readWord(context.memory, last, INT_BYTES) ?? 0n)) : signed32(last)
}

/** Options whose value is more than a number or bytes, by `LEVEL NAME`, and their kinds. */
const SET: Readonly<Record<string, string>> = {
  '0 35': 'sockvalue<option_ip_mreq',
  '0 36': 'sockvalue<option_ip_mreq',
  '1 13': 'sockvalue<option_linger',
  '1 26': 'filteroption<',
  '1 51': 'filteroption<',
  '1 74': 'intoption<=txrehash',
  '0 42': 'groupreq<',
  '0 45': 'groupreq<',
  '41 42': 'groupreq<',
  '41 45': 'groupreq<',
  '41 20': 'mreq6<',
  '41 21': 'mreq6<',
  '41 27': 'mreq6<',
  '41 28': 'mreq6<',
  '255 1': 'icmpfilter<',
  '263 1': 'packetmreq<',
  '263 2': 'packetmreq<',
  '263 5': 'sockvalue<option_tpacket_req!',
  '263 13': 'sockvalue<option_tpacket_req!',
}
const GET: Readonly<Record<string, string>> = {
  '1 4': 'intoption>sockerror',
  '1 13': 'sockvalue>option_linger',
  '1 17': 'sockvalue>option_ucred',
  '1 26': 'filteroption>',
  '1 74': 'intoption>=txrehash',
  '255 1': 'icmpfilter>',
  '263 6': 'sockvalue>option_tpacket_stats',
  '270 9': 'memberships>',
}

/**
 * Options of the socket level that are no numbers: times, names, lists, and what only one way
 * knows.
 */
const BYTES_EITHER_WAY = '3 22 23 24 25 28 31 38 39 47 48 50 52 55 57 59 61 62 71 72'
const BYTES_SET = new Set(`${BYTES_EITHER_WAY} 4 17`.split(' '))
const BYTES_GET = new Set(`${BYTES_EITHER_WAY} 51`.split(' '))

const SOL_SOCKET = 1
const SOL_NETLINK = 270

/** The notation of the value's kind; `undefined` if the table of calls says enough. */
export function optionNotation(isSet: boolean, level: number, name: number): string | undefined {
  const special = (isSet ? SET : GET)[`${level} ${name}`]
  if (special !== undefined) return special
  if (level === SOL_SOCKET && (isSet ? BYTES_SET : BYTES_GET).has(String(name)))
    return isSet ? 'option<' : 'option>'
  return level === SOL_NETLINK && !isSet ? 'intoption>int!' : undefined
}

function intAt(value: bigint, { memory }: Context): string {
  const word = readWord(memory, value, INT_BYTES)
  return word === undefined ? address(value) : `[${BigInt.asIntN(32, word)}]`
}

/** The value of an unknown socket option: a number if it has the size of one. */
export const socketOption =
  (out: boolean): Printer =>
  (value, context) => {
    const length = optionLength(out, context)
    if (length === INT_BYTES) return intAt(value, context)
    if (out && length <= 0) return address(value)
    // The kernel refuses a negative length; strace treats it as a large one.
    const isCut = length < 0 || length > context.limit
    // As in strace, the first byte that is left out must be readable too.
    const needed = isCut ? context.limit + 1 : length
    const bytes = context.memory.read(value, needed)
    return bytes.length < needed
      ? address(value)
      : quote(bytes.subarray(0, context.limit), isCut, context.options.stringsInHex)
  }

/**
 * An option that is a number, of the kind that the operand says. A longer value is still printed
 * as a number; a shorter one as bytes if the kernel wrote it, but if the operand ends in `!`, as
 * the number that stands there.
 */
export const numberOption =
  (operand: string, out: boolean, valueText: KindText): Printer =>
  (value, context) => {
    const [, kind = '', isStrict] = /^(.*?)(!?)$/.exec(operand) ?? []
    const length = optionLength(out, context)
    if (length >= INT_BYTES || (out && length > 0 && isStrict === '!')) {
      const word = readWord(context.memory, value, INT_BYTES)
      return word === undefined ? address(value) : `[${valueText(kind || 'int', word, context)}]`
    }
    if (!out || length <= 0) return address(value)
    const bytes = context.memory.read(value, length)
    return bytes.length < length ? address(value) : `"${escaped(bytes, 'all')}"`
  }

/** `{pid=1, uid="\x02"}`: the fields of which there is something, the last one as bytes. */
function beginningText(shape: Shape, found: StructView, context: Context, valueText: KindText): string {
  const length = found.view.byteLength
  const whole = shape.fields.filter(({ offset, size }) => offset + size <= length)
  const cut = shape.fields.find(({ offset, size }) => offset < length && offset + size > length)
  const text = structText(found, shape, context, valueText, whole)
  if (!cut) return text
  const rest = `${cut.name}="${escaped(found.bytes(cut.offset, length - cut.offset), 'all')}"`
  return `${text.slice(0, -1)}${whole.length === 0 ? '' : ', '}${rest}}`
}

/**
 * A struct. One that the caller wrote is shown if it is whole (`!`: and nothing follows), one that
 * the kernel wrote as far as it was written.
 */
export const structOption =
  (operand: string, out: boolean, valueText: KindText): Printer =>
  (value, context) => {
    const [, name = '', isExact] = /^(\w+)(!?)$/.exec(operand) ?? []
    const shape = shapeOf(name)
    const length = optionLength(out, context)
    if (!shape || length <= 0) return address(value)
    if (out) {
      const view = readView(context.memory, value, Math.min(length, shape.size))
      if (!view) return address(value)
      return beginningText(shape, new StructView(shape.layout, view, value, context), context, valueText)
    }
    const fits = isExact === '!' ? length === shape.size : length >= shape.size
    return fits ? structAt(name, value, context, valueText) : address(value)
  }

/** struct ipv6_mreq */
export const ipv6Membership: Printer = (value, context) => {
  const { memory, options } = context
  const isWhole = optionLength(false, context) >= struct('ipv6_mreq').size
  const fields = isWhole ? readStruct(memory, value, 'ipv6_mreq') : undefined
  if (!fields) return address(value)
  const group = ipv6Member('ipv6mr_multiaddr', Uint8Array.from(fields.ipv6mr_multiaddr), options)
  return `{${group}, ipv6mr_interface=${interfaceText(fields.ipv6mr_interface, options)}}`
}

/** struct group_req: a group with an address of any family. */
export const groupRequest: Printer = (value, context) => {
  const { memory, options } = context
  const isWhole = optionLength(false, context) >= struct('group_req').size
  const fields = isWhole ? readStruct(memory, value, 'group_req') : undefined
  if (!fields) return address(value)
  const group = socketAddressText(Uint8Array.from(fields.gr_group), options)
  return `{gr_interface=${interfaceText(fields.gr_interface, options)}, gr_group=${group}}`
}

/** struct packet_mreq, with as much of the hardware address as it says. */
export const packetMembership: Printer = (value, context) => {
  const { memory, options } = context
  const isWhole = optionLength(false, context) === struct('packet_mreq').size
  const fields = isWhole ? readStruct(memory, value, 'packet_mreq') : undefined
  if (!fields) return address(value)
  const hardware = fields.mr_address.slice(0, fields.mr_alen)
  const parts = [
    `mr_ifindex=${interfaceText(fields.mr_ifindex, options)}`,
    `mr_type=${setText('=packet_mr', BigInt(fields.mr_type), options)}`,
    `mr_alen=${fields.mr_alen}`,
    `mr_address=${hardware.map(byte => byte.toString(16).padStart(2, '0')).join(':')}`,
  ]
  return `{${parts.join(', ')}}`
}

/** The types of ICMP messages whose bits are set; bits that are not given count as set. */
export const icmpFilter =
  (out: boolean): Printer =>
  (value, context) => {
    const length = Math.min(optionLength(out, context), INT_BYTES)
    const bytes = length <= 0 ? undefined : context.memory.read(value, length)
    if (value === 0n || !bytes || bytes.length < length) return address(value)
    const names = constantSet('icmp_type')?.entries ?? []
    const all = Array.from({ length: 32 }, (_, type) => type)
    const isSet = (type: number): boolean =>
      type >= length * 8 || (((bytes[type >> 3] ?? 0) >> (type & 7)) & 1) === 1
    // Of more than half, strace shows the others.
    const inverted = all.filter(isSet).length > all.length / 2
    const parts = all
      .filter(type => isSet(type) !== inverted)
      .map(type => {
        const name = names.find(([, number]) => number === type)?.[0]
        return name === undefined
          ? nameless(hex(type), 'ICMP_???', context.options)
          : named(hex(type), name, context.options)
      })
    return `${inverted ? '~' : ''}[${parts.join(' ')}]`
  }

/** The groups that a netlink socket has joined. */
export const memberships =
  (valueText: KindText): Printer =>
  (value, context) => {
    const length = optionLength(true, context)
    if (length <= 0) return address(value)
    return arrayText(value, BigInt(length >> 2), INT_BYTES, context, at => {
      const word = readWord(context.memory, at, INT_BYTES)
      return word === undefined ? undefined : valueText('uint', word, context)
    })
  }

/** BPF_MAXINSNS: the kernel has no longer program. */
const MOST_INSTRUCTIONS = 4096

/** A filter: a struct sock_fprog that is attached, or the instructions that the kernel gives. */
export const filterOption =
  (out: boolean, attached: Printer): Printer =>
  (value, context) => {
    const length = optionLength(out, context)
    if (!out) return length === struct('sock_fprog').size ? attached(value, context) : address(value)
    const isShown = context.options.full === true && length > 0 && length <= MOST_INSTRUCTIONS
    return isShown ? bpfProgram(value, BigInt(length), context) : address(value)
  }
