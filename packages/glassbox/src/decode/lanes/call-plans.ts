/**
 * The plan of each call of x86-64: what is captured, and how its line is made. In some calls one
 * argument decides what the others are: these have a plan for each of the values that
 * are listed here. A call without a plan stops, as all calls did before there were plans. Pure.
 */
import { commandsOf } from '../../linux/schema/commands.ts'
import { hasVariants, usedArguments } from '../../linux/schema/used.ts'
import { syscallByNumber, type Syscall } from '../../linux/syscalls.ts'
import { QUIRKS } from '../quirks.ts'
import { resultForm } from '../results.ts'
import { allCaptures } from './captures.ts'
import { jsonSteps, type ShownValue } from './json-program.ts'
import { lineSteps } from './line-program.ts'
import type {
  CallPlan,
  Capture,
  CaptureLimits,
  CompiledPlan,
  LineProgram,
  LineStyle,
  PlanChoice,
} from './plan.ts'

export interface PlanOptions extends CaptureLimits {
  /** Make programs for lines of this form. */
  readonly line?: LineStyle
  /** Make programs for events as JSON, too. */
  readonly isJson?: boolean
}

/** The argument that decides, and its values that have a plan. */
interface Selector {
  readonly argument: number
  readonly mask: number
  readonly values: readonly number[]
}

const ALL_BITS = 0xffffffff
const upTo = (last: number): readonly number[] => Array.from({ length: last + 1 }, (_, value) => value)
const commands = (call: string): readonly number[] => [...new Map(commandsOf(call)?.shapes() ?? []).keys()]
const by = (argument: number, values: readonly number[], mask: number = ALL_BITS): Selector => ({
  argument,
  mask,
  values,
})

const O_CREAT = 0o100
const O_TMPFILE = 0o20000000
const CREATING = [0, O_CREAT, O_TMPFILE, O_CREAT | O_TMPFILE]
/** What prctl(2) does with these depends on the second argument, too. */
const PRCTL_OF_TWO = new Set([22, 47, 0x53564d41, 4, 33, 53, 62])
/** Requests of terminals and sockets that programs make often: TCGETS, TIOCGWINSZ, FIONREAD … */
const IOCTLS = [0x5401, 0x5402, 0x5403, 0x5404, 0x540f, 0x5410, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451]

/** No value decides; the variant only drops or renames arguments. */
const NONE: Selector = by(0, [0], 0)

/** Made when they are first needed: the tables of commands are read for them. */
const SELECTORS: Readonly<Record<string, () => Selector>> = {
  open: () => by(1, CREATING, O_CREAT | O_TMPFILE),
  openat: () => by(2, CREATING, O_CREAT | O_TMPFILE),
  mq_open: () => by(1, [0, O_CREAT], O_CREAT),
  fcntl: () => by(1, commands('fcntl')),
  ioctl: () => by(1, IOCTLS),
  prctl: () =>
    by(
      0,
      commands('prctl').filter(option => !PRCTL_OF_TWO.has(option)),
    ),
  // ARCH_SET_GS and ARCH_SET_FS have no shape of their own.
  arch_prctl: () => by(0, [0x1001, 0x1002, ...commands('arch_prctl')]),
  mremap: () => by(3, [0, 2], 2),
  membarrier: () => by(1, [0, 1], 1),
  futex: () => by(1, upTo(13), 127),
  // AF_UNIX, AF_INET, AF_INET6, AF_NETLINK and AF_PACKET.
  socket: () => by(0, [1, 2, 10, 16, 17]),
  waitid: () => by(0, upTo(3)),
  getpriority: () => by(0, upTo(2)),
  setpriority: () => by(0, upTo(2)),
  ioprio_get: () => by(0, upTo(3)),
  ioprio_set: () => by(0, upTo(3)),
  epoll_ctl: () => by(1, [1, 2, 3]),
  preadv2: () => NONE,
  pwritev2: () => NONE,
}

/** Arguments by which each shows its index, and one its value. */
const probe = (selector: Selector | undefined, value: number): readonly bigint[] =>
  upTo(5).map(index =>
    index === selector?.argument && selector !== NONE ? BigInt(value) : BigInt(index + 1) << 40n,
  )

/** The arguments as they are shown if the selector has this value. */
function shownFor(call: Syscall, selector: Selector | undefined, value: number): readonly ShownValue[] {
  if (!selector)
    return call.args.map(({ name, kind, schema }, argument) => ({ argument, name, kind, schema }))
  return usedArguments(call.name, probe(selector, value)).map(({ name, kind, index, isNamed }) => ({
    argument: index,
    name,
    kind: isNamed ? `named:${kind.notation}` : kind.notation,
    schema: kind,
  }))
}

