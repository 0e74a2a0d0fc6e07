/** A call by its number, in the table of the face of the kernel that it came through. */
import { i386ByNumber } from './i386.ts'
import type { Syscall } from './syscall.ts'
import { syscallByNumber } from './syscalls.ts'

/** x32 has the numbers of x86-64 with bit 30, which is taken off, and a few of its own above 512. */
export function syscallOf(nr: number, abi: 'x86_64' | 'i386' | 'x32' = 'x86_64'): Syscall | undefined {
  return abi === 'i386' ? i386ByNumber(nr) : syscallByNumber(nr)
}
