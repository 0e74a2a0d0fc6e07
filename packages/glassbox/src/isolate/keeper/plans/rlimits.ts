/** The rlimits of a program: soft and hard are equal. What is not listed is inherited. */
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

export function rlimits(limits: IsolateLimits): ResourceLimit[] {
  const { addressSpaceKiB, fileSizeKiB, stackKiB, coreKiB, openFiles, processes } = limits
  const of = (resource: number, value: number | undefined, label: string): ResourceLimit =>
    value === undefined ? noLimit(resource, label) : { resource, value, label }
  const bytes = (kib: number | undefined): number | undefined => (kib === undefined ? kib : kib * KIB)
  return [
    of(RLIMIT_AS, bytes(addressSpaceKiB), 'the address space'),
    of(RLIMIT_FSIZE, bytes(fileSizeKiB), 'the size of files'),
    ...(openFiles === undefined ? [] : [of(RLIMIT_NOFILE, openFiles, 'open files')]),
    of(RLIMIT_STACK, bytes(stackKiB), 'the stack'),
    of(RLIMIT_MEMLOCK, 0, 'locked memory'),
    of(RLIMIT_CORE, coreKiB * KIB, 'core files'),
    of(RLIMIT_NPROC, processes, 'processes'),
  ]
}
