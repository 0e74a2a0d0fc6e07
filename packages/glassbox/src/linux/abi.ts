/** System calls by ABI: x86-64, i386 (`int 0x80`) and x32. */
import { __X32_SYSCALL_BIT } from './constants.ts'
import { i386ByNumber, i386Number } from './i386.ts'
import type { Syscall } from './syscall.ts'
import { syscallByNumber, syscallNumber } from './syscalls.ts'

type Abi = 'x86_64' | 'i386' | 'x32'

/**
 * Set in the register for calls of x32. glassbox removes it from the numbers that it passes on.
 */
export const X32_BIT: number = __X32_SYSCALL_BIT

/**
 * The x32 numbers that differ from x86-64, for the calls that glassbox looks for. Source:
 * asm/unistd_x32.h.
 */
const X32_NUMBERS: Readonly<Record<string, number>> = { ioctl: 514, execve: 520, execveat: 545 }

/**
 * The call with that number. x32 shares the numbers of x86-64, and has a few of its own above
 * 512.
 */
export function syscallOf(nr: number, abi: Abi = 'x86_64'): Syscall | undefined {
  return abi === 'i386' ? i386ByNumber(nr) : syscallByNumber(nr)
}

/** The numbers of a call, by ABI. */
export function numbersOf(name: string): Readonly<Record<Abi, number>> {
  const native = syscallNumber(name)
  return { x86_64: native, i386: i386Number(name), x32: X32_NUMBERS[name] ?? native }
}
