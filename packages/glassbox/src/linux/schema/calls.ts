/**
 * The arguments of every call of x86-64, by its name, in the order of the registers. What one
 * argument makes of the others is in commands.ts and shapes.ts.
 */
import { ARGUMENTS, type CallName } from '../generated/arguments.ts'
import type { Argument } from './kinds.ts'

export type { CallName } from '../generated/arguments.ts'

const made = new Map<string, readonly Argument[]>()

export const isCallName = (name: string): name is CallName => Object.hasOwn(ARGUMENTS, name)

/**
 * The arguments of a call: one for each register that it takes. Returns the same objects each
 * time; none for a name that the table does not have.
 */
export function argumentsOf(name: string): readonly Argument[] {
  const known = made.get(name)
  if (known) return known
  if (!isCallName(name)) return []
  const args = ARGUMENTS[name]()
  made.set(name, args)
  return args
}
