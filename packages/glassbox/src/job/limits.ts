/** The limits of a run: their defaults, their check, and the rlimits that stand behind them. */
import { readFileSync } from 'node:fs'
import { coreLimit, type ResourceLimit } from '../container/launch-plan.ts'
import { InvalidOptionError } from '../errors.ts'
import {
  RLIMIT_CPU,
  RLIMIT_FSIZE,
  RLIMIT_MEMLOCK,
  RLIMIT_NICE,
  RLIMIT_NOFILE,
  RLIMIT_NPROC,
  RLIMIT_RTPRIO,
  RLIMIT_STACK,
} from '../linux/constants.ts'
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

const HARD_LIMIT_ROWS: Readonly<Record<number, string>> = {
  [RLIMIT_STACK]: 'Max stack size',
  [RLIMIT_NOFILE]: 'Max open files',
  [RLIMIT_FSIZE]: 'Max file size',
  [RLIMIT_NPROC]: 'Max processes',
  [RLIMIT_CPU]: 'Max cpu time',
  [RLIMIT_MEMLOCK]: 'Max locked memory',
}

let hardLimits: ReadonlyMap<number, number> | undefined

/** The hard limits of this process: those of a program can only be the same or lower (setrlimit(2)). */
function hostHardLimits(): ReadonlyMap<number, number> {
  if (hardLimits) return hardLimits
  const text = readFileSync('/proc/self/limits', 'utf8')
  const rows = Object.entries(HARD_LIMIT_ROWS).map(([resource, row]): [number, number] => {
    const hard = new RegExp(`^${row}\\s+\\S+\\s+(\\S+)`, 'm').exec(text)?.[1] ?? 'unlimited'
    return [Number(resource), hard === 'unlimited' ? Infinity : Number(hard)]
  })
  hardLimits = new Map(rows)
  return hardLimits
}

let corePattern: string | undefined

/**
 * The rlimits of a program. Where a cgroup counts processes, RLIMIT_NPROC is left alone; without one it counts the
 * processes of the box's user namespace, and init is one of them.
 */
export function resourceLimits(
  limits: Required<Limits>,
  cgroup: { readonly processes: boolean },
): ResourceLimit[] {
  corePattern ??= readFileSync('/proc/sys/kernel/core_pattern', 'utf8')
  const hard = hostHardLimits()
  const capped = (resource: number, value: number, label: string): ResourceLimit => ({
    resource,
    value: Math.min(value, hard.get(resource) ?? Infinity),
    label,
  })
  // Behind the watch of the tree's time, and above it: a single process that outruns init.
  const cpuSeconds = limits.cpuTimeMs === Infinity ? Infinity : Math.ceil(limits.cpuTimeMs / 1000) + 1
  return [
    coreLimit(corePattern),
    capped(RLIMIT_CPU, cpuSeconds, 'the CPU time of each process'),
    capped(RLIMIT_FSIZE, limits.fileSizeBytes, 'the size of files'),
    capped(RLIMIT_STACK, limits.stackBytes, 'the stack'),
    capped(RLIMIT_NOFILE, limits.openFiles, 'open files'),
    capped(RLIMIT_MEMLOCK, 64 * 1024, 'locked memory'),
    // What a service may have for itself, such as sound or real-time work: nothing of it for a program.
    { resource: RLIMIT_NICE, value: 0, label: 'the priority that it may raise itself to' },
    { resource: RLIMIT_RTPRIO, value: 0, label: 'its real-time priority' },
    ...(cgroup.processes ? [] : [capped(RLIMIT_NPROC, limits.processes + 1, 'processes')]),
  ]
}
