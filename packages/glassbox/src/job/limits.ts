/** The limits of a job: their defaults and their check. */
import { InvalidOptionError } from '../errors.ts'
import type { Limits } from './options.ts'

const MiB = 2 ** 20

/** What a limit that is left out means. `wallTimeMs` follows `cpuTimeMs`: see `resolveLimits`. */
export const DEFAULT_LIMITS: Required<Limits> = {
  cpuTimeMs: 10_000,
  wallTimeMs: 30_000,
  memoryBytes: 512 * MiB,
  processes: 128,
  outputBytes: 64 * MiB,
  stackBytes: 64 * MiB,
  openFiles: 256,
  fileSizeBytes: 256 * MiB,
}

const WALL_PER_CPU = 3
const SHORTEST_DEFAULT_WALL_MS = 10_000

/** Limits that count things rather than measure them. */
const WHOLE: readonly (keyof Limits)[] = [
  'memoryBytes',
  'processes',
  'outputBytes',
  'stackBytes',
  'openFiles',
  'fileSizeBytes',
]

/** In ms more than two hundred years; in bytes more than any memory. */
const LARGEST = 2 ** 43

const show = (value: unknown): string =>
  typeof value === 'number' ? `${value}` : (JSON.stringify(value) ?? typeof value)

/** Checks every limit and fills in the defaults. Zero, negative and NaN are errors; `Infinity` is unlimited. */
export function resolveLimits(limits: Limits = {}): Required<Limits> {
  for (const [name, value] of Object.entries(limits) as [keyof Limits, unknown][]) {
    if (!(name in DEFAULT_LIMITS)) throw unknownLimit(name)
    if (value === undefined) continue
    if (typeof value !== 'number' || !(value > 0)) {
      throw new InvalidOptionError(
        `limits.${name}`,
        `Expected limits.${name} to be a number above zero, got ${show(value)}.`,
        'Leave it out for the default, or say Infinity for no limit.',
      )
    }
    if (value !== Infinity && value > LARGEST) {
      throw new InvalidOptionError(
        `limits.${name}`,
        `Expected limits.${name} to be at most ${LARGEST}, got ${value}.`,
        'Say Infinity for no limit.',
      )
    }
    if (WHOLE.includes(name) && value !== Infinity && !Number.isSafeInteger(value)) {
      throw new InvalidOptionError(
        `limits.${name}`,
        `Expected limits.${name} to be a whole number, got ${value}.`,
      )
    }
  }
  const given = Object.fromEntries(
    Object.entries(limits).filter(([, value]) => value !== undefined),
  ) as Limits
  const cpuTimeMs = given.cpuTimeMs ?? DEFAULT_LIMITS.cpuTimeMs
  const wallTimeMs = Math.max(SHORTEST_DEFAULT_WALL_MS, WALL_PER_CPU * cpuTimeMs)
  return { ...DEFAULT_LIMITS, wallTimeMs, ...given }
}

function unknownLimit(name: string): InvalidOptionError {
  const known = Object.keys(DEFAULT_LIMITS).join(', ')
  return new InvalidOptionError(
    `limits.${name}`,
    `There is no limit called ${name}.`,
    `The limits are ${known}.`,
  )
}
