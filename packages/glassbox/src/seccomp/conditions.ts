/**
 * Conditions and actions as policies of ours spell them: of int arguments, whose high half the
 * kernel ignores.
 */
import { ERRNO } from '../linux/errno.ts'
import type { Action, Condition } from './policy.ts'

export const refuse = (errno: number): Action => ({ kind: 'errno', errno })
export const EPERM: Action = refuse(ERRNO.EPERM)
export const ENOSYS: Action = refuse(ERRNO.ENOSYS)

export const is = (arg: number, value: number): Condition => ({
  arg,
  op: 'eq',
  value: BigInt(value),
  width: 32,
})

/** One of these bits, or several, are set. */
export const anyBit = (arg: number, mask: number): Condition => ({
  arg,
  op: 'masked-ne',
  mask: BigInt(mask >>> 0),
  value: 0n,
  width: 32,
})
