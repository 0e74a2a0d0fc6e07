/**
 * Which memory the decoder reads for an argument of each kind: at the entry, and at the exit. More
 * may be captured than is read, never less. A kind that is not listed here has no captures, so its
 * calls stop. Pure.
 */
import { cellBytes } from '../basic/cell-bytes.ts'
import { ACTION_BYTES } from '../process/signals.ts'
import { layoutOf, offsetOf, type StructValues } from '../../linux/schema/layouts.ts'
import { shapeOf } from '../../linux/shapes.ts'
import { kindOf } from '../kinds.ts'
import type { Capture, CaptureLimits, Captures } from './plan.ts'

const PATH_MAX = 4096
const ADDRESS_BYTES = 128
/** The largest array, or set of directory entries, that is copied as a whole. */
const MOST_BYTES = 32768
const NOTHING: Captures = { enter: [], leave: [] }

/** Kinds whose text depends on registers alone, although they are not in the table of scalars. */
const IN_REGISTERS: ReadonlySet<string> = new Set([
  ...['futexop', 'bitset', 'wakeop', 'statxflags', 'key', 'reqkey', 'errno', 'deathsig', 'ptracer'],
  ...['syslog', 'loglevel', 'ioctl', 'pidtype', 'ethprotocol', 'userreg', 'unalign', 'modem', 'ax25protocol'],
  ...['fsflags', 'pagestatus', 'time', 'vector', 'matrix', 'tagged', 'features', 'feature', 'none'],
])

export const isInRegister = (kind: string): boolean =>
  IN_REGISTERS.has(kind) || kindOf(kind).isScalar === true

/** An argument, and what its kind may refer to. */
interface Argument {
  readonly index: number
  readonly operand: string
  /** `<` for input, `>` for output, `=` for both, or none. */
  readonly direction: string
  /** The kinds of all arguments. */
  readonly kinds: readonly string[]
  readonly limits: CaptureLimits
}

/** Structs that have a printer of their own. */
const SIZES: Readonly<Record<string, number>> = {
  stat: 144,
  statx: 256,
  fds: 8,
  sigaction: ACTION_BYTES,
  sigset: 8,
}
const bytes = (address: number, most: number): Capture => ({
  what: 'bytes',
  address,
  count: 'one',
  element: 1,
  most,
})

/** Whether only the lower half of an argument of this kind counts. */
const isHalf = (kind: string | undefined): boolean => kind === 'int' || kind === 'uint'

const counted = ({ kinds }: Argument, at: number): Capture['count'] => ({ at, half: isHalf(kinds[at]) })

/** Written by the kernel, unless the call fails. */
const output = (capture: Capture): Captures => ({ enter: [], leave: [{ ...capture, succeeded: true }] })
const input = (...enter: readonly Capture[]): Captures => ({ enter, leave: [] })
const always = (...captures: readonly Capture[]): Captures => ({ enter: captures, leave: captures })

const directed = (argument: Argument, capture: Capture): Captures => {
  if (argument.direction === '<') return input(capture)
  return argument.direction === '>' ? output(capture) : always(capture)
}

/**
 * `N` elements as argument `at` says, of which the first `limits.items` are shown, and one more is
 * read.
 */
const array = (argument: Argument, at: number, element: number): Capture => ({
  what: 'bytes',
  address: argument.index,
  count: counted(argument, at),
  element,
  most: Math.min((argument.limits.items + 1) * element, MOST_BYTES),
  mustFit: (argument.limits.items + 1) * element > MOST_BYTES,
})

/** The bytes that are shown, and the one behind them. */
const shown = ({ limits }: Argument): number => limits.bytes + 1

const text = (argument: Argument, most: number): Captures =>
  directed(
    { ...argument, direction: argument.direction || '<' },
    { ...bytes(argument.index, most), what: 'string' },
  )

/** A buffer: an argument says how long it is; if the kernel fills it, the result. */
function sized(argument: Argument): Captures {
  const count = argument.direction === '>' ? 'result' : counted(argument, Number(argument.operand))
  return directed(argument, { ...bytes(argument.index, shown(argument)), count })
}

/** An array of iovec, and the bytes that each shows. */
const vectors = (argument: Argument, list: Capture, position: number): readonly Capture[] => [
  list,
  {
    what: 'bytes',
    address: 0,
    from: { capture: position, stride: 16 },
    count: { at: 8, half: false },
    element: 1,
    most: shown(argument),
  },
]

/** A part that a field of an earlier capture points to; another field is its length. */
interface Part {
  /** The position of that capture, and the bytes of one of its elements. */
  readonly of: number
  readonly stride: number
  readonly address: number
  readonly length: number
  /** Whether that has 32 bits. */
  readonly half?: boolean
  readonly element: number
  readonly most: number
}

const part = ({ of, stride, address, length, half = false, element, most }: Part): Capture => ({
  what: 'bytes',
  address,
  from: { capture: of, stride },
  count: { at: length, half },
  element,
  most,
})

const field = (name: keyof StructValues['msghdr']): number => offsetOf('msghdr', name)

/** What each struct msghdr of a list points to: the name, the vectors and the control data. */
function messages(argument: Argument, list: Capture): readonly Capture[] {
  const each = { of: 0, stride: list.element === 1 ? list.most : list.element }
  const name = { address: field('msg_name'), length: field('msg_namelen'), half: true }
  const control = { address: field('msg_control'), length: field('msg_controllen') }
  const parts = { address: field('msg_iov'), length: field('msg_iovlen') }
  return [
    list,
    { ...part({ ...each, ...name, element: 1, most: ADDRESS_BYTES }), unlessNetlink: true },
    { ...part({ ...each, ...control, element: 1, most: MOST_BYTES }), mustFit: true },
    ...vectors(argument, { ...part({ ...each, ...parts, element: 16, most: 1024 * 16 }), mustFit: true }, 3),
  ]
}

