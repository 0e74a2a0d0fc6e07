/**
 * The kinds of arguments as printers: the table of system calls names a kind for each, see scripts/linux/syscalls.txt. A kind is
 * letters, a direction and an operand, and is taken apart once.
 */
import { GlassboxError } from '../errors.ts'
import { argument, type Context, type Kind, type Printer, signed32 } from './context.ts'
import { descriptors, directoryEntries, processors, stat, statx } from './files.ts'
import { readWord } from './memory.ts'
import { message, messages, NAME_ROOM, rememberNameRoom } from './messages.ts'
import { descriptorSet, epollData, epollEvents, polls } from './polls.ts'
import { capabilitySets, filterProgram, schedulingParameter, waitStatus } from './processes.ts'
import { SCALARS, setText } from './scalars.ts'
import { siginfo, signalAction, signalArgument, signalSet } from './signals.ts'
import { returnedAddress, socketAddress } from './socket.ts'
import {
  cloneArguments,
  futexBits,
  futexOperation,
  futexWakeOperation,
  socketError,
  socketOption,
  terminal,
} from './special.ts'
import { lengthOf, STRINGS } from './strings.ts'
import { cell, numbers, rememberCell, structAt, twoStructs } from './structs.ts'
import { address, hex } from './text.ts'

/** Structs that need more than a layout. */
const SPECIAL: Readonly<Record<string, Printer>> = {
  stat,
  statx,
  fds: descriptors,
  sigaction: signalAction,
  sigset: signalSet,
  sock_fprog: filterProgram,
  capdata: capabilitySets,
}

/** How fresh the answer must be is a field of two bits, whose zero has a name. */
const statxFlags: Printer = (value, { options }) => {
  const SYNC_TYPE = 0x6000n
  const rest = setText('|at', value, options)
  if ((value & SYNC_TYPE) !== 0n || options.spelling === 'raw') return setText('|at_statx', value, options)
  return value === 0n ? 'AT_STATX_SYNC_AS_STAT' : `AT_STATX_SYNC_AS_STAT|${rest}`
}

/** Values that only stand inside structs. */
const INNER: Readonly<Record<string, Printer>> = {
  fsid: value => `{val=[${hex(value & 0xffffffffn)}, ${hex(value >> 32n)}]}`,
  epolldata: epollData,
  sockerror: socketError,
  futexop: futexOperation,
  bitset: futexBits,
  wakeop: futexWakeOperation,
  statxflags: statxFlags,
  sigval: value => `{sival_int=${BigInt.asIntN(32, value)}, sival_ptr=${address(value)}}`,
}

/** A value by its kind. */
export function valueText(kind: string, value: bigint, context: Context): string {
  if (kind.startsWith('|') || kind.startsWith('=')) return setText(kind, value, context.options)
  const printer = SCALARS[kind] ?? INNER[kind]
  return printer ? printer(value, context) : hex(value)
}

const idList: Printer = (value, context) => {
  const count = context.outcome ? Number(context.outcome.value) : signed32(argument(context, 0))
  return numbers(value, count, 'id', context, valueText)
}

/** By the letters of a kind: the operand and the direction make the printer. */
const POINTING: Readonly<Record<string, (operand: string, late: boolean) => Printer>> = {
  ...STRINGS,
  ptr: operand => SPECIAL[operand] ?? ((value, context) => structAt(operand, value, context, valueText)),
  cell: operand => cell(operand, valueText),
  cells: operand => cell(operand, valueText),
  length: () => cell('int', valueText),
  sockaddr: (operand, late) => (late ? returnedAddress(operand) : socketAddress(operand)),
  msghdr: (_operand, late) => message(late),
  mmsghdr: (operand, late) => messages(operand, late),
  ids: () => idList,
  polls: () => polls,
  epolls: () => epollEvents,
  fdset: () => descriptorSet,
  sigset: () => signalSet,
  sigarg: () => signalArgument,
  siginfo: () => siginfo,
  wstatus: () => waitStatus,
  dents: () => directoryEntries,
  cpuset: processors,
  sched_param: () => schedulingParameter,
  times2: operand => twoStructs(operand, valueText),
  termios: () => terminal,
  option: (_operand, late) => socketOption(late),
  cloneargs: () => cloneArguments(valueText),
  iovaddr: operand => (value, context) => remoteVectors(value, lengthOf(operand, context), context),
}

/** iovecs of another process: only where they point. */
function remoteVectors(value: bigint, count: number, { memory }: Context): string {
  const parts = Array.from({ length: Math.min(count, 1024) }, (_, index) => {
    const base = readWord(memory, value + BigInt(index * 16), 8)
    const length = readWord(memory, value + BigInt(index * 16 + 8), 8)
    return base === undefined || length === undefined
      ? '...'
      : `{iov_base=${address(base)}, iov_len=${length}}`
  })
  return value === 0n ? 'NULL' : `[${parts.join(', ')}]`
}

/** A pointer: NULL, an address where the call failed, or what it points to. */
function pointing(printer: Printer, late: boolean): Printer {
  return (value, context) => {
    if (value === 0n) return 'NULL'
    if (late && context.outcome?.failed !== false) return address(value)
    return printer(value, context)
  }
}

/** Only a call that was interrupted says what was left of a time. */
function left(printer: Printer): Printer {
  const INTERRUPTED = [-4n, -516n, -514n]
  return (value, context) => {
    if (value === 0n) return 'NULL'
    return context.outcome && INTERRUPTED.includes(context.outcome.value)
      ? printer(value, context)
      : address(value)
  }
}

function compile(kind: string): Kind {
  if (kind.startsWith('|') || kind.startsWith('='))
    return { late: false, print: (value, { options }) => setText(kind, value, options) }
  if (kind.startsWith('named:')) return kindOf(kind.slice(6))
  const scalar = SCALARS[kind] ?? INNER[kind]
  if (scalar) return { late: false, print: scalar }
  const [, letters = '', direction = '', operand = ''] = /^([a-z_]*[a-z0-9])([<>=]?)(.*)$/.exec(kind) ?? []
  if (letters === 'left') {
    const struct = (value: bigint, context: Context): string => structAt(operand, value, context, valueText)
    return { late: true, print: left(struct) }
  }
  const make = POINTING[letters]
  if (!make) throw new GlassboxError('ERR_GLASSBOX_INTERNAL', `no printer for arguments of the kind ${kind}`)
  const late = direction === '>'
  const changing = direction === '=' && (letters === 'cell' || letters === 'length')
  const print = pointing(make(operand, late), late)
  if (letters === 'msghdr' && late) return { late, print, remember: rememberNameRoom }
  if (letters === 'cloneargs') return { late: true, print: failedToo(make(operand, true)) }
  if (!changing) return { late, print }
  // In and out: printed at the end, with what it was before.
  return {
    late: true,
    print: failedToo(make(operand, true)),
    remember: rememberCell(letters === 'length' ? 'int' : operand),
  }
}

/** A value that goes in is shown also where the call failed. */
const failedToo =
  (printer: Printer): Printer =>
  (value, context) =>
    value === 0n ? 'NULL' : printer(value, context)

const compiled = new Map<string, Kind>()

export function kindOf(kind: string): Kind {
  let known = compiled.get(kind)
  if (!known) {
    known = compile(kind)
    compiled.set(kind, known)
  }
  return known
}

/** Under which address something is remembered. */
export const rememberedAt = (kind: string, value: bigint): bigint =>
  kind.startsWith('msghdr') ? NAME_ROOM : value
