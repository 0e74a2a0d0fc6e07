/** All calls that the tracer makes for the program, by name. */
import { syscallByNumber } from '../../../linux/syscalls.ts'
import type { StoppedCall } from '../../decision.ts'
import { ATTRIBUTES } from './attributes.ts'
import { CHANGES } from './changes.ts'
import { EXTENDED } from './extended.ts'
import { SIZES } from './size.ts'
import { WATCHES } from './watch.ts'
import type { Arguments, Make, Performers } from './performer.ts'

export const PERFORMERS: Performers = { ...ATTRIBUTES, ...CHANGES, ...EXTENDED, ...SIZES, ...WATCHES }

/** Reads what a call needs. A number is an errno. The caller closes what it gets. */
export function prepare(name: string, call: StoppedCall): Make | number {
  const read = PERFORMERS[name]
  if (!read) throw new RangeError(`${name} is not a call that the tracer makes`)
  const made = read(argumentsOf(call))
  return typeof made === 'function' ? { on: made } : made
}

function argumentsOf(call: StoppedCall): Arguments {
  const { args = [] } = syscallByNumber(call.nr) ?? {}
  const arg = (name: string): bigint => {
    const index = args.findIndex(each => each.name === name)
    return index < 0 ? 0n : (call.args[index] ?? 0n)
  }
  return { call, arg, int: name => Number(BigInt.asIntN(32, arg(name))) }
}