const message = (argument: Argument): readonly Capture[] =>
  messages(argument, bytes(argument.index, layoutOf('msghdr').size))

/** An array of struct mmsghdr, each of which begins with a struct msghdr. Printed at the exit. */
const manyMessages = (argument: Argument): Captures => ({
  enter: [],
  leave: messages(argument, array(argument, Number(argument.operand), layoutOf('mmsghdr').size)),
})

const structSize = (name: string): number | undefined => SIZES[name] ?? shapeOf(name)?.size

const struct = (argument: Argument, direction: string = argument.direction): Captures | undefined => {
  const size = structSize(argument.operand)
  return size === undefined ? undefined : directed({ ...argument, direction }, bytes(argument.index, size))
}

type Compile = (argument: Argument) => Captures | undefined

const COMPILE: Readonly<Record<string, Compile>> = {
  path: argument => text(argument, PATH_MAX - 1),
  string: argument => text(argument, argument.limits.bytes),
  buf: argument => sized(argument),
  within: argument => sized(argument),
  bytes: argument => output({ ...bytes(argument.index, shown(argument)), count: 'result' }),
  ptr: argument => struct(argument),
  kept: argument => struct(argument, '='),
  left: argument => struct(argument, '='),
  cell: argument => directed(argument, bytes(argument.index, cellBytes(argument.operand))),
  cells: argument => directed(argument, bytes(argument.index, cellBytes(argument.operand))),
  moved: argument => always(bytes(argument.index, cellBytes(argument.operand))),
  length: argument => always(bytes(argument.index, 4)),
  sockaddr: argument => directed(argument, bytes(argument.index, ADDRESS_BYTES)),
  sigset: argument => directed(argument, bytes(argument.index, 8)),
  // Its value is read after a failure, too.
  wstatus: ({ index }) => ({ enter: [], leave: [bytes(index, 4)] }),
  rusage: ({ index }) => output(bytes(index, structSize('rusage') ?? 0)),
  siginfo: argument => directed(argument, bytes(argument.index, 128)),
  sched_param: argument => directed(argument, bytes(argument.index, 4)),
  dents: ({ index }) =>
    output({ what: 'bytes', address: index, count: 'result', element: 1, most: MOST_BYTES, mustFit: true }),
  // With the result, those that are ready are looked for among all.
  polls: argument => {
    const all = array(argument, Number(argument.operand), 8)
    return always({ ...all, most: MOST_BYTES, mustFit: true })
  },
  epolls: argument => output({ ...array(argument, 0, 12), count: 'result' }),
  ids: argument =>
    directed(argument, { ...array(argument, 0, 4), ...(argument.direction === '>' && { count: 'result' }) }),
  times2: ({ index }) => input(bytes(index, 32)),
  iovec: argument => {
    const list = { ...array(argument, Number(argument.operand), 16), most: 1024 * 16, mustFit: true }
    const all = vectors(argument, list, 0)
    // After a failure only the addresses are shown.
    return argument.direction === '<' ? { enter: all, leave: [] } : { enter: [], leave: all }
  },
  msghdr: argument =>
    argument.direction === '<'
      ? { enter: message(argument), leave: [] }
      : { enter: [bytes(argument.index, layoutOf('msghdr').size)], leave: message(argument) },
  mmsghdr: manyMessages,
  sentmsgs: manyMessages,
  termios: argument => directed(argument, bytes(argument.index, 60)),
  // Of the bits that the first argument says, a word for each is more than enough.
  fdset: ({ index }) =>
    always({ ...bytes(index, 8192), count: { at: 0, half: true }, element: 8, mustFit: true }),
  sigarg: ({ index }) => input(bytes(index, 16), { ...bytes(0, 8), from: { capture: 0, stride: 16 } }),
  name16: argument => text(argument, argument.limits.bytes),
  xattr: argument => sized(argument),
  xattrs: argument => sized(argument),
  hostname: argument => sized(argument),
}

/** `undefined` if the kind has no captures. */
export function capturesOf(
  kind: string,
  index: number,
  kinds: readonly string[],
  limits: CaptureLimits,
): Captures | undefined {
  if (kind.startsWith('named:')) return capturesOf(kind.slice(6), index, kinds, limits)
  if (isInRegister(kind)) return NOTHING
  const [, letters = '', direction = '', operand = ''] = /^([a-z_]+\d*)([<>=]?)(.*)$/.exec(kind) ?? []
  return COMPILE[letters]?.({ index, operand, direction, kinds, limits })
}

/** All captures of a call: undefined if an argument has none. */
export function allCaptures(kinds: readonly string[], limits: CaptureLimits): Captures | undefined {
  const enter: Capture[] = []
  const leave: Capture[] = []
  // Everything behind the first output is printed at the exit, inputs too.
  let late = false
  for (const [index, kind] of kinds.entries()) {
    const found = capturesOf(kind, index, kinds, limits)
    if (!found) return undefined
    late ||= kindOf(kind).late
    append(enter, found.enter)
    append(leave, late && found.leave.length === 0 ? found.enter : found.leave)
  }
  return { enter, leave }
}

/** The positions of captures that others refer to are those in the whole list. */
function append(to: Capture[], captures: readonly Capture[]): void {
  const start = to.length
  for (const capture of captures) {
    const { from } = capture
    to.push(from ? { ...capture, from: { ...from, capture: start + from.capture } } : capture)
  }
}
