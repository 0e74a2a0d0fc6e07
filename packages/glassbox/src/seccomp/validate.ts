/**
 * Checks a policy that a caller gives: everything that the compiler relies on, in a sentence for
 * what is wrong.
 */
import { InvalidOptionError } from '../errors.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import type { Action, Condition, Policy, Rule } from './policy.ts'

const KINDS = ['allow', 'errno', 'kill', 'trace', 'log', 'notify']
const OPERATORS = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'masked-eq', 'masked-ne']
const isMasked = (op: unknown): boolean => op === 'masked-eq' || op === 'masked-ne'
const LARGEST = 2n ** 64n - 1n

const wrong = (message: string, hint?: string): InvalidOptionError =>
  new InvalidOptionError('policy', message, hint)
const show = (value: unknown): string =>
  typeof value === 'bigint'
    ? `${value}n`
    : (JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ??
      typeof value)

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function checkRange(where: string, value: unknown, highest: number): void {
  if (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= highest) return
  throw wrong(`${where}: expected a whole number from 0 to ${highest}, got ${show(value)}.`)
}

/** A misspelled `when` would make a rule unconditional: no key goes unread. */
function checkKeys(where: string, value: Record<string, unknown>, known: readonly string[]): void {
  const stray = Object.keys(value).find(key => !known.includes(key))
  if (stray !== undefined)
    throw wrong(`${where}: there is no ${stray} here.`, `It takes ${known.join(', ')}.`)
}

function checkAction(where: string, action: unknown): asserts action is Action {
  if (!isObject(action) || typeof action['kind'] !== 'string' || !KINDS.includes(action['kind'])) {
    throw wrong(
      `${where}: expected an action, got ${show(action)}.`,
      `Its kind is one of ${KINDS.join(', ')}.`,
    )
  }
  if (action['kind'] === 'errno') checkRange(`${where}.errno`, action['errno'], 4095)
  if (action['kind'] === 'trace') checkRange(`${where}.data`, action['data'], 0xffff)
}

function checkValue(where: string, value: unknown): void {
  if (typeof value === 'bigint' && value >= 0n && value <= LARGEST) return
  throw wrong(`${where}: expected a bigint from 0n to 2n ** 64n - 1n, got ${show(value)}.`)
}

function checkCondition(where: string, condition: unknown): asserts condition is Condition {
  if (!isObject(condition)) throw wrong(`${where}: expected a condition, got ${show(condition)}.`)
  checkRange(`${where}.arg`, condition['arg'], 5)
  if (!OPERATORS.includes(String(condition['op']))) {
    throw wrong(
      `${where}.op: there is no operator ${show(condition['op'])}.`,
      `The operators are ${OPERATORS.join(', ')}.`,
    )
  }
  checkValue(`${where}.value`, condition['value'])
  if (isMasked(condition['op'])) checkValue(`${where}.mask`, condition['mask'])
  checkKeys(where, condition, ['arg', 'op', 'value', 'mask', 'width'])
  checkSizes(where, condition)
  const width = condition['width']
  if (width !== undefined && width !== 32 && width !== 64)
    throw wrong(`${where}.width: expected 32 or 64, got ${show(width)}.`)
}

/**
 * Bits that no comparison reads are a slip of the caller's: the condition would never, or always,
 * hold.
 */
function checkSizes(where: string, condition: Record<string, unknown>): void {
  const { op, width, value, mask } = condition as unknown as Condition
  if (width === 32 && (value >= 2n ** 32n || (mask ?? 0n) >= 2n ** 32n)) {
    throw wrong(`${where}: ${show(value)} does not fit the 32 bits that are compared.`)
  }
  if (!isMasked(op) && mask !== undefined)
    throw wrong(`${where}.mask: ${op} takes no mask.`, 'Use masked-eq or masked-ne.')
  if (isMasked(op) && (value & ~(mask ?? 0n)) !== 0n) {
    throw wrong(
      `${where}: the value ${show(value)} has bits outside the mask ${show(mask)}, so it can ${op === 'masked-eq' ? 'never' : 'only'} match.`,
    )
  }
}

/** The name of a call, with its place in the policy where there is none. */
function checkName(where: string, name: unknown): void {
  try {
    syscallNumber(String(name))
  } catch (error) {
    throw error instanceof InvalidOptionError ? wrong(`${where}: ${error.message}`, error.hint) : error
  }
}

function checkRule(where: string, rule: unknown): asserts rule is Rule {
  if (!isObject(rule) || !Array.isArray(rule['syscalls']))
    throw wrong(`${where}: expected a rule with syscalls, got ${show(rule)}.`)
  checkKeys(where, rule, ['syscalls', 'when', 'action'])
  if (rule['syscalls'].length === 0) throw wrong(`${where}.syscalls: a rule for no call does nothing.`)
  for (const [index, name] of rule['syscalls'].entries()) checkName(`${where}.syscalls[${index}]`, name)
  const when = rule['when'] ?? []
  if (!Array.isArray(when)) throw wrong(`${where}.when: expected a list of conditions, got ${show(when)}.`)
  for (const [index, condition] of when.entries()) checkCondition(`${where}.when[${index}]`, condition)
  checkAction(`${where}.action`, rule['action'])
}

/** Returns the policy, or throws an InvalidOptionError that names the place and the value. */
export function validatePolicy(policy: unknown): Policy {
  if (!isObject(policy) || !Array.isArray(policy['rules'])) {
    throw wrong(
      `Expected a policy with rules, got ${show(policy)}.`,
      'Use null for no filter, or leave it out for the default.',
    )
  }
  for (const [index, rule] of policy['rules'].entries()) checkRule(`rules[${index}]`, rule)
  checkAction('otherwise', policy['otherwise'])
  return policy as unknown as Policy
}
