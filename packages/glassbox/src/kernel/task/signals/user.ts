/** Masks of signals in guest memory. The size of a mask is always 8 bytes: sigsetsize. */
import { EFAULT, EINVAL } from '../../../linux/errno-numbers.ts'
import type { UserMemory } from '../../mm/user-memory.ts'
import type { SignalSet } from './set.ts'

const SIZE = 8

/** 0, −EINVAL or −EFAULT. */
export function readMask(memory: UserMemory, address: number, size: number, mask: SignalSet): number {
  if (size !== SIZE) return -EINVAL
  const lo = memory.readInt32(address)
  const hi = memory.readInt32(address + 4)
  if (Number.isNaN(lo) || Number.isNaN(hi)) return -EFAULT
  mask.set(lo, hi)
  return 0
}

export function writeMask(memory: UserMemory, address: number, mask: SignalSet): number {
  const error = memory.writeInt32(address, mask.lo)
  return error === 0 ? memory.writeInt32(address + 4, mask.hi) : error
}
