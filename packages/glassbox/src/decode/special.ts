/** Kinds that variants give to arguments: operations of futexes, options of sockets. */
import { argument, type Context, type Printer, signed32 } from './context.ts'
import { readWord } from './memory.ts'
import { errnoText, NAMES, named, nameless, setText } from './names.ts'
import { address, hex, quote } from './text.ts'
import type { TextOptions } from './types.ts'

const FUTEX_CLOCK_REALTIME = 256n
/** FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_WAIT_REQUEUE_PI: only these take a clock. */
const WITH_CLOCK: ReadonlySet<number> = new Set([0, 9, 11])
const MATCH_ANY = 0xffffffffn

/** `FUTEX_WAIT_PRIVATE`, and the clock if it is not the default one. */
export const futexOperation: Printer = (value, { options }) => {
  if ((value & FUTEX_CLOCK_REALTIME) === 0n) return setText('=futex_op', value, options)
  const command = Number(value & 127n)
  if (!WITH_CLOCK.has(command)) return nameless(hex(BigInt.asUintN(32, value)), 'FUTEX_???', options)
  const name = setText('=futex_op', value & ~FUTEX_CLOCK_REALTIME, NAMES)
  return named(hex(BigInt.asUintN(32, value)), `${name}|FUTEX_CLOCK_REALTIME`, options)
}

export const futexBits: Printer = (value, { options }) => {
  const number = hex(BigInt.asUintN(32, value))
  return BigInt.asUintN(32, value) === MATCH_ANY ? named(number, 'FUTEX_BITSET_MATCH_ANY', options) : number
}

const OPERATIONS = ['SET', 'ADD', 'OR', 'ANDN', 'XOR']
const COMPARISONS = ['EQ', 'NE', 'LT', 'LE', 'GT', 'GE']

/**
 * A part of the word, and its position there. As in strace, whether a name was found decides how
 * the number is printed.
 */
function wakePart(
  prefix: string,
  names: readonly string[],
  value: number,
  shift: number,
  options: TextOptions,
): string {
  const name = names[value]
  const isNumber = name === undefined || options.spelling === 'raw'
  const text = isNumber ? hex(value) : named(hex(value), `${prefix}${name}`, options)
  return isNumber ? nameless(`${text}<<${shift}`, `${prefix}???`, NAMES) : `${text}<<${shift}`
}

/** The encoded operation of FUTEX_WAKE_OP, with the names of futex(2). */
export const futexWakeOperation: Printer = (value, { options }) => {
  const word = Number(BigInt.asUintN(32, value))
  const operation = (word >>> 28) & 7
  const shift = word >>> 31 === 1 ? `${named('0x8', 'FUTEX_OP_OPARG_SHIFT', options)}<<28|` : ''
  const comparison = (word >>> 24) & 15
  const parts = [
    wakePart('FUTEX_OP_', OPERATIONS, operation, 28, options),
    `${hex((word >>> 12) & 0xfff)}<<12`,
    wakePart('FUTEX_OP_CMP_', COMPARISONS, comparison, 24, options),
    hex(word & 0xfff),
  ]
  return shift + parts.join('|')
}

/** How many bytes an option has. */
const optionLength = (out: boolean, context: Context): number => {
  const last = argument(context, 4)
  return out ? Number(readWord(context.memory, last, 4) ?? 0n) : signed32(last)
}

const INT_BYTES = 4

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
    const shown = Math.min(length < 0 ? Infinity : length, context.limit)
    const bytes = context.memory.read(value, shown)
    return bytes.length < shown
      ? address(value)
      : quote(bytes, length < 0 || length > context.limit, context.options.stringsInHex)
  }

/**
 * An option that is a number. A longer value is still printed as a number; a shorter one is
 * printed as bytes, if the kernel wrote it.
 */
export const numberOption =
  (out: boolean): Printer =>
  (value, context) => {
    const length = optionLength(out, context)
    if (length >= INT_BYTES) return intAt(value, context)
    return out && length > 0 ? quote(context.memory.read(value, length), false, 'all') : address(value)
  }

export const socketError: Printer = (value, { options }) =>
  errnoText(Number(BigInt.asIntN(32, value)), options)
