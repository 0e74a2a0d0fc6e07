/** Selects by name which calls handlers are called for. */
import type { Abi } from '../decode/types.ts'
import { numbersOf, syscallOf } from '../linux/abi.ts'

/** `nameless`: for calls without a name, too. */
export function selection(syscalls: readonly string[], nameless = false): (abi: Abi, nr: number) => boolean {
  const numbers = syscalls.map(numbersOf)
  const selected = {
    x86_64: new Set(numbers.map(({ x86_64: nr }) => nr)),
    i386: new Set(numbers.map(({ i386: nr }) => nr)),
    x32: new Set(numbers.map(({ x32: nr }) => nr)),
  }
  return (abi, nr) => selected[abi].has(nr) || (nameless && syscallOf(nr, abi) === undefined)
}
