/**
 * Calls of x32: those of x86-64 with the bit __X32_SYSCALL_BIT, but for a few with numbers of
 * their own, from 512 on, and those that x86-64 alone has: their names end with `#64`, as strace
 * has them.
 */
import { X32_ARGUMENTS, X32_FORMS } from './generated/compat.ts'
import { X32 } from './generated/x32.ts'
import { AbiCalls, bareCall } from './other-abi.ts'
import type { Syscall } from './syscall.ts'
import { allSyscalls, syscallByNumber } from './syscalls.ts'

const calls = new AbiCalls({ numbers: X32, forms: X32_FORMS, own: X32_ARGUMENTS })

/** Calls of x86-64 without a number in x32, and those of newer kernels than the headers. */
const others = new Map<number, Syscall | undefined>()

/** Linux has given new calls the same numbers in all ABIs since then. */
const FIRST_COMMON = 424

function otherCall(nr: number): Syscall | undefined {
  const native = syscallByNumber(nr)
  if (!native || nr >= FIRST_COMMON) return native
  return bareCall(nr, `${native.name}#64`, native.args.length, native.classes)
}

/** A call by its number, without the bit. Returns the same object each time. */
export function x32ByNumber(nr: number): Syscall | undefined {
  const known = calls.byNumber(nr)
  if (known) return known
  if (!others.has(nr)) others.set(nr, otherCall(nr))
  return others.get(nr)
}

/** The number of a call, without the bit; −1 if there is none of that name. */
export const x32Number = (name: string): number => calls.numberOf(name)

/** All calls, also those that x86-64 alone has. */
export function x32Syscalls(): readonly Syscall[] {
  const numbers = new Set(calls.all().map(({ nr }) => nr))
  const more = allSyscalls().flatMap(({ nr }) => (numbers.has(nr) ? [] : (x32ByNumber(nr) ?? [])))
  return [...calls.all(), ...more]
}
