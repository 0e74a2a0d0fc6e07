/**
 * Netlink messages as values for programs: heads, payloads and attributes by the same tables as
 * their text. The buffer is read once. Attributes nest no deeper than MOST_DEPTH, and a record
 * that is shorter than its head ends a list, so what the bytes say takes bounded time.
 */
import { struct } from '../../codec/struct.ts'
import * as linux from '../../linux/constants.ts'
import { constantSet } from '../../linux/flags.ts'
import { isStructName, layoutOf } from '../../linux/schema/layouts.ts'
import type { Context } from '../context.ts'
import { WORD_VALUES } from '../plain/words.ts'
import type { Value } from '../types.ts'
import { attributeValues } from './attribute-values.ts'
import { attributesText } from './attributes.ts'
import { structValue, viewOf } from './in-bytes.ts'
import { flagSet, typeText } from './messages.ts'
import { type Form, formOf } from './payloads.ts'
import { aligned, type Walk } from './walk.ts'

/** Longer buffers are read up to here. */
const MOST_BYTES = 1 << 16
const MOST_MESSAGES = 4096

/** Flags of all messages, then those of this sort, then the rest in hexadecimal. */
function flagNames(flags: number, type: number, protocol: number): readonly string[] {
  const own = flagSet(type, { protocol })
  const sets = ['nl_flags', ...(own === undefined ? [] : [own])]
  const names: string[] = []
  let rest = flags
  for (const [name, bits] of sets.flatMap(set => constantSet(set)?.entries ?? [])) {
    if (bits === 0 || (rest & bits) !== bits) continue
    names.push(name)
    rest &= ~bits
  }
  return rest === 0 ? names : [...names, `0x${rest.toString(16)}`]
}

/** The name of the type, or its number. */
function typeValue(type: number, walk: Walk): Value {
  const text = typeText(type, walk)
  return text.includes('/*') || /^(0x)?\d/.test(text) ? type : text
}

interface Payload {
  readonly payload?: Value
  readonly attributes?: readonly Value[]
}

function formValue([name, table]: Form, bytes: Uint8Array, protocol: number): Payload {
  if (!isStructName(name) || bytes.length < layoutOf(name).size) return { payload: bytes }
  const rest = bytes.subarray(aligned(layoutOf(name).size))
  const attributes = table === undefined || rest.length === 0 ? undefined : { table, rest }
  return {
    payload: structValue(name, bytes),
    ...(attributes && {
      attributes: attributeValues(attributes.rest, attributes.table, { family: bytes[0] ?? 0, protocol }),
    }),
  }
}

/** An error number, and the head of the message that it is about. */
function errorValue(bytes: Uint8Array, walk: Walk): Payload {
  const { size } = struct('nlmsgerr')
  if (bytes.length < size) return { payload: bytes }
  const { error, msg } = struct('nlmsgerr').read(viewOf(bytes))
  const head = headValue(msg, walk)
  return { payload: { error: WORD_VALUES.error(error), msg: head } }
}

type Head = ReturnType<ReturnType<typeof struct<'nlmsghdr'>>['read']>

const headValue = (head: Head, walk: Walk): Record<string, Value> => ({
  nlmsg_len: head.nlmsg_len,
  nlmsg_type: typeValue(head.nlmsg_type, walk),
  nlmsg_flags: flagNames(head.nlmsg_flags, head.nlmsg_type, walk.protocol),
  nlmsg_seq: head.nlmsg_seq,
  nlmsg_pid: head.nlmsg_pid,
})

function payloadValue(type: number, bytes: Uint8Array, walk: Walk): Payload {
  if (bytes.length === 0) return {}
  if (type === linux.NLMSG_ERROR) return errorValue(bytes, walk)
  const form = type >= linux.NLMSG_MIN_TYPE ? formOf(type, bytes[0] ?? 0, walk) : undefined
  return form ? formValue(form, bytes, walk.protocol) : { payload: bytes }
}

/**
 * The messages in a buffer of a socket of this protocol; the address if it cannot be read whole.
 */
export function netlinkValues(at: bigint, length: number, protocol: number, context: Context): Value {
  if (at === 0n) return null
  const size = Math.min(length, MOST_BYTES)
  const bytes = context.memory.read(at, size).slice()
  if (bytes.length < size) return Number(at)
  const walk: Walk = { context, valueText: () => '', protocol, type: 0, flags: 0, family: 0, attributesText }
  const messages: Value[] = []
  const least = struct('nlmsghdr').size
  for (let rest = bytes; rest.length >= least && messages.length < MOST_MESSAGES; ) {
    const head = struct('nlmsghdr').read(viewOf(rest))
    const whole = rest.subarray(least, Math.max(least, Math.min(head.nlmsg_len, rest.length)))
    messages.push({
      ...headValue(head, walk),
      ...payloadValue(head.nlmsg_type, whole, { ...walk, flags: head.nlmsg_flags }),
    })
    if (head.nlmsg_len < least) break
    rest = rest.subarray(aligned(head.nlmsg_len))
  }
  return messages.length === 0 ? bytes : messages
}
