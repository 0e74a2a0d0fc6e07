/**
 * What one argument of a call makes of the others: a request of ioctl(2), a command of fcntl(2).
 */
import { COMMANDS } from '../generated/commands.ts'
import type { Commands, Shape } from './command-types.ts'

export type { Commands, Shape } from './command-types.ts'

const read = new Map<string, ReadonlyMap<number, Shape>>()

function shapesOf(call: string, commands: Commands): ReadonlyMap<number, Shape> {
  const known = read.get(call)
  if (known) return known
  const shapes = new Map(commands.shapes())
  read.set(call, shapes)
  return shapes
}

/** The commands of a call; `undefined` if no argument of it selects the shape of others. */
export const commandsOf = (call: string): Commands | undefined =>
  Object.hasOwn(COMMANDS, call) ? COMMANDS[call] : undefined

/**
 * The kinds of the arguments after the command `value`, an unsigned int; `undefined` if the table
 * does not have it and the kinds of the call apply.
 */
export function shapeOf(call: string, value: number): Shape | undefined {
  const commands = commandsOf(call)
  return commands && (shapesOf(call, commands).get(value) ?? commands.otherwise?.())
}

/** Whether the table has the command itself. */
export function hasShape(call: string, value: number): boolean {
  const commands = commandsOf(call)
  return commands !== undefined && shapesOf(call, commands).has(value)
}
