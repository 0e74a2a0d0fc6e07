/**
 * The one table of system calls of x86-64. seccomp takes numbers from it, the decoder prints from it. It is generated
 * from scripts/linux/syscalls.txt, where the kinds of arguments are explained.
 */
import { InvalidOptionError } from '../errors.ts'
import { nearest } from '../suggest.ts'
import { TABLE } from './generated/syscalls.ts'
import type { Syscall } from './syscall.ts'

export type { Syscall, SyscallArg } from './syscall.ts'

/** In the order of their numbers. */
export const SYSCALLS: readonly Syscall[] = TABLE

const BY_NUMBER = new Map(SYSCALLS.map(call => [call.nr, call]))
const BY_NAME = new Map(SYSCALLS.map(call => [call.name, call]))

export function syscallByNumber(nr: number): Syscall | undefined {
  return BY_NUMBER.get(nr)
}

export function syscallByName(name: string): Syscall | undefined {
  return BY_NAME.get(name)
}

/** The number of a call by its name. Throws InvalidOptionError, with the nearest name, where there is none. */
export function syscallNumber(name: string): number {
  const call = BY_NAME.get(name)
  if (call) return call.nr
  const guess = nearest(name, BY_NAME.keys())
  throw new InvalidOptionError(
    'syscall',
    `There is no system call called ${JSON.stringify(name)} on x86-64.`,
    guess === undefined ? 'See syscalls(2) for the names.' : `Did you mean ${guess}?`,
  )
}
