/**
 * The grammar of `-e
 * inject=SET[:error=E|:retval=V][:signal=S][:syscall=CALL][:delay_enter=T][:delay_exit=T][:poke_enter=…][:poke_exit=…][:when=F[..L][+[S]]]`.
 * Pure.
 */
import { ERRNO } from '../../linux/errno.ts'
import { syscallByName } from '../../linux/syscalls.ts'
import { fault } from '../fault.ts'
import type { Injection, Poke, When } from './inject.ts'
import { callSet } from '../select/set.ts'
import { LAST_SIGNAL, signalOf } from '../select/sets.ts'

const MOST_ERRNO = 4095
const MOST_CALLS = 65_535
const MOST_POKED = 1024
/** A duration is counted in 63 bits. */
const LIMIT_US = 2 ** 63
/** The calls that `syscall=` may substitute: they have no arguments and no effects. */
const PURE_CLASS = 'pure'
const UNIT_US: Readonly<Record<string, number>> = { s: 1e6, ms: 1e3, us: 1, ns: 1e-3, '': 1 }

type InjectionDraft = { -readonly [Key in keyof Injection]: Injection[Key] }

function errnoOf(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text)
    return number >= 1 && number <= MOST_ERRNO ? number : undefined
  }
  return (ERRNO as Readonly<Record<string, number>>)[text.toUpperCase()]
}

function wordOf(text: string): bigint | undefined {
  if (!/^-?(0x[0-9a-f]+|\d+)$/i.test(text)) return undefined
  const negative = text.startsWith('-')
  const digits = negative ? text.slice(1) : text
  // Like strtoull: a leading zero means octal.
  const octal = /^0[0-7]+$/.test(digits)
  const value = octal ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits)
  if (value >= 2n ** 64n) return undefined
  return BigInt.asIntN(64, negative ? -value : value)
}

/** A duration in microseconds, from `100`, `1.5ms`, `0.5s`. */
export function durationUs(text: string): number | undefined {
  const [, digits, unit = ''] = /^((?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(s|ms|us|ns)?$/i.exec(text) ?? []
  if (digits === undefined) return undefined
  const us = Number(digits) * (UNIT_US[unit.toLowerCase()] ?? 1)
  return us < LIMIT_US ? us : undefined
}

/** `F`, `F+`, `F+S`, `F..L`, `F..L+S`. */
function whenOf(text: string): When | undefined {
  const match = /^(\d+)(?:\.\.(\d+))?(?:(\+)(\d+)?)?$/.exec(text)
  if (!match) return undefined
  const [, f = '', l, plus, s] = match
  const first = Number(f)
  const last = l === undefined ? Infinity : Number(l)
  const step = s === undefined ? (plus === undefined && l === undefined ? 0 : 1) : Number(s)
  const isRange = l === undefined || (last >= first && last < MOST_CALLS)
  const isStep = s === undefined || (step >= 1 && step <= MOST_CALLS)
  return first >= 1 && first <= MOST_CALLS && isRange && isStep ? { first, last, step } : undefined
}

function pokesOf(text: string): readonly Poke[] | undefined {
  const pokes: Poke[] = []
  for (const part of text.split(',').filter(each => each !== '')) {
    const [, index, hex] = /^@arg([1-7])=((?:[0-9a-f]{2})+)$/i.exec(part) ?? []
    if (index === undefined || hex === undefined || hex.length / 2 > MOST_POKED) return undefined
    if (pokes.some(poke => poke.index === Number(index) - 1)) return undefined
    pokes.push({ index: Number(index) - 1, bytes: Uint8Array.from(Buffer.from(hex, 'hex')) })
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
  const draft: InjectionDraft = { calls: callSet(calls) }
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
  if (Object.keys(effects).length === 0) throw fault(`invalid ${what} argument '${text}'`)
  return draft
}
