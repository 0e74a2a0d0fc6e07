/**
 * Short forms of the rules, conditions and actions that glassbox's own policies use. All
 * conditions are on int arguments, of which the kernel ignores the high half.
 */
import * as linux from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import type { CallRule, Condition, KernelAction } from './policy.ts'

export const refuse = (errno: number): KernelAction => ({ kind: 'errno', errno })
export const EPERM: KernelAction = refuse(ERRNO.EPERM)
export const ENOSYS: KernelAction = refuse(ERRNO.ENOSYS)

/**
 * The flags of clone(2) and unshare(2) for new namespaces. The guard refuses CLONE_NEWCGROUP, and
 * clone has no flag for a time namespace.
 */
export const NAMESPACES: number =
  linux.CLONE_NEWNS |
  linux.CLONE_NEWUTS |
  linux.CLONE_NEWIPC |
  linux.CLONE_NEWUSER |
  linux.CLONE_NEWPID |
  linux.CLONE_NEWNET

export const is = (arg: number, value: number): Condition => ({
  arg,
  op: 'eq',
  value: BigInt(value >>> 0),
  width: 32,
})

/** At least one bit of the mask is set. */
export const anyBit = (arg: number, mask: number): Condition => ({
  arg,
  op: 'masked-ne',
  mask: BigInt(mask >>> 0),
  value: 0n,
  width: 32,
})

/** The rules, each with the reason. */
export const because = (why: string, rules: readonly CallRule[]): readonly CallRule[] =>
  rules.map(rule => ({ ...rule, why }))
