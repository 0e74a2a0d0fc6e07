/**
 * A set of system calls by their numbers, for each ABI. Data: a worker gets it as
 * it is.
 */
import type { Abi } from '../../decode/types.ts'

/** Numbers of calls are below it; what is above is no call of any Linux. */
export const CALL_NUMBERS = 512

export interface CallSet {
  /** 1 for members, by number. */
  readonly members: Readonly<Record<Abi, Uint8Array>>
  /** Whether numbers that stand for no call belong to it. */
  readonly others: boolean
}

export const ABIS: readonly Abi[] = ['x86_64', 'i386', 'x32']

export function fullSet(is: boolean): CallSet {
  const members = (): Uint8Array => new Uint8Array(CALL_NUMBERS).fill(is ? 1 : 0)
  return { members: { x86_64: members(), i386: members(), x32: members() }, others: is }
}

export function contains(set: CallSet, abi: Abi, nr: number): boolean {
  const member = set.members[abi][nr]
  return member === undefined ? set.others : member === 1
}