function planFor(
  call: Syscall,
  selector: Selector | undefined,
  value: number,
  options: PlanOptions,
): CallPlan | undefined {
  const shown = shownFor(call, selector, value)
  // By index: other arguments count only as lengths.
  const kinds = call.args.map(
    ({ kind }, index) => shown.find(arg => arg.argument === index)?.kind ?? lengthKind(kind),
  )
  const captures = allCaptures(kinds, options)
  if (!captures) return undefined
  const shownLate = QUIRKS[call.name]?.isInputShownAgain ? captures.enter : []
  const line = lineFor(call, shown, value, options)
  const json = line && options.isJson ? jsonSteps(call, shown, options.bytes) : undefined
  return {
    enter: [...guardPaths(call, captures.enter), ...guardSocket(call, '<')],
    leave: [...captures.leave, ...shownLate, ...guardSocket(call, '>')],
    ...(line && { line }),
    ...(json && { json }),
  }
}

/** Messages of a netlink socket have a text of their own, so that its calls wait. */
const guardSocket = (call: Syscall, direction: '<' | '>'): readonly Capture[] =>
  QUIRKS[call.name]?.netlink === direction
    ? [{ what: 'socket', address: 0, count: 'one', element: 1, most: 0, succeeded: direction === '>' }]
    : []

/** An argument that is not shown may be the length of one that is. */
const lengthKind = (kind: string): string =>
  kind === 'int' || kind === 'uint' || kind === 'size' ? kind : 'hex'

function lineFor(
  call: Syscall,
  shown: readonly ShownValue[],
  value: number,
  { line }: PlanOptions,
): LineProgram | undefined {
  if (line === undefined || QUIRKS[call.name]?.isResumption) return undefined
  if (line.raw) return rawLine(call, line)
  const form = resultForm(call.name, call.result)
  const steps = lineSteps(call.name, shown, line)
  if (!steps || !form) return undefined
  return { steps, result: form === 'named' ? { named: `result of ${call.name} ${value}` } : form }
}

/** All registers in hexadecimal. */
function rawLine({ name, args }: Syscall, line: LineStyle): LineProgram | undefined {
  const shown = args
    .filter(({ kind }) => kind !== 'sigframe')
    .map((arg, argument) => ({ argument, name: arg.name, kind: 'hex' }))
  const steps = lineSteps(name, shown, line)
  return steps && { steps, result: 'hex' }
}

const OPENING = new Set(['open', 'openat', 'openat2'])

/** A path that a program opens may show it that it was moved to a CPU. */
const guardPaths = (call: Syscall, captures: readonly Capture[]): readonly Capture[] =>
  OPENING.has(call.name)
    ? captures.map(capture => (capture.what === 'string' ? { ...capture, guarded: true } : capture))
    : captures

/** The value of a socket option: its length is bounded by what is shown. */
function socketOption(name: string, options: PlanOptions): PlanChoice {
  const MOST_BYTES = 136
  const most = Math.max(options.bytes + 1, MOST_BYTES)
  const value: Capture = { what: 'bytes', address: 3, count: 'one', element: 1, most }
  const length: Capture = { what: 'bytes', address: 4, count: 'one', element: 1, most: 4 }
  const plan: CallPlan =
    name === 'setsockopt' ? { enter: [value], leave: [] } : { enter: [length], leave: [value, length] }
  const names = upTo(MOST_OPTIONS).filter(option => !FILTERS.has(option))
  return { argument: 2, mask: 0xffff_ffff, plans: new Map(names.map(option => [option, plan])) }
}

/** Numbers of options that have a plan; SO_ATTACH_FILTER and its like point to a program. */
const MOST_OPTIONS = 136
const FILTERS = new Set([26, 51])

/** `undefined`: the call stops. */
export function planOf(nr: number, options: PlanOptions): CompiledPlan | undefined {
  const call = syscallByNumber(nr)
  if (!call) return undefined
  if (call.name === 'setsockopt' || call.name === 'getsockopt') return socketOption(call.name, options)
  const selector = SELECTORS[call.name]?.()
  if (!selector) return hasVariants(call.name) ? undefined : planFor(call, undefined, 0, options)
  const plans = new Map<number, CallPlan>()
  for (const value of selector.values) {
    const plan = planFor(call, selector, value, options)
    if (plan) plans.set(value, plan)
  }
  return { argument: selector.argument, mask: selector.mask, plans }
}
