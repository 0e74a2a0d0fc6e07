/**
 * Calls that can be decoded without the program: registers at the entry and the result are all
 * that their text is made of.
 */
import { syscallByNumber } from '../linux/syscalls.ts'
import { kindOf } from './kinds.ts'
import { VARIANTS } from './variants.ts'

/** What one argument makes of the others may need memory: not of these. */
const NEVER_POINTING = new Set(['mmap', 'mremap', 'membarrier'])

/** Of x86-64. */
export function isMemoryFree(nr: number): boolean {
  const call = syscallByNumber(nr)
  if (!call || (call.name in VARIANTS && !NEVER_POINTING.has(call.name))) return false
  return call.args.every(({ kind }) => kindOf(kind).isScalar)
}
