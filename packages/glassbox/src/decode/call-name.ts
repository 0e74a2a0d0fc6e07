/** How a call is named in text. Apart from the decoder, which names do not need. Pure. */
import { syscallOf } from '../linux/abi.ts'
import { hex } from './text.ts'
import type { Abi } from './types.ts'

/**
 * The name of a call. A number that the table does not have is printed as strace prints it:
 * `syscall_0x1ff`.
 */
export function callName(nr: number, abi?: Abi): string {
  return syscallOf(nr, abi)?.name ?? `syscall_${hex(nr)}`
}
