/**
 * Calls that can be decoded without the program's memory: their text depends only on the
 * registers at the entry and on the result.
 */
import { hasVariants } from '../linux/schema/used.ts'
import { syscallByNumber } from '../linux/syscalls.ts'
import { kindOf } from './kinds.ts'

/** Calls in which one argument changes the kinds of others may need memory. These do not. */
const NEVER_POINTING = new Set(['mmap', 'mremap', 'membarrier'])

/** For x86-64. */
export function isMemoryFree(nr: number): boolean {
  const call = syscallByNumber(nr)
  if (!call || (hasVariants(call.name) && !NEVER_POINTING.has(call.name))) return false
  return call.args.every(({ kind }) => kindOf(kind).isScalar)
}
