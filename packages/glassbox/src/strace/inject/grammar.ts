/**
 * The grammar of `-e
 * inject=SET[:error=E|:retval=V][:signal=S][:syscall=CALL][:delay_enter=T][:delay_exit=T][:poke_enter=…][:poke_exit=…][:when=F[..L][+[S]]]`.
 * Pure.
 */
import { ERRNO } from '../../linux/errno.ts'
import { syscallByName } from '../../linux/syscalls.ts'
import { fault } from '../fault.ts'
import type { Injection, Poke, When } from './inject.ts'
import { fullSet } from '../select/call-set.ts'
import { UNSIGNED, unsignedOf } from '../numbers.ts'
import { callSet } from '../select/set.ts'
import { LAST_SIGNAL, signalOf } from '../select/sets.ts'

const MOST_ERRNO = 4095
const MOST_CALLS = 65_535
const MOST_POKED = 1024
/** What a duration without a fraction and without an exponent may be, whatever its unit is. */
const MOST_WHOLE = 2n ** 63n - 1n
/** No delay ends later than this. */
const MOST_US = 2 ** 62
/** The calls that `syscall=` may substitute: they have no arguments and no effects. */
const PURE_CLASS = 'pure'
const UNIT_US: Readonly<Record<string, number>> = { s: 1e6, ms: 1e3, us: 1, ns: 1e-3, '': 1 }

type InjectionDraft = { -readonly [Key in keyof Injection]: Injection[Key] }

function errnoOf(text: string): number | undefined {
  const number = unsignedOf(text, MOST_ERRNO)
  if (number !== undefined) return number >= 1 ? number : undefined
  return (ERRNO as Readonly<Record<string, number>>)[text.toUpperCase()]
}

