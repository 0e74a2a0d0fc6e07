/** Names of the calls of i386, whose numbers are its own. */
import { SYSCALLS } from '../linux/syscalls.ts'

export function i386Names(): readonly (readonly [number, string])[] {
  return SYSCALLS.map(call => [call.nr, call.name])
}
