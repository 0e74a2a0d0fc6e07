/** Kinds that variants give to arguments: operations of futexes, errors of sockets. */
import type { Printer } from './context.ts'
import { errnoText, NAMES, named, nameless, setText } from './names.ts'
import { hex } from './text.ts'
import type { TextOptions } from './types.ts'

const FUTEX_CLOCK_REALTIME = 256n
/** The command, FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME. */
const OPERATION_BITS = 511n
/** FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_WAIT_REQUEUE_PI: only these take a clock. */
const WITH_CLOCK: ReadonlySet<number> = new Set([0, 9, 11])
const MATCH_ANY = 0xffffffffn

/** `FUTEX_WAIT_PRIVATE`, and the clock if it is not the default one. */
export const futexOperation: Printer = (value, { options }) => {
  if ((value & FUTEX_CLOCK_REALTIME) === 0n) return setText('=futex_op', value, options)
  const command = Number(value & 127n)
  const isOther = (BigInt.asUintN(32, value) & ~OPERATION_BITS) !== 0n
  if (isOther || !WITH_CLOCK.has(command))
    return nameless(hex(BigInt.asUintN(32, value)), 'FUTEX_???', options)
  const name = setText('=futex_op', value & ~FUTEX_CLOCK_REALTIME, NAMES)
  return named(hex(BigInt.asUintN(32, value)), `${name}|FUTEX_CLOCK_REALTIME`, options)
}

export const futexBits: Printer = (value, { options }) => {
  const number = hex(BigInt.asUintN(32, value))
  return BigInt.asUintN(32, value) === MATCH_ANY ? named(number, 'FUTEX_BITSET_MATCH_ANY', options) : number
}

/** The same, of the calls that take 64 bits. */
export const futexWideBits: Printer = (value, { options }) =>
  value === MATCH_ANY ? named(hex(value), 'FUTEX_BITSET_MATCH_ANY', options) : hex(value)

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

export const socketError: Printer = (value, { options }) =>
  errnoText(Number(BigInt.asIntN(32, value)), options)
