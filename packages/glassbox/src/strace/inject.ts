/**
 * -e inject and -e fault: `SET[:error=E|:retval=V][:signal=S][:delay_enter=T][:delay_exit=T][:when=F[..L][+[S]]]`. Which of the
 * calls of a set are meant is counted for each call and each thread.
 */
import { ERRNO } from '../linux/errno.ts'
import type { TraceeAtEntry, TraceeAtExit } from '../tracer/types.ts'
import { type CallSet, parseCallSet, parseSignal } from './set.ts'
import { UsageError } from './usage-error.ts'

export interface Injection {
  readonly calls: CallSet
  readonly errno?: number
  readonly result?: bigint
  readonly signal?: number
  /** Microseconds. */
  readonly delayEnter?: number
  readonly delayExit?: number
  readonly first: number
  readonly last: number
  /** 0: only the first. */
  readonly step: number
}

const LARGEST = 65_535

function parseError(word: string, whole: string): number {
  const number = /^\d+$/.test(word)
    ? Number(word)
    : (ERRNO as Readonly<Record<string, number>>)[word.toUpperCase()]
  if (number === undefined || number < 1 || number > 4095) throw invalid(whole)
  return number
}

const UNITS: Readonly<Record<string, number>> = { s: 1e6, ms: 1e3, us: 1, ns: 1e-3, '': 1 }

function parseDuration(word: string, whole: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(s|ms|us|ns)?$/.exec(word) ?? []
  if (number === undefined) throw invalid(whole)
  return Math.ceil(Number(number) * (UNITS[unit] ?? 1))
}

/** `F`, `F+`, `F+S`, `F..L`, `F..L+S`. */
function parseWhen(word: string, whole: string): Pick<Injection, 'first' | 'last' | 'step'> {
  const match = /^(\d+)(?:\.\.(\d+))?(\+(\d+)?)?$/.exec(word)
  if (!match) throw invalid(whole)
  const [, from, to, plus, by] = match
  const first = Number(from)
  const last = to === undefined ? (plus === undefined ? first : Infinity) : Number(to)
  const step = by === undefined ? 1 : Number(by)
  if (first < 1 || first > LARGEST || step < 1 || step > LARGEST || last < first) throw invalid(whole)
  return { first, last, step }
}

const invalid = (whole: string): UsageError => new UsageError(`invalid -e inject argument '${whole}'`)

type Parts = { -readonly [key in keyof Injection]: Injection[key] }

const READERS: Readonly<Record<string, (value: string, parts: Parts, whole: string) => void>> = {
  error: (value, parts, whole) => {
    parts.errno = parseError(value, whole)
  },
  retval: (value, parts, whole) => {
    if (!/^(0x[0-9a-f]+|\d+)$/i.test(value)) throw invalid(whole)
    parts.result = BigInt(value)
  },
  signal: (value, parts) => {
    parts.signal = parseSignal(value)
  },
  delay_enter: (value, parts, whole) => {
    parts.delayEnter = parseDuration(value, whole)
  },
  delay_exit: (value, parts, whole) => {
    parts.delayExit = parseDuration(value, whole)
  },
  when: (value, parts, whole) => {
    Object.assign(parts, parseWhen(value, whole))
  },
}

/** `fault` is an injection of ENOSYS unless another error is named. */
export function parseInjection(text: string, fault: boolean): Injection {
  const [set = '', ...words] = text.split(':')
  const parts: Parts = { calls: parseCallSet(set), first: 1, last: Infinity, step: 1 }
  for (const word of words) {
    const [key = '', value = ''] = word.split(/=(.*)/)
    const read = READERS[key]
    if (!read) throw new UsageError(`invalid -e ${fault ? 'fault' : 'inject'} argument '${text}'`)
    read(value, parts, text)
  }
  if (parts.errno !== undefined && parts.result !== undefined) throw invalid(text)
  if (fault && parts.errno === undefined && parts.result === undefined) parts.errno = ERRNO.ENOSYS
  const effects = [parts.errno, parts.result, parts.signal, parts.delayEnter, parts.delayExit]
  if (effects.every(effect => effect === undefined)) throw invalid(text)
  return parts
}

/** Applies injections, and remembers which call of which thread was meant. */
export class Injector {
  readonly #injections: readonly Injection[]
  /** By thread, injection and call: how many there were. */
  readonly #counts = new Map<string, number>()

  constructor(injections: readonly Injection[]) {
    this.#injections = injections
  }

  /** The injection that this call gets, where it gets one. */
  enter(nr: number, tracee: TraceeAtEntry): Injection | undefined {
    for (const [index, injection] of this.#injections.entries()) {
      if (!injection.calls.has(nr) || !this.#isDue(injection, `${tracee.tid} ${index} ${nr}`)) continue
      apply(injection, tracee)
      return injection
    }
    return undefined
  }

  #isDue({ first, last, step }: Injection, key: string): boolean {
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, count)
    return count >= first && count <= last && (count - first) % step === 0
  }
}

function apply({ errno, result, signal, delayEnter }: Injection, tracee: TraceeAtEntry): void {
  if (errno !== undefined) tracee.skip({ errno })
  else if (result !== undefined) tracee.skip({ value: result })
  if (signal !== undefined) tracee.signal(signal)
  if (delayEnter !== undefined) tracee.delay(delayEnter)
}

export function applyAtExit({ delayExit }: Injection, tracee: TraceeAtExit): void {
  if (delayExit !== undefined) tracee.delay(delayExit)
}

/** Behind the result. */
export function injectionText({ errno, result, delayEnter, delayExit }: Injection): string {
  const injected = errno !== undefined || result !== undefined ? ' (INJECTED)' : ''
  return `${injected}${delayEnter !== undefined || delayExit !== undefined ? ' (DELAYED)' : ''}`
}
