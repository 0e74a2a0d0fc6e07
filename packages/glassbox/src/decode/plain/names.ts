/**
 * Numbers that have names, as values for programs: lists of names of flags, a name, or the number.
 */
import { constantSet } from '../../linux/flags.ts'
import { signalName } from '../../linux/signals.ts'
import type { Word } from '../../linux/schema/layouts.ts'

interface Prepared {
  /** Names of several bits before the names of their parts. */
  readonly bits: readonly (readonly [name: string, bits: bigint, order: number])[]
  readonly byValue: ReadonlyMap<bigint, string>
  readonly isWide: boolean
  /** What was asked for before: programs use few combinations. */
  readonly known: Map<Word, readonly string[]>
}

const MOST_KNOWN = 1024
const prepared = new Map<string, Prepared>()
const bitCount = (value: bigint): number => value.toString(2).replaceAll('0', '').length

function prepare(name: string): Prepared {
  const found = prepared.get(name)
  if (found) return found
  const set = constantSet(name)
  const isWide = set?.isWide === true
  const unsigned = (value: number): bigint => BigInt.asUintN(isWide ? 64 : 32, BigInt(value))
  const entries = (set?.entries ?? []).map(
    ([entry, value], order) => [entry, unsigned(value), order] as const,
  )
  const byValue = new Map<bigint, string>()
  for (const [entry, value] of entries) if (!byValue.has(value)) byValue.set(value, entry)
  const made = {
    bits: entries.filter(([, bits]) => bits !== 0n).toSorted((a, b) => bitCount(b[1]) - bitCount(a[1])),
    byValue,
    isWide,
    known: new Map<Word, readonly string[]>(),
  }
  prepared.set(name, made)
  return made
}

const unsignedOf = ({ isWide }: Prepared, value: Word): bigint =>
  BigInt.asUintN(isWide ? 64 : 32, BigInt(value))

/** The names of the set bits, in the order of the set; bits without a name follow as a number. */
export function flagNames(set: string, value: Word): readonly string[] {
  const from = prepare(set)
  const known = from.known.get(value)
  if (known) return known
  const found: (readonly [string, bigint, number])[] = []
  let rest = unsignedOf(from, value)
  for (const entry of from.bits) {
    if ((rest & entry[1]) !== entry[1]) continue
    found.push(entry)
    rest &= ~entry[1]
    if (rest === 0n) break
  }
  found.sort((a, b) => a[2] - b[2])
  const names = found.map(([name]) => name)
  if (rest !== 0n) names.push(`0x${rest.toString(16)}`)
  if (from.known.size < MOST_KNOWN) from.known.set(value, names)
  return names
}

/** The name of a value of a set, or the value. */
export function enumName(set: string, value: Word): string | Word {
  const from = prepare(set)
  return from.byValue.get(unsignedOf(from, value)) ?? value
}

/** `SIGINT`; a number that is no signal stays one. */
export function signalValue(value: Word): string | Word {
  if (typeof value === 'bigint' || value <= 0) return value
  const name = signalName(value)
  return name.startsWith('SIG') ? name : value
}

/** The signals of a set. */
export function signalNames(value: Word): readonly string[] {
  const mask = BigInt.asUintN(64, BigInt(value))
  const names: string[] = []
  for (let signal = 1; signal <= 64; signal++)
    if ((mask >> BigInt(signal - 1)) & 1n) names.push(signalName(signal))
  return names
}

/** A value of a set among names of flags: nothing if it is zero and has no name. */
export function nameInList(set: string, value: number): readonly string[] {
  const name = enumName(set, value)
  if (typeof name === 'string') return [name]
  return value === 0 ? [] : [`0x${value.toString(16)}`]
}
