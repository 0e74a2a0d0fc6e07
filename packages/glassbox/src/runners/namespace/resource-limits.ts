/** The rlimits of a program. They back up the limits that init and cgroups enforce. */
import { readFileSync } from 'node:fs'
import { coreLimit, type ResourceLimit } from '../../container/launch-plan.ts'
import type { Limits } from '../../job/options.ts'
import {
  RLIMIT_CPU,
  RLIMIT_FSIZE,
  RLIMIT_MEMLOCK,
  RLIMIT_NICE,
  RLIMIT_NOFILE,
  RLIMIT_NPROC,
  RLIMIT_RTPRIO,
  RLIMIT_STACK,
} from '../../linux/constants.ts'

const HARD_LIMIT_ROWS: Readonly<Record<number, string>> = {
  [RLIMIT_STACK]: 'Max stack size',
  [RLIMIT_NOFILE]: 'Max open files',
  [RLIMIT_FSIZE]: 'Max file size',
  [RLIMIT_NPROC]: 'Max processes',
  [RLIMIT_CPU]: 'Max cpu time',
  [RLIMIT_MEMLOCK]: 'Max locked memory',
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

let corePattern: string | undefined

/**
 * The rlimits of a program. RLIMIT_NPROC is set only if no cgroup counts processes. It counts the
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
  // Above the limit that init enforces for the whole tree: it stops a single process that init
  // does not see in time.
  const cpuSeconds = limits.cpuTimeMs === Infinity ? Infinity : Math.ceil(limits.cpuTimeMs / 1000) + 1
  return [
    coreLimit(corePattern),
    capped(RLIMIT_CPU, cpuSeconds, 'the CPU time of each process'),
    capped(RLIMIT_FSIZE, limits.fileSizeBytes, 'the size of files'),
    capped(RLIMIT_STACK, limits.stackBytes, 'the stack'),
    capped(RLIMIT_NOFILE, limits.openFiles, 'open files'),
    capped(RLIMIT_MEMLOCK, 64 * 1024, 'locked memory'),
    // A service may have these rights, for sound or real-time work. A program gets none of them.
    { resource: RLIMIT_NICE, value: 0, label: 'the priority that it may raise itself to' },
    { resource: RLIMIT_RTPRIO, value: 0, label: 'its real-time priority' },
    ...(cgroup.processes ? [] : [capped(RLIMIT_NPROC, limits.processes + 1, 'processes')]),
  ]
}
