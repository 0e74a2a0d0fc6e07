/**
 * The arguments of one call: their kinds come from the table of calls, and from what one argument
 * makes of the others. Pure.
 */
import { kinds } from '../linux/generated/kinds.ts'
import type { Argument, Kind, Noted } from '../linux/schema/kinds.ts'
import { usedArguments } from '../linux/schema/used.ts'
import { requestArguments, selectionOf } from '../linux/selections.ts'
import type { Syscall } from '../linux/syscall.ts'
import { fitRegister, formOf, registerCount } from './call-form.ts'
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
  const form = formOf(call, memory, options.raw === true)
  const ended = outcome && inWidth(outcome, call)
  return {
    call: form.call,
    syscall: form.syscall,
    memory: form.memory,
    options,
    limit,
    elements: options.full ? Infinity : limit,
    outcome: ended,
    remembered,
    args: form.call.args,
    result: ended?.value,
    model: form.memory.model ?? 64,
  }
}

/** The result of a call of i386 is a number of 32 bits. */
const inWidth = (outcome: Outcome, { abi }: Call): Outcome =>
  abi === 'i386' && !outcome.failed ? { ...outcome, value: BigInt.asUintN(32, outcome.value) } : outcome

/** The arguments of one call, each with the kind that it has in this call. */
export function shownArguments(context: Context): readonly Shown[] {
  const { call, syscall, options } = context
  if (!syscall)
    return call.args.map((value, index) => ({ name: `arg${index}`, kind: 'hex', schema: kinds().hex, value }))
  const valueAt = (index: number): bigint => call.args[index] ?? 0n
  // A signal frame is not an argument: it lies on the stack.
  if (options.raw)
    return Array.from({ length: registerCount(syscall) }, (_, index) => syscall.args[index])
      .map((arg, index) => ({ name: arg?.name ?? `arg${index}`, kind: arg?.kind, value: valueAt(index) }))
      .filter(({ kind }) => kind !== 'sigframe' && kind !== 'oldsigframe')
      .map(arg => ({ ...arg, kind: 'hex', schema: kinds().hex }))
  if (syscall.sameAs === undefined && !syscall.hasOwnArguments)
    // Spelled out, because this runs several times for every call, and a spread costs more.
    return syscall.args.map(({ name, kind, schema }, index) => ({
      name,
      kind,
      schema,
      value: fit(valueAt(index), schema, index, context),
    }))
  const own = ownArguments(syscall)
  const meaning = syscall.sameAs ?? syscall.name
  const used = usedArguments(meaning, call.args, own).map(({ name, kind, index, isNamed }) => ({
    name,
    kind: isNamed ? `named:${kind.notation}` : kind.notation,
    schema: kind,
    value: valueAt(index),
    index,
  }))
  const shown = asSelected(meaning, used, context)
  if (context.memory.model === undefined) return shown
  return shown.map((arg, at) => ({
    ...arg,
    value: fit(arg.value, arg.schema, used[at]?.index ?? at, context),
  }))
}

/** As in strace, which shows longs of these calls without a sign in programs of 32 bits. */
const UNSIGNED_LONGS: ReadonlySet<string> = new Set(['fcntl'])

/** A register in a program of 32 bits. */
const fit = (value: bigint, schema: Kind, index: number, { memory, syscall }: Context): bigint =>
  UNSIGNED_LONGS.has(syscall?.sameAs ?? '')
    ? value
    : fitRegister(value, schema, memory.model, syscall?.registers?.[index])

/** The arguments of a call of another ABI that has its own. */
const ownArguments = ({ hasOwnArguments, args }: Syscall): readonly Argument[] | undefined =>
  hasOwnArguments
    ? args.map(({ name, schema, kind }) => ({ name, kind: { ...schema, notation: kind } }))
    : undefined

const netlink = (direction: '<' | '>'): Noted => ({
  type: 'netlink',
  way: direction === '<' ? 'in' : 'out',
  length: { by: 'argument', argument: 2, bits: 64 },
  notation: `netlink${direction}2`,
})
const NETLINK = { '<': netlink('<'), '>': netlink('>') }

/** What requests and commands make of arguments beside commands.txt, and netlink messages. */
function asSelected(call: string, shown: readonly Shown[], context: Context): readonly Shown[] {
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
