/**
 * The arguments that one call uses, each with the kind that it has in this call: by the table of
 * calls, and by what some arguments make of others. Pure.
 */
import { requestOf, requestParts, type RequestArgument } from '../ioctls.ts'
import { kinds } from '../generated/kinds.ts'
import { VARIANTS } from '../generated/variants.ts'
import { commandsOf, shapeOf } from './commands.ts'
import { argumentsOf } from './calls.ts'
import type { Argument, Noted } from './kinds.ts'
import type { Condition, Rule } from './variant-types.ts'
import { widthOf } from './widths.ts'

/** An argument in one call. */
export interface UsedArgument extends Argument {
  /** The register that holds it, from 0. */
  readonly index: number
  /** Shown with its name. */
  readonly isNamed?: true
}

const rules = new Map<string, readonly Rule[]>()

function rulesOf(call: string): readonly Rule[] {
  const known = rules.get(call)
  if (known) return known
  const made = Object.hasOwn(VARIANTS, call) ? (VARIANTS[call]?.() ?? []) : []
  rules.set(call, made)
  return made
}

/** Whether the kernel takes the whole register for an argument. */
const isWide = (arg: Argument | undefined): boolean => arg !== undefined && widthOf(arg.kind).bits === 64

function holds(condition: Condition, args: readonly bigint[], table: readonly Argument[]): boolean {
  const value = args[condition.argument] ?? 0n
  switch (condition.is) {
    case 'with':
      return (value & BigInt(condition.mask)) !== 0n
    case 'without':
      return (value & BigInt(condition.mask)) === 0n
    case 'above':
      return value > BigInt(condition.value)
    default: {
      const bits = condition.mask === undefined ? value : value & BigInt(condition.mask)
      const number = Number(BigInt.asIntN(32, bits))
      const isBeyond = bits >> 32n !== 0n && isWide(table[condition.argument])
      const isOne = !isBeyond && condition.values.some(each => (each | 0) === number)
      return isOne === (condition.is === 'one')
    }
  }
}

const plain = (args: readonly Argument[]): readonly UsedArgument[] =>
  args.map((arg, index) => ({ ...arg, index }))

function byRule(
  rule: Rule,
  args: readonly Argument[],
  registers: readonly bigint[],
): readonly UsedArgument[] {
  const shown: UsedArgument[] = []
  for (const { index, kind, name, when } of rule.show) {
    const own = args[index]
    if (!own || (when && !holds(when, registers, args))) continue
    shown.push({
      name: name ?? own.name,
      kind: kind ?? own.kind,
      index,
      ...(name === undefined ? {} : { isNamed: true as const }),
    })
  }
  return shown
}

/** The kinds of the arguments from `start` on; `null` leaves one out, and so does the end. */
function rekind(
  args: readonly Argument[],
  start: number,
  list: readonly (Noted | null)[],
): readonly UsedArgument[] {
  const kept = plain(args.slice(0, start))
  const rest = list.flatMap((kind, offset) => {
    const own = args[start + offset]
    return kind && own ? [{ name: own.name, kind, index: start + offset }] : []
  })
  return [...kept, ...rest]
}

const REQUEST_KINDS: Readonly<Record<RequestArgument, () => readonly Noted[]>> = {
  none: () => [],
  int: () => [kinds().int],
  uint: () => [kinds().uint],
  ulong: () => [kinds().size],
  pointer: () => [kinds().addr],
  address: () => [kinds().hex],
}

/**
 * Numbers of requests of input devices that a macro makes, by direction. Source: linux/input.h.
 */
const EVENT_TYPE = 'E'.charCodeAt(0)
const isEventRequest = (direction: number, number: number): boolean =>
  direction === 1
    ? number >= 0xc0
    : direction === 2 &&
      ((number >= 6 && number <= 10) ||
        (number >= 0x18 && number <= 0x1b) ||
        (number >= 0x20 && number < 0x80))

/** The kinds of what follows a request that commands.txt does not have. */
function requestKinds(request: number): readonly Noted[] {
  const { names, argument } = requestOf(request)
  if (names.length > 0) return REQUEST_KINDS[argument]()
  const { direction, type, number } = requestParts(request)
  return [type === EVENT_TYPE && isEventRequest(direction, number) ? kinds().addr : kinds().hex]
}

/**
 * The arguments that a call uses, in the order in which they are shown. `registers`: unsigned.
 * `args`: the kinds of its arguments, if a call of another ABI has its own.
 *
 * @example
 *     usedArguments('openat', [at, path, 0n, 0n]).map(({ name }) => name) // without mode
 */
export function usedArguments(
  name: string,
  registers: readonly bigint[],
  args: readonly Argument[] = argumentsOf(name),
): readonly UsedArgument[] {
  const rule = rulesOf(name).find(({ when }) => when.every(condition => holds(condition, registers, args)))
  if (rule) return byRule(rule, args, registers)
  const commands = commandsOf(name)
  if (!commands) return plain(args)
  const whole = registers[commands.argument] ?? 0n
  const register = BigInt.asUintN(32, whole)
  if (whole !== register && isWide(args[commands.argument])) return plain(args)
  const command = Number(register >> BigInt(commands.shift ?? 0))
  const shape = shapeOf(name, command) ?? (name === 'ioctl' ? requestKinds(command) : undefined)
  return shape ? rekind(args, commands.start ?? commands.argument + 1, shape) : plain(args)
}

/** Whether some arguments decide which of the others a call uses, or what they are. */
export const hasVariants = (name: string): boolean =>
  rulesOf(name).length > 0 || commandsOf(name) !== undefined
