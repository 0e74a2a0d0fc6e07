/** Resource limits of a process: getrlimit(2). The values that a program starts with. */
import {
  RLIMIT_CORE,
  RLIMIT_MEMLOCK,
  RLIMIT_MSGQUEUE,
  RLIMIT_NICE,
  RLIMIT_NOFILE,
  RLIMIT_NPROC,
  RLIMIT_RTPRIO,
  RLIMIT_SIGPENDING,
  RLIMIT_STACK,
} from '../../linux/constants.ts'
import type { ResourceLimit } from './types.ts'

export const LIMITS = 16

const DEFAULTS: readonly (readonly [resource: number, soft: number, hard: number])[] = [
  [RLIMIT_STACK, 8 * 2 ** 20, Infinity],
  [RLIMIT_CORE, 0, Infinity],
  [RLIMIT_NPROC, 31_000, 31_000],
  [RLIMIT_NOFILE, 1024, 1_048_576],
  [RLIMIT_MEMLOCK, 8 * 2 ** 20, 8 * 2 ** 20],
  [RLIMIT_SIGPENDING, 31_000, 31_000],
  [RLIMIT_MSGQUEUE, 819_200, 819_200],
  [RLIMIT_NICE, 0, 0],
  [RLIMIT_RTPRIO, 0, 0],
]

export function defaultLimits(): ResourceLimit[] {
  const limits = Array.from({ length: LIMITS }, () => ({ soft: Infinity, hard: Infinity }))
  for (const [resource, soft, hard] of DEFAULTS) limits[resource] = { soft, hard }
  return limits
}

export function copyLimits(limits: readonly ResourceLimit[]): ResourceLimit[] {
  return limits.map(limit => ({ ...limit }))
}
