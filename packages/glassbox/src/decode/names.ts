/**
 * Numbers that have a name, in the form that -X selects: the name, the number, or the number with
 * the name in a comment. Each name in the text of a call goes through `named` or `nameless`. If
 * strace never prints a value as a number, it is printed with `NAMES`. Pure.
 */
import { constantSet, type ConstantSet } from '../linux/flags.ts'
import { errnoName } from '../linux/errno.ts'
import { signalName } from '../linux/signals.ts'
import { hex } from './text.ts'
import type { TextOptions } from './types.ts'

type Spelled = Pick<TextOptions, 'spelling'>

/** For names that do not depend on -X. */
export const NAMES: Spelled = { spelling: 'abbrev' }

/** A number that has a name. */
export function named(number: string, name: string, { spelling }: Spelled): string {
  if (spelling === 'raw') return number
  return spelling === 'verbose' ? `${number} /* ${name} */` : name
}

/** A number without a name, with a placeholder in a comment. */
export const nameless = (number: string, comment: string, { spelling }: Spelled): string =>
  spelling === 'raw' || comment === '' ? number : `${number} /* ${comment} */`

/**
 * A set prepared for printing: names of several bits (O_TMPFILE, O_SYNC) are matched before the
 * names of their parts.
 */
interface Prepared {
  readonly bits: readonly (readonly [name: string, bits: bigint, order: number])[]
  readonly zero: string | undefined
  readonly byValue: ReadonlyMap<bigint, string>
}

const prepared = new WeakMap<ConstantSet, Prepared>()
const bitCount = (value: bigint): number => value.toString(2).replaceAll('0', '').length

function prepare(set: ConstantSet): Prepared {
  const known = prepared.get(set)
  if (known) return known
  const entries = set.entries.map(([name, number], order) => [name, BigInt(number), order] as const)
  const byValue = new Map<bigint, string>()
  for (const [name, value] of entries) if (!byValue.has(value)) byValue.set(value, name)
  const made = {
    bits: entries.filter(([, bits]) => bits !== 0n).toSorted((a, b) => bitCount(b[1]) - bitCount(a[1])),
    zero: byValue.get(0n),
    byValue,
  }
  prepared.set(set, made)
  return made
}

/** The name of a value, if it has one. */
export const nameOf = (set: ConstantSet | undefined, value: bigint): string | undefined =>
  set && prepare(set).byValue.get(value)

/** The names of the set bits, joined. Bits without a name follow in hexadecimal. */
export function flagsText(
  set: ConstantSet,
  value: bigint,
  options: Spelled,
  comment: string = set.unknown,
): string {
  const { bits, zero } = prepare(set)
  if (value === 0n) return zero === undefined ? '0' : named('0', zero, options)
  const found: (readonly [string, bigint, number])[] = []
  let rest = value
  for (const entry of bits) {
    if ((rest & entry[1]) !== entry[1]) continue
    found.push(entry)
    rest &= ~entry[1]
    if (rest === 0n) break
  }
  if (found.length === 0) return nameless(hex(value), comment, options)
  found.sort((a, b) => a[2] - b[2])
  const names = found.map(([name]) => name).join('|')
  return named(hex(value), rest === 0n ? names : `${names}|${hex(rest)}`, options)
}

/** The name of a value, or the value with the set's prefix in a comment. */
function enumText(set: ConstantSet, value: bigint, options: Spelled): string {
  // Headers define some 32-bit values as negative numbers and some as positive ones.
  const { byValue } = prepare(set)
  const name = byValue.get(value) ?? (set.isWide ? undefined : byValue.get(BigInt.asUintN(32, value)))
  const number = set.isDecimal ? String(value) : hex(BigInt.asUintN(set.isWide ? 64 : 32, value))
  return name === undefined ? nameless(number, set.unknown, options) : named(number, name, options)
}

const setOf = (kind: string): ConstantSet | undefined => constantSet(kind.slice(1))
const flagsOf = (set: ConstantSet, value: bigint): bigint => (set.isWide ? value : BigInt.asUintN(32, value))

/** A value by its set: `|open` is a set of flags, `=lseek` an enumeration. */
export function setText(kind: string, value: bigint, options: Spelled): string {
  const set = setOf(kind)
  if (!set) return hex(value)
  if (kind.startsWith('=')) return enumText(set, set.isWide ? value : BigInt.asIntN(32, value), options)
  return flagsText(set, flagsOf(set, value), options)
}

/** The name of a value by its set, or the set's placeholder, for a comment beside the number. */
export function nameForComment(kind: string, value: bigint): string {
  const text = setText(kind, value, NAMES)
  return /\/\* (.*) \*\//.exec(text)?.[1] ?? text
}

/** Flags after another part of their word: without a comment if they have no names. */
export function restText(kind: string, value: bigint, options: Spelled): string {
  const set = setOf(kind)
  return set ? flagsText(set, flagsOf(set, value), options, '') : hex(value)
}

/** The name of a value of a set; `undefined` if it has none. */
export const nameIn = (kind: string, value: bigint): string | undefined => nameOf(constantSet(kind), value)

/** `SIGINT`; 0, and a value that is not a signal, is printed as a number. */
export function signalText(number: number, options: Spelled): string {
  const name = signalName(number)
  return name.startsWith('SIG') ? named(String(number), name, options) : String(number)
}

const LAST_ERRNO = 4095

/** `ENOENT`; `-ENOENT` for a negative number. */
export function errnoText(number: number, options: Spelled): string {
  const name = errnoName(Math.abs(number))
  if (number === 0 || Math.abs(number) > LAST_ERRNO || name.startsWith('ERRNO_')) return String(number)
  return named(String(number), number < 0 ? `-${name}` : name, options)
}
