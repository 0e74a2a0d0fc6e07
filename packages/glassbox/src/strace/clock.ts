/** The times that lines show, for stops whose time is known by CLOCK_MONOTONIC. */
import { call } from '../gate/gate.ts'
import type { Precision } from './options.ts'

const NS = 1_000_000_000n
const CLOCK_REALTIME = 0

/** How far CLOCK_REALTIME is ahead of CLOCK_MONOTONIC. */
export function realtimeOffsetNs(): bigint {
  const time = new BigInt64Array(2) // struct timespec
  call('clock_gettime', [CLOCK_REALTIME, time])
  const monotonic = process.hrtime.bigint()
  return (time[0] ?? 0n) * NS + (time[1] ?? 0n) - monotonic
}

/** `.123456`, or the empty string. */
export function fraction(ns: bigint, precision: Precision): string {
  if (precision === 0) return ''
  return `.${String(ns % NS)
    .padStart(9, '0')
    .slice(0, precision)}`
}

/** A difference in seconds: `0.000123`. */
export function seconds(ns: bigint, precision: Precision): string {
  return `${ns / NS}${fraction(ns, precision)}`
}

/** Years in which 32 bits hold the seconds since the epoch. */
const [FIRST_YEAR, LAST_YEAR, MONTHS] = [1970, 2038, 12]

/** Seconds that local time is ahead of UTC, if that is the same in each month of these years. */
export function fixedZone(): number | undefined {
  const minutes = new Date(0).getTimezoneOffset()
  for (let month = 1; month < (LAST_YEAR - FIRST_YEAR) * MONTHS; month++)
    if (new Date(FIRST_YEAR, month).getTimezoneOffset() !== minutes) return undefined
  return -60 * minutes
}

const two = (number: number): string => String(number).padStart(2, '0')

/** `HH:MM:SS.ffffff` in the local time zone, or seconds since the epoch. */
export class WallClock {
  readonly offsetNs: bigint = realtimeOffsetNs()
  readonly #format: 'time' | 'unix'
  readonly #precision: Precision
  #second = -1n
  #zone = 0
  #zoneUntilMs = 0
  #text = ''

  constructor(format: 'time' | 'unix', precision: Precision) {
    this.#format = format
    this.#precision = precision
  }

  /** Seconds that local time is ahead of UTC now. */
  get zone(): number {
    if (this.#format === 'unix') return 0
    const now = Date.now()
    if (now >= this.#zoneUntilMs) {
      this.#zone = -60 * new Date(now).getTimezoneOffset()
      this.#zoneUntilMs = now - (now % 1000) + 1000
    }
    return this.#zone
  }

  text(timeNs: bigint): string {
    const ns = timeNs + this.offsetNs
    const second = ns / NS
    if (second !== this.#second) {
      this.#second = second
      this.#text = this.#format === 'unix' ? String(second) : localTime(second)
    }
    return this.#text + fraction(ns, this.#precision)
  }
}

function localTime(second: bigint): string {
  const date = new Date(Number(second) * 1000)
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
