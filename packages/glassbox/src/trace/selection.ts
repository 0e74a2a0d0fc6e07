/** Selects by name which calls handlers are called for. */
import type { Abi } from '../decode/types.ts'
import { i386ByName } from '../linux/i386.ts'
import { syscallNumber } from '../linux/syscalls.ts'

/** x32 uses the numbers of x86-64, except for a few of its own. */
export function selection(syscalls: readonly string[]): (abi: Abi, nr: number) => boolean {
  const numbers = new Set(syscalls.map(syscallNumber))
  const narrow = new Set(syscalls.map(name => i386ByName(name)?.nr))
  return (abi, nr) => (abi === 'i386' ? narrow : numbers).has(nr)
}
