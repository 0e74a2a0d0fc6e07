/**
 * The arguments of one call: their kinds come from the table of calls, and from what one argument
 * makes of the others. Pure.
 */
import { syscallOf } from '../linux/abi.ts'
import { kinds } from '../linux/generated/kinds.ts'
import { fitKind } from '../linux/i386.ts'
import type { Noted } from '../linux/schema/kinds.ts'
import { usedArguments } from '../linux/schema/used.ts'
import { requestArguments, selectionOf } from '../linux/selections.ts'
import { argument, type Context, DEFAULT_STRING_LIMIT, type Shown } from './context.ts'
import type { MemoryReader } from './memory.ts'
import { netlinkProtocol } from './netlink/messages.ts'
import { optionKind } from './network/option-kinds.ts'
import { QUIRKS } from './quirks.ts'
import { familyArguments } from './requests/ioctl.ts'
import type { Call, Outcome, TextOptions } from './types.ts'

export const NOTHING: ReadonlyMap<bigint, bigint> = new Map()

export function contextOf(
  call: Call,
  memory: MemoryReader,
  options: TextOptions,
  outcome?: Outcome,
  remembered: ReadonlyMap<bigint, bigint> = NOTHING,
): Context {
  const limit = options.stringLimit ?? DEFAULT_STRING_LIMIT
  return {
    call,
    memory,
    options,
    limit,
    elements: options.full ? Infinity : limit,
    outcome,
    remembered,
    args: call.args,
    result: outcome?.value,
    bits: call.abi === 'i386' ? 32 : 64,
  }
}

/** The arguments of one call, each with the kind that it has in this call. */
export function shownArguments(context: Context): readonly Shown[] {
  const { call, options } = context
  const syscall = syscallOf(call.nr, call.abi)
  if (!syscall)
    return call.args.map((value, index) => ({ name: `arg${index}`, kind: 'hex', schema: kinds().hex, value }))
  const valueAt = (index: number): bigint => call.args[index] ?? 0n
  // A signal frame is not an argument: it lies on the stack.
  if (options.raw)
    return syscall.args
      .map(({ name, kind }, index) => ({ name, kind, schema: kinds().hex, value: valueAt(index) }))
      .filter(({ kind }) => kind !== 'sigframe')
      .map(arg => ({ ...arg, kind: 'hex' }))
  if (syscall.sameAs === undefined)
    // Spelled out, because this runs several times for every call, and a spread costs more.
    return syscall.args.map(({ name, kind, schema }, index) => ({
      name,
      kind,
      schema,
      value: valueAt(index),
    }))
  const shown = usedArguments(syscall.sameAs, call.args).map(({ name, kind, index, isNamed }) => {
    const notation = call.abi === 'i386' ? fitKind(kind.notation) : kind.notation
    return {
      name,
      kind: isNamed ? `named:${notation}` : notation,
      schema: notation === kind.notation ? kind : kinds().addr,
      value: valueAt(index),
    }
  })
  return asSelected(syscall.name, shown, context)
}

const netlink = (direction: '<' | '>'): Noted => ({
  type: 'netlink',
  way: direction === '<' ? 'in' : 'out',
  length: { by: 'argument', argument: 2, bits: 64 },
  notation: `netlink${direction}2`,
})
const NETLINK = { '<': netlink('<'), '>': netlink('>') }

/** What requests and commands make of arguments beside commands.txt, and netlink messages. */
function asSelected(call: string, shown: readonly Shown[], context: Context): readonly Shown[] {
  if (context.call.abi === 'i386') return shown
  if (call === 'ioctl') {
    const request = Number(BigInt.asUintN(32, argument(context, 1)))
    const following = requestArguments(request) ?? familyArguments(request)
    if (!following) return shown
    const rest = following.map(kind => ({
      name: 'argp',
      ...shown[2],
      schema: kind,
      kind: kind.notation,
      value: argument(context, 2),
    }))
    return [...shown.slice(0, 2), ...rest]
  }
  if (call === 'setsockopt' || call === 'getsockopt') return withOption(call === 'setsockopt', shown, context)
  const selection = selectionOf(call)
  if (selection) {
    const register = argument(context, selection.by)
    const selector = Number(register >> 32n === 0n ? BigInt.asIntN(32, register) : register)
    const byIndex = selection.kinds.get(selector) ?? selection.others
    if (!byIndex) return shown
    return shown.map((each, index) => {
      const kind = byIndex.get(index)
      return kind ? { ...each, schema: kind, kind: kind.notation } : each
    })
  }
  const way = QUIRKS[call]?.netlink
  if (way === undefined || netlinkProtocol(context) === undefined) return shown
  return shown.map((each, index) =>
    index === 1 ? { ...each, schema: NETLINK[way], kind: NETLINK[way].notation } : each,
  )
}

function withOption(isSet: boolean, shown: readonly Shown[], context: Context): readonly Shown[] {
  const word = (index: number) => Number(BigInt.asUintN(32, argument(context, index)))
  return shown.map((each, index) => {
    const kind = index === VALUE_OF_OPTION ? optionKind(isSet, word(1), word(2), each.schema) : undefined
    return kind ? { ...each, schema: kind, kind: kind.notation } : each
  })
}

const VALUE_OF_OPTION = 3
