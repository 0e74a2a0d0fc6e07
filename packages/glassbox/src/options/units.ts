/**
 * Durations, sizes and counts as people write them: in arguments of the command, and in profiles.
 * Pure.
 */
import { InvalidOptionError } from '../errors.ts'

/** Also as systemd spells them (systemd.time(7)). */
const DURATIONS: Readonly<Record<string, number>> = {
  ...{ ms: 1, msec: 1, s: 1000, sec: 1000, m: 60_000, min: 60_000 },
  ...{ h: 3_600_000, hr: 3_600_000, d: 86_400_000 },
}
/** A letter alone is binary, as in docker and systemd. `kB` and `MB` are decimal, as in SI. */
const SIZES: Readonly<Record<string, number>> = {
  b: 1,
  ...{ kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 },
  ...{ kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 },
  ...{ ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40 },
  ...{ k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 },
}

export const UNLIMITED = 'unlimited'

/** `infinity` is systemd's word. */
const isUnlimited = (text: string): boolean => [UNLIMITED, 'infinity'].includes(text.toLowerCase())

/** The number with the units of the examples; only the smaller one if it is a large number. */
function spelled(number: number, examples: readonly string[]): string | undefined {
  if (number <= 0) return undefined
  const units = examples.map(example => example.replace(/^[\d.]+/, ''))
  return `Write ${units
    .slice(number < 2 ** 20 ? 0 : 1)
    .map(unit => number + unit)
    .join(' or ')}.`
}

function parse(
  option: string,
  text: string,
  units: Readonly<Record<string, number>>,
  examples: readonly [usual: string, other: string],
): number {
  if (isUnlimited(text)) return Infinity
  const [, number, unit = ''] = /^(-?\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)$/i.exec(text.trim()) ?? []
  const factor = Object.hasOwn(units, unit.toLowerCase()) ? units[unit.toLowerCase()] : undefined
  const [usual, other] = examples
  const hint = `Write it with a unit, for example ${usual} or ${other}, or ${UNLIMITED}.`
  if (number !== undefined && unit === '')
    throw new InvalidOptionError(
      option,
      `${option}: ${text} has no unit.`,
      spelled(Number(number), examples) ?? hint,
    )
  if (number === undefined || factor === undefined)
    throw new InvalidOptionError(option, `${option}: ${JSON.stringify(text)} is not a valid value.`, hint)
  const value = Number(number) * factor
  if (value <= 0) throw new InvalidOptionError(option, `${option}: ${text} is not above zero.`, hint)
  return value
}

/**
 * Returns milliseconds. Throws InvalidOptionError.
 *
 * @example parseDuration('--wall-time', '1.5s') // 1500
 */
export function parseDuration(option: string, text: string): number {
  return parse(option, text, DURATIONS, ['1.5s', '250ms'])
}

/**
 * Returns whole bytes. Throws InvalidOptionError.
 *
 * @example parseSize('--memory', '64M') // 67108864
 */
export function parseSize(option: string, text: string): number {
  const bytes = parse(option, text, SIZES, ['64MiB', '1000B'])
  if (bytes === Infinity || Number.isInteger(bytes)) return bytes
  throw new InvalidOptionError(
    option,
    `${option}: ${text} is not a whole number of bytes.`,
    'Use a smaller unit.',
  )
}

export function parseCount(option: string, text: string): number {
  if (isUnlimited(text)) return Infinity
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text)
  throw new InvalidOptionError(
    option,
    `${option}: expected a whole number above zero, got ${JSON.stringify(text)}.`,
    `Write a number, or ${UNLIMITED}.`,
  )
}
