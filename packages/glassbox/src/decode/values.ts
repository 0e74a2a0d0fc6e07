/**
 * Arguments as typed values by name, for programs. Inputs are captured at the entry of a call, and
 * values written by the kernel at its exit. The codec reads them by the kinds of the schema, and
 * plain/ gives them the form that programs see.
 */
import { read } from '../codec/read.ts'
import { BoundedMemory, type Reading } from '../codec/reading.ts'
import { narrow } from '../codec/numbers.ts'
import { isPointing, type Netlink } from '../linux/schema/kinds.ts'
import { contextOf, shownArguments } from './arguments.ts'
import { lengthOf } from './basic/strings.ts'
import { type Context, DEFAULT_LIMIT, type Shown } from './context.ts'
import { kindOf } from './kinds.ts'
import type { MemoryReader } from './memory.ts'
import { netlinkProtocol } from './netlink/messages.ts'
import { netlinkValues } from './netlink/values.ts'
import { plain } from './plain/plain.ts'
import type { Call, Outcome, Value } from './types.ts'

export type Values = Readonly<Record<string, Value>>

/** Tells the protocol of a netlink socket by its descriptor; `undefined`: it is no such socket. */
export type NetlinkProtocol = (fd: number) => number | undefined

const UNKNOWN: NetlinkProtocol = () => undefined

const readingOf = ({ call, memory, outcome }: Context, limit: number): Reading => ({
  memory: new BoundedMemory(memory),
  args: call.args,
  result: outcome?.value,
  limit,
  model: memory.model ?? 64,
})

interface Named {
  readonly name: string
  /** The notation of its kind. */
  readonly kind: string
}

const isPath = ({ kind }: Named): boolean => kind === 'path'
const isLate = ({ kind }: Shown): boolean => kindOf(kind).late

/**
 * Headers and man pages call it filename, pathname, path or name. If a call has exactly one path,
 * programs find it as `path`.
 */
export function withPath<Argument extends Named>(args: readonly Argument[]): readonly Argument[] {
  const first = args.findIndex(isPath)
  if (first < 0 || args.findLastIndex(isPath) !== first) return args
  return args.map((arg, index) => (index === first ? { ...arg, name: 'path' } : arg))
}

function valueOf({ schema, value }: Shown, reading: Reading, context: Context): Value {
  if (schema.type === 'netlink') return messagesOf(schema, value, context)
  const found = isPointing(schema) && value === 0n ? null : read(schema, value, reading)
  return plain(schema, found, reading.model)
}

/** Messages of a netlink socket: as many bytes as an argument says, or as the call returned. */
function messagesOf({ way }: Netlink, value: bigint, context: Context): Value {
  if (way === 'out' && context.outcome?.failed !== false) return narrow(value)
  return netlinkValues(value, lengthOf('2', context), netlinkProtocol(context) ?? -1, context)
}

/**
 * The inputs of a call, as they are at its entry. `limit`: bytes of a string or buffer, or
 * elements of an array; default 4096. `netlink`: by it, messages of netlink sockets are values.
 */
export function entryValues(
  call: Call,
  memory: MemoryReader,
  limit: number = DEFAULT_LIMIT,
  netlink: NetlinkProtocol = UNKNOWN,
): Values {
  const context = contextOf(call, memory, { netlink })
  const reading = readingOf(context, limit)
  const values: Record<string, Value> = {}
  for (const arg of withPath(shownArguments(context)))
    if (!isLate(arg)) values[arg.name] = valueOf(arg, reading, context)
  return values
}

/**
 * All arguments at the exit of a call, in order: those of `entered` unchanged, the others as the
 * kernel left them.
 */
export function exitValues(
  call: Call,
  entered: Values,
  outcome: Outcome,
  memory: MemoryReader,
  limit: number = DEFAULT_LIMIT,
  netlink: NetlinkProtocol = UNKNOWN,
): Values {
  const context = contextOf(call, memory, { netlink }, outcome)
  const reading = readingOf(context, limit)
  const values: Record<string, Value> = {}
  for (const arg of withPath(shownArguments(context)))
    values[arg.name] = arg.name in entered ? (entered[arg.name] ?? null) : valueOf(arg, reading, context)
  return values
}
