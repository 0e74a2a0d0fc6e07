/**
 * Netlink messages: a head that all protocols share, and a payload by protocol and type. Sources:
 * netlink(7), rtnetlink(7), sock_diag(7).
 */
import { sizeOf, struct } from '../../codec/struct.ts'
import * as linux from '../../linux/constants.ts'
import { constantSet } from '../../linux/flags.ts'
import { kinds } from '../../linux/generated/kinds.ts'
import { offsetOf } from '../../linux/schema/layouts.ts'
import { type Context, type KindText, signed32 } from '../context.ts'
import { errnoText, flagsText, nameIn, setText } from '../names.ts'
import { address, hex } from '../text.ts'
import { attributesText } from './attributes.ts'
import { payloadOf } from './payloads.ts'
import { after, hexText, type Range, numberOf, recordsText, structOf, type Walk } from './walk.ts'

const HEAD = (): number => struct('nlmsghdr').size
const FIRST_OF_PROTOCOL = linux.NLMSG_MIN_TYPE
const [ERROR, DONE] = [linux.NLMSG_ERROR, linux.NLMSG_DONE]
/** Its messages are strings. */
const KOBJECT_UEVENT = linux.NETLINK_KOBJECT_UEVENT
const CAPPED = 0x100

/** The set of the types of messages, by protocol. */
const TYPES: Readonly<Record<number, string>> = {
  [linux.NETLINK_ROUTE]: 'rt_type',
  [linux.NETLINK_SOCK_DIAG]: 'sock_diag',
  [linux.NETLINK_XFRM]: 'nl_xfrm',
  [linux.NETLINK_SELINUX]: 'nl_selinux',
  [linux.NETLINK_AUDIT]: 'nl_audit',
  [linux.NETLINK_GENERIC]: 'nl_genl',
  [linux.NETLINK_CRYPTO]: 'nl_crypto',
}

/** Types of messages of a part of netfilter. */
const SUBSYSTEMS = [
  undefined,
  ...['nf_ct', 'nf_exp', 'nf_queue', 'nf_ulog', 'nf_osf', 'nf_ipset', 'nf_acct'],
  ...['nf_timeout', 'nf_helper', 'nf_tables', 'nf_compat', 'nf_hook'],
]

function netfilterType(type: number, { context }: Walk): string {
  const { options } = context
  if (nameIn('nf_batch', BigInt(type)) !== undefined) return setText('=nf_batch', BigInt(type), options)
  const [part, message] = [type >> 8, BigInt(type & 0xff)]
  const set = SUBSYSTEMS[part]
  const name = set === undefined ? hex(message) : setText(`=${set}`, message, options)
  return `${setText('=nf_subsys', BigInt(part), options)}<<8|${name}`
}

/** The name of a type of message; with a number where it has none. */
export function typeText(type: number, walk: Walk): string {
  if (type < FIRST_OF_PROTOCOL) return setText('=nl_type', BigInt(type), walk.context.options)
  if (walk.protocol === linux.NETLINK_NETFILTER) return netfilterType(type, walk)
  return setText(`=${TYPES[walk.protocol] ?? 'nl_type'}`, BigInt(type), walk.context.options)
}

/** Protocols whose types end in what the message does. */
const VERBS: readonly number[] = [linux.NETLINK_NETFILTER, linux.NETLINK_XFRM, linux.NETLINK_CRYPTO]

/** Whether a message asks, makes or deletes: its flags have names by that. */
export function flagSet(type: number, { protocol }: Pick<Walk, 'protocol'>): string | undefined {
  if (type < FIRST_OF_PROTOCOL) return type === ERROR ? 'nl_ack' : undefined
  if (protocol === linux.NETLINK_SOCK_DIAG) return 'nl_get'
  if (protocol === linux.NETLINK_ROUTE) {
    if (nameIn('rt_type', BigInt(type)) === 'RTM_DELACTION') return 'nl_get'
    return ['nl_new', 'nl_delete', 'nl_get'][type & 3]
  }
  if (!VERBS.includes(protocol)) return undefined
  const name =
    protocol === linux.NETLINK_NETFILTER ? netfilterName(type) : nameIn(TYPES[protocol] ?? '', BigInt(type))
  const [, verb] = /_(NEW|DEL|DELETE|GET|DELRNG)(?=[A-Z_]*$)/.exec(name ?? '') ?? []
  if (protocol === linux.NETLINK_XFRM && /EXPIRE|UPD|FLUSH|ALLOC|ACQUIRE/.test(name ?? '')) return undefined
  if (verb === undefined) return undefined
  return verb === 'NEW' ? 'nl_new' : verb === 'GET' ? 'nl_get' : 'nl_delete'
}

/** Parts of netfilter whose messages have no flags of their own. */
const WITHOUT_FLAGS = new Set(['nf_queue', 'nf_ulog', 'nf_osf', 'nf_ipset', 'nf_hook'])

const netfilterName = (type: number): string | undefined => {
  const set = SUBSYSTEMS[type >> 8]
  return set === undefined || WITHOUT_FLAGS.has(set) ? undefined : nameIn(set, BigInt(type & 0xff))
}

