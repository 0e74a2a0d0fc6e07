/** System calls by ABI: x86-64, i386 (`int 0x80`) and x32. */
import { __X32_SYSCALL_BIT } from './constants.ts'
import { i386ByNumber, i386Number } from './i386.ts'
import type { Syscall } from './syscall.ts'
import { syscallByNumber, syscallNumber } from './syscalls.ts'
import { x32ByNumber, x32Number } from './x32.ts'

type Abi = 'x86_64' | 'i386' | 'x32'

/**
 * Set in the register for calls of x32. glassbox removes it from the numbers that it passes on.
 */
export const X32_BIT: number = __X32_SYSCALL_BIT

const BY_NUMBER = { x86_64: syscallByNumber, i386: i386ByNumber, x32: x32ByNumber } as const

/** The call with that number, in x32 without the bit. */
export const syscallOf = (nr: number, abi: Abi = 'x86_64'): Syscall | undefined => BY_NUMBER[abi](nr)

/** The number as the register has it. */
export const registerOf = (nr: number, abi: Abi = 'x86_64'): number => (abi === 'x32' ? nr + X32_BIT : nr)

/** The numbers of a call, by ABI. */
export const numbersOf = (name: string): Readonly<Record<Abi, number>> => ({
  x86_64: syscallNumber(name),
  i386: i386Number(name),
  x32: x32Number(name),
})
