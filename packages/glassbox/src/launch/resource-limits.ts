/**
 * The rlimits of a program, whatever runs it. They back up what its runner enforces for all
 * processes together: an rlimit holds for each process alone.
 */
import { readFileSync } from 'node:fs'
import {
  CAP_SYS_RESOURCE,
  RLIMIT_AS,
  RLIMIT_CORE,
  RLIMIT_CPU,
  RLIMIT_FSIZE,
  RLIMIT_MEMLOCK,
  RLIMIT_NICE,
  RLIMIT_NOFILE,
  RLIMIT_NPROC,
  RLIMIT_RTPRIO,
  RLIMIT_STACK,
} from '../linux/constants.ts'
import { hasCapabilities } from './capabilities.ts'
import type { ResourceLimit } from './exec-steps.ts'

const HARD_LIMIT_ROWS: Readonly<Record<number, string>> = {
  [RLIMIT_STACK]: 'Max stack size',
  [RLIMIT_NOFILE]: 'Max open files',
  [RLIMIT_FSIZE]: 'Max file size',
  [RLIMIT_NPROC]: 'Max processes',
  [RLIMIT_CPU]: 'Max cpu time',
  [RLIMIT_MEMLOCK]: 'Max locked memory',
  [RLIMIT_AS]: 'Max address space',
  [RLIMIT_CORE]: 'Max core file size',
}

let hardLimits: ReadonlyMap<number, number> | undefined

/** The hard limits of this process. Those of a program cannot be higher (setrlimit(2)). */
function hostHardLimits(): ReadonlyMap<number, number> {
  if (hardLimits) return hardLimits
  const lines = readFileSync('/proc/self/limits', 'utf8').split('\n')
  const rows = Object.entries(HARD_LIMIT_ROWS).map(([resource, row]): [number, number] => {
    const line = lines.find(one => one.startsWith(row)) ?? ''
    const [, hard = 'unlimited'] = line.slice(row.length).split(' ').filter(Boolean)
    return [Number(resource), hard === 'unlimited' ? Infinity : Number(hard)]
  })
  hardLimits = new Map(rows)
  return hardLimits
}

/** A limit, lowered to the highest that this process may set. */
export const cappedLimit = (resource: number, value: number, label: string): ResourceLimit => ({
  resource,
  value: Math.min(value, hostHardLimits().get(resource) ?? Infinity),
  label,
})

/**
 * For the limits that are higher than those of this process: limits with which a process that has
 * CAP_SYS_RESOURCE can raise its hard limits before it gives up its rights.
 */
export const raisedLimits = (limits: readonly ResourceLimit[]): ResourceLimit[] =>
  limits.flatMap(({ resource, value, label }) => {
    const most = hostHardLimits().get(resource) ?? Infinity
    return value > most ? [{ resource, value: most, hard: value, label }] : []
  })

/** No limit; or the highest that this process may set, if it has no right to raise it. */
export const noLimit = (resource: number, label: string): ResourceLimit =>
  hasCapabilities(CAP_SYS_RESOURCE)
    ? { resource, value: Infinity, label }
    : cappedLimit(resource, Infinity, label)

/**
 * No core files. If core_pattern is a pipe, the kernel ignores a limit of 0, but starts no
 * handler for 1 (core(5)).
 */
export function coreLimit(corePattern: string): ResourceLimit {
  return { resource: RLIMIT_CORE, value: corePattern.startsWith('|') ? 1 : 0, label: 'core files' }
}

let corePattern: string | undefined

/** The limits of a program that have an rlimit. `Infinity`: no limit. */
export interface LimitedResources {
  readonly cpuTimeMs: number
  readonly fileSizeBytes: number
  readonly stackBytes: number
  readonly openFiles: number
}

/** The rlimits of every program. */
export function resourceLimits(limits: LimitedResources): ResourceLimit[] {
  corePattern ??= readFileSync('/proc/sys/kernel/core_pattern', 'utf8')
  // Above the limit that the runner enforces for the whole tree: it stops a single process that
  // the runner does not see in time.
  const cpuSeconds = limits.cpuTimeMs === Infinity ? Infinity : Math.ceil(limits.cpuTimeMs / 1000) + 1
  return [
    coreLimit(corePattern),
    cappedLimit(RLIMIT_CPU, cpuSeconds, 'the CPU time of each process'),
    cappedLimit(RLIMIT_FSIZE, limits.fileSizeBytes, 'the size of files'),
    cappedLimit(RLIMIT_STACK, limits.stackBytes, 'the stack'),
    cappedLimit(RLIMIT_NOFILE, limits.openFiles, 'open files'),
    cappedLimit(RLIMIT_MEMLOCK, 64 * 1024, 'locked memory'),
    // A service may have these rights, for sound or real-time work. A program gets none of them.
    { resource: RLIMIT_NICE, value: 0, label: 'the priority that it may raise itself to' },
    { resource: RLIMIT_RTPRIO, value: 0, label: 'its real-time priority' },
  ]
}