/** Flags of all messages, then those of this sort, then the rest. */
function messageFlags(flags: number, type: number, walk: Walk): string {
  const common = constantSet('nl_flags')
  const name = flagSet(type, walk) ?? ''
  const own = constantSet(name)
  if (!common) return hex(flags)
  const entries = [...common.entries, ...(own?.entries ?? [])]
  return flagsText(merged(name, entries), BigInt(flags), walk.context.options, 'NLM_F_???')
}

type Entries = readonly (readonly [string, number])[]
const mergedSets = new Map<string, { kind: 'flags'; unknown: string; entries: Entries }>()

function merged(name: string, entries: Entries): { kind: 'flags'; unknown: string; entries: Entries } {
  const known = mergedSets.get(name)
  if (known) return known
  const set = { kind: 'flags' as const, unknown: 'NLM_F_???', entries }
  mergedSets.set(name, set)
  return set
}

interface Head {
  readonly length: number
  readonly type: number
  readonly flags: number
  readonly text: string
}

function headOf(at: bigint, walk: Walk): Head | undefined {
  const fields = structOf(walk, at, 'nlmsghdr')
  if (!fields) return undefined
  const { nlmsg_len: length, nlmsg_type: type, nlmsg_flags: flags } = fields
  const pid = walk.valueText('tgid', BigInt(fields.nlmsg_pid), walk.context)
  const text = `{nlmsg_len=${length}, nlmsg_type=${typeText(type, walk)}, nlmsg_flags=${messageFlags(flags, type, walk)}, nlmsg_seq=${fields.nlmsg_seq}, nlmsg_pid=${pid}}`
  return { length, type, flags, text }
}

/** An errno, and the message that it is about: whole, or its head alone. */
function errorText(range: Range, flags: number, walk: Walk): string {
  if (range.length < struct('nlmsgerr').size) return hexText(walk, range)
  const errno = numberOf(walk, range.at, kinds().int)
  if (errno === undefined) return address(range.at)
  const error = `{error=${errno < 0 ? errnoText(errno, walk.context.options) : errno}`
  const rest = after(range, offsetOf('nlmsgerr', 'msg'))
  const head = headOf(rest.at, walk)
  if (!head) return `${error}, msg=${address(rest.at)}}`
  const taken = Math.min(flags & CAPPED ? HEAD() : head.length, rest.length)
  const message = messageText(head, { at: rest.at, length: taken }, walk)
  const behind = after(rest, taken)
  const text = `${error}, msg=${message}}`
  return behind.length > 0 ? `[${text}, ${attributesText(behind, walk, 'nlmsgerr')}]` : text
}

function payloadText(head: Head, range: Range, walk: Walk): string {
  if (head.type === ERROR) return errorText(range, head.flags, walk)
  if (head.type >= FIRST_OF_PROTOCOL || head.type === DONE) {
    const known = payloadOf(head, range, walk)
    if (known !== undefined) return known
  }
  if (head.type === DONE && range.length === sizeOf(kinds().int)) {
    const result = numberOf(walk, range.at, kinds().int)
    return result === undefined ? address(range.at) : String(result)
  }
  return hexText(walk, range)
}

function messageText(head: Head, range: Range, walk: Walk): string {
  const length = Math.min(head.length, range.length)
  if (length <= HEAD()) return head.text
  return `[${head.text}, ${payloadText(head, after({ at: range.at, length }, HEAD()), { ...walk, type: head.type, flags: head.flags })}]`
}

/** The protocol of the socket that argument 0 names; `undefined` if it is not a netlink socket. */
const protocolOf = ({ options, call }: Context): number | undefined =>
  options.netlink?.(signed32(call.args[0] ?? 0n))

/** The protocol of the socket if its buffers hold messages that have a head. */
export function netlinkProtocol(context: Context): number | undefined {
  if (context.options.addressesOnly) return undefined
  const protocol = protocolOf(context)
  return protocol === KOBJECT_UEVENT ? undefined : protocol
}

/** A protocol of netlink that is not known. */
const NO_PROTOCOL = -1

/**
 * The protocol by which messages with an address of netlink are printed: whatever the socket is,
 * they have heads, unless it is known that they have none.
 */
export function addressedProtocol(context: Context): number | undefined {
  const protocol = protocolOf(context) ?? NO_PROTOCOL
  return protocol === KOBJECT_UEVENT ? undefined : protocol
}

/** The messages in a buffer of a socket of this protocol. */
export function netlinkText(
  at: bigint,
  length: number,
  protocol: number,
  context: Context,
  valueText: KindText,
): string {
  if (at === 0n) return 'NULL'
  const walk: Walk = { context, valueText, protocol, type: 0, flags: 0, family: 0, attributesText }
  return recordsText(walk, { at, length }, HEAD(), rest => {
    const head = headOf(rest.at, walk)
    return head && { length: head.length, text: range => messageText(head, range, walk) }
  })
}
