/** Parses and prints durations, sizes and counts for the command. Pure. */
import { InvalidOptionError } from '../errors.ts'

const DURATIONS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }
/** A letter alone is binary, as in docker and systemd. `kB` and `MB` are decimal, as in SI. */
const SIZES: Readonly<Record<string, number>> = {
  b: 1,
  ...{ kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 },
  ...{ kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 },
  ...{ ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40 },
  ...{ k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 },
}

const UNLIMITED = 'unlimited'

function parse(
  option: string,
  text: string,
  units: Readonly<Record<string, number>>,
  examples: string,
): number {
  if (text.toLowerCase() === UNLIMITED) return Infinity
  const [, number, unit = ''] = /^(-?\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)$/i.exec(text.trim()) ?? []
  const factor = Object.hasOwn(units, unit.toLowerCase()) ? units[unit.toLowerCase()] : undefined
  const hint = `Write it with a unit, for example ${examples}, or ${UNLIMITED}.`
  if (number === undefined || factor === undefined) {
    const problem =
      number !== undefined && unit === ''
        ? `${text} has no unit`
        : `${JSON.stringify(text)} is not a valid value`
    throw new InvalidOptionError(option, `${option}: ${problem}.`, hint)
  }
  const value = Number(number) * factor
  if (value <= 0) throw new InvalidOptionError(option, `${option}: ${text} is not above zero.`, hint)
  return value
}

/** Returns milliseconds. Throws InvalidOptionError. */
export function parseDuration(option: string, text: string): number {
  return parse(option, text, DURATIONS, '1.5s or 250ms')
}

/** Returns whole bytes. Throws InvalidOptionError. */
export function parseSize(option: string, text: string): number {
  const bytes = parse(option, text, SIZES, '64MiB or 10MB')
  if (bytes === Infinity || Number.isInteger(bytes)) return bytes
  throw new InvalidOptionError(
    option,
    `${option}: ${text} is not a whole number of bytes.`,
    'Use a smaller unit.',
  )
}

export function parseCount(option: string, text: string): number {
  if (text.toLowerCase() === UNLIMITED) return Infinity
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text)
  throw new InvalidOptionError(
    option,
    `${option}: expected a whole number above zero, got ${JSON.stringify(text)}.`,
    `Write a number, or ${UNLIMITED}.`,
  )
}

const trim = (value: number): string => value.toFixed(value < 10 ? 2 : 1).replace(/\.?0+$/, '')

/** `18 ms`, `1.5 s`. */
export function formatDuration(ms: number): string {
  if (ms === Infinity) return UNLIMITED
  return ms < 1000 ? `${trim(ms)} ms` : `${(ms / 1000).toFixed(3).replace(/\.?0+$/, '')} s`
}

/** `7.9 MiB`. */
export function formatSize(bytes: number): string {
  if (bytes === Infinity) return UNLIMITED
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${trim(value)} ${units[unit]}`
}
