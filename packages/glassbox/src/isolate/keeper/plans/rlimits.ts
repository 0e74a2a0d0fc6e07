/** The rlimits of a program: soft and hard are equal. What is not listed is inherited. */
import { readFileSync } from 'node:fs'
import type { ResourceLimit } from '../../../launch/exec-steps.ts'
import { noLimit } from '../../../launch/resource-limits.ts'
import {
  RLIMIT_AS,
  RLIMIT_CORE,
  RLIMIT_FSIZE,
  RLIMIT_MEMLOCK,
  RLIMIT_NOFILE,
  RLIMIT_NPROC,
  RLIMIT_STACK,
} from '../../../linux/constants.ts'
import type { IsolateLimits } from '../../types.ts'

const KIB = 1024

/**
 * The soft limit of open files that the caller has. Node raises its own when it starts, so the
 * limit of this process's parent is the best answer.
 */
function openFilesOfParent(): number | undefined {
  try {
    const limits = readFileSync(`/proc/${process.ppid}/limits`, 'latin1')
    const [, soft] = /^Max open files +(\d+)/m.exec(limits) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}

/** `direct`: the caller is this process's parent, and no client of a server. */
export function rlimits(limits: IsolateLimits, direct: boolean): ResourceLimit[] {
  const { addressSpaceKiB, fileSizeKiB, stackKiB, coreKiB, openFiles, processes } = limits
  const files = openFiles ?? (direct ? openFilesOfParent() : undefined)
  const of = (resource: number, value: number | undefined, label: string): ResourceLimit =>
    value === undefined ? noLimit(resource, label) : { resource, value, label }
  const bytes = (kib: number | undefined): number | undefined => (kib === undefined ? kib : kib * KIB)
  return [
    of(RLIMIT_AS, bytes(addressSpaceKiB), 'the address space'),
    of(RLIMIT_FSIZE, bytes(fileSizeKiB), 'the size of files'),
    ...(files === undefined ? [] : [of(RLIMIT_NOFILE, files, 'open files')]),
    of(RLIMIT_STACK, bytes(stackKiB), 'the stack'),
    of(RLIMIT_MEMLOCK, 0, 'locked memory'),
    of(RLIMIT_CORE, coreKiB * KIB, 'core files'),
    of(RLIMIT_NPROC, processes, 'processes'),
  ]
}