/** As strtoull(3) reads it: in decimal, with a leading zero in octal, after 0x in hexadecimal. */
function wordOf(text: string): bigint | undefined {
  const [, sign, digits] = /^\s*([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.exec(text) ?? []
  if (digits === undefined) return undefined
  const value = BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits)
  if (value >= 2n ** 64n) return undefined
  return BigInt.asIntN(64, sign === '-' ? -value : value)
}

/** A duration in microseconds, from `100`, `1.5ms`, `0.5s`. */
export function durationUs(text: string): number | undefined {
  const [, digits, unit = ''] =
    /^\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(s|ms|us|ns)?$/.exec(text) ?? []
  if (digits === undefined) return undefined
  if (/^[+-]?\d+$/.test(digits) && BigInt(digits.replace('+', '')) > MOST_WHOLE) return undefined
  const number = Number(digits)
  if (number < 0 || !Number.isFinite(number)) return undefined
  return Math.min(number * (UNIT_US[unit] ?? 1), MOST_US)
}

const WHEN = new RegExp(`^(${UNSIGNED})(?:\\.\\.(${UNSIGNED}))?(?:(\\+)(${UNSIGNED})?)?$`)

/** `F`, `F+`, `F+S`, `F..L`, `F..L+S`. */
function whenOf(text: string): When | undefined {
  const match = WHEN.exec(text)
  if (!match) return undefined
  const [, f = '', l, plus, s] = match
  const first = Number(f)
  const last = l === undefined ? Infinity : Number(l)
  const step = s === undefined ? (plus === undefined && l === undefined ? 0 : 1) : Number(s)
  const isRange = l === undefined || (last >= first && last < MOST_CALLS)
  const isStep = s === undefined || (step >= 1 && step <= MOST_CALLS)
  return first >= 1 && first <= MOST_CALLS && isRange && isStep ? { first, last, step } : undefined
}

/** Two characters a byte, of which strtoul(3) must find a digit in each pair. */
function bytesOf(text: string): Uint8Array | undefined {
  const bytes = (text.match(/../gs) ?? []).map(pair => Number.parseInt(pair.replace(/x/i, ' '), 16))
  const isSound = text !== '' && text.length % 2 === 0 && bytes.length <= MOST_POKED
  return isSound && !bytes.some(Number.isNaN) ? Uint8Array.from(bytes) : undefined
}

function pokesOf(text: string): readonly Poke[] | undefined {
  const pokes: Poke[] = []
  for (const part of text.split(',').filter(each => each !== '')) {
    const [, number = '', digits = ''] = /^@arg([1-7])=(.*)$/s.exec(part) ?? []
    const index = Number(number) - 1
    const bytes = bytesOf(digits)
    if (!bytes || pokes.some(poke => poke.index === index)) return undefined
    pokes.push({ index, bytes })
  }
  return text === '' ? undefined : pokes
}

/** Each parses its text into the draft and returns false if the text is invalid. */
const TOKENS: Readonly<Record<string, (draft: InjectionDraft, text: string) => boolean>> = {
  error: (draft, text) => draft.retval === undefined && set(draft, 'errno', errnoOf(text)),
  retval: (draft, text) => draft.errno === undefined && set(draft, 'retval', wordOf(text)),
  signal: (draft, text) => {
    const number = signalOf(text)
    return set(draft, 'signal', number && number <= LAST_SIGNAL ? number : undefined)
  },
  syscall: (draft, text) => {
    const call = syscallByName(text)
    return set(draft, 'instead', call?.classes.includes(PURE_CLASS) ? call.nr : undefined)
  },
  delay_enter: (draft, text) => set(draft, 'delayEnterUs', durationUs(text)),
  delay_exit: (draft, text) => set(draft, 'delayExitUs', durationUs(text)),
  poke_enter: (draft, text) => set(draft, 'pokeEnter', pokesOf(text)),
  poke_exit: (draft, text) => set(draft, 'pokeExit', pokesOf(text)),
  // The last one counts.
  when: (draft, text) => {
    delete draft.when
    return set(draft, 'when', whenOf(text))
  },
}

function set<Key extends keyof InjectionDraft>(
  draft: InjectionDraft,
  key: Key,
  value: InjectionDraft[Key] | undefined,
): boolean {
  if (value === undefined || draft[key] !== undefined) return false
  draft[key] = value
  return true
}

/** The tokens that `fault=` accepts. */
const FAULT_TOKENS: ReadonlySet<string> = new Set(['error', 'when', 'syscall'])

/** Throws errors in strace's words. */
export function injection(text: string, what: 'inject' | 'fault'): Injection {
  const [calls = '', ...parts] = text.split(':')
  const tokens = parts.filter(part => part !== '')
  const draft: InjectionDraft = { calls: fullSet(false) }
  const isKnown = (name: string): boolean => what === 'inject' || FAULT_TOKENS.has(name)
  const isSound = tokens.every(token => {
    const equals = token.indexOf('=')
    const name = token.slice(0, equals)
    return equals > 0 && isKnown(name) && (TOKENS[name]?.(draft, token.slice(equals + 1)) ?? false)
  })
  if (!isSound) throw fault(`invalid ${what} argument '${text}'`)
  if (what === 'fault') draft.errno ??= ERRNO.ENOSYS
  // Another call alone is no change: its result would be that of the call.
  const { when: _when, calls: _calls, instead: _instead, ...effects } = draft
  draft.calls = callSet(calls)
  if (Object.keys(effects).length === 0) throw fault(`invalid ${what} argument '${text}'`)
  return draft
}

/** What the kernel's ABI reads as a failure. */
const isFailure = (value: bigint): boolean => value < 0n && value >= -BigInt(MOST_ERRNO)

/** What is to be said about a result that a caller can take for another one. */
export function retvalWarning({ retval }: Injection): string | undefined {
  if (retval === undefined) return undefined
  const word = BigInt.asUintN(64, retval)
  const short = BigInt.asUintN(32, word)
  const compat = BigInt.asIntN(32, short)
  if (isFailure(retval)) return `Inadvertent injection of error ${-retval} is possible for retval=${word}`
  if (isFailure(compat))
    return `Inadvertent injection of error ${-compat} is possible in compat personality for retval=${word}`
  if (word === short) return undefined
  return `Injected return value ${word} will be clipped to ${short} in compat personality`
}
