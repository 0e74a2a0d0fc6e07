/**
 * A set of system calls by number, for each ABI. It is plain data, so a worker gets it as it is.
 */
import type { Abi } from '../../decode/types.ts'

/** All call numbers are below this; higher numbers are not calls of any Linux. */
export const CALL_NUMBERS = 512

export interface CallSet {
  /** By number: 1 for members. */
  readonly members: Readonly<Record<Abi, Uint8Array>>
  /** Whether numbers that are not calls belong to it. */
  readonly others: boolean
}

export const ABIS: readonly Abi[] = ['x86_64', 'i386', 'x32']

export function fullSet(is: boolean): CallSet {
  const members = (): Uint8Array => new Uint8Array(CALL_NUMBERS).fill(is ? 1 : 0)
  return { members: { x86_64: members(), i386: members(), x32: members() }, others: is }
}

/** Whether every call belongs to it. */
export const isFull = ({ members, others }: CallSet): boolean =>
  others && ABIS.every(abi => members[abi].every(member => member === 1))

export function contains(set: CallSet, abi: Abi, nr: number): boolean {
  const member = set.members[abi][nr]
  return member === undefined ? set.others : member === 1
}
