/** How a call is named in text. Apart from the decoder, which names do not need. Pure. */
import { registerOf, syscallOf } from '../linux/abi.ts'
import { hex } from './text.ts'
import type { Abi } from './types.ts'

/**
 * The name of a call. A number that the table does not have is printed as strace prints it, as the
 * register has it: `syscall_0x1ff`.
 */
export function callName(nr: number, abi?: Abi): string {
  const known = syscallOf(nr, abi)?.name
  const bits = abi === 'i386' ? 32 : 64
  return known ?? `syscall_${hex(BigInt.asUintN(bits, BigInt(registerOf(nr, abi))))}`
}
