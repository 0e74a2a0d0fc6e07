/** mprotect(2), and the calls about protection keys, which this kernel's machine does not have. */
import {
  PROT_EXEC,
  PROT_GROWSDOWN,
  PROT_GROWSUP,
  PROT_READ,
  PROT_SEM,
  PROT_WRITE,
} from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { AREA_GROWS_DOWN } from '../../mm/areas/area.ts'
import { protect } from '../../mm/protect.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { isAligned, rangeEnd, unsigned } from './ranges.ts'

const RIGHTS = PROT_READ | PROT_WRITE | PROT_EXEC

function mprotect(task: Task, address: number, length: number, protection: number): number {
  const growth = protection & (PROT_GROWSDOWN | PROT_GROWSUP)
  if (growth === (PROT_GROWSDOWN | PROT_GROWSUP) || !isAligned(address)) return -ERRNO.EINVAL
  if (length === 0) return 0
  const start = unsigned(address)
  const end = rangeEnd(start, unsigned(length))
  if (end <= start) return -ERRNO.ENOMEM
  if ((protection & ~(RIGHTS | PROT_SEM | PROT_GROWSDOWN | PROT_GROWSUP)) !== 0) return -ERRNO.EINVAL
  const space = task.addressSpace
  const first = space.areas.after(start)
  if (growth === 0) return protect(space, start, end, protection & RIGHTS)
  if (first === undefined || first.start >= end) return -ERRNO.ENOMEM
  if (growth === PROT_GROWSUP || (first.flags & AREA_GROWS_DOWN) === 0) return -ERRNO.EINVAL
  return protect(space, first.start, end, protection & RIGHTS)
}

function pkeyMprotect(task: Task, address: number, length: number, protection: number, key: number): number {
  return key === -1 ? mprotect(task, address, length, protection) : -ERRNO.EINVAL
}

export const PROTECTION: Family = {
  mprotect,
  pkey_mprotect: { handler: pkeyMprotect, partly: 'no protection keys, as on a CPU without them' },
  pkey_alloc: {
    handler: (_task, flags, rights) => (flags !== 0 || (rights & ~3) !== 0 ? -ERRNO.EINVAL : -ERRNO.ENOSPC),
    partly: 'no protection keys, as on a CPU without them',
  },
  pkey_free: { handler: () => -ERRNO.EINVAL, partly: 'no protection keys, as on a CPU without them' },
}
