/**
 * Validation of policies, as a table of kinds. It checks everything that the compiler relies on,
 * and refuses unknown keys.
 */
import { InvalidOptionError } from '../errors.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import {
  choice,
  type Field,
  guarded,
  type Kind,
  list,
  number,
  type RecordKind,
  unexpected,
} from '../options/kind.ts'
import { type Fields, isPlain, record } from '../options/record.ts'
import type { KernelAction, Condition, CallPolicy, CallRule } from './policy.ts'

const OPERATORS: readonly Condition['op'][] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'masked-eq', 'masked-ne']
const isMasked = (op: Condition['op']): boolean => op === 'masked-eq' || op === 'masked-ne'
const LARGEST = 2n ** 64n - 1n

/** The name of a system call. The error for an unknown name suggests a similar one. */
export const SYSCALL: Kind<string> = {
  expected: 'the name of a system call',
  read: (value, path) => {
    if (typeof value !== 'string') throw unexpected(path, SYSCALL.expected, value, 'For example "openat".')
    try {
      syscallNumber(value)
    } catch (error) {
      throw error instanceof InvalidOptionError
        ? new InvalidOptionError(path, error.message, error.hint)
        : error
    }
    return value
  },
}

const bits: Kind<bigint> = {
  expected: 'a bigint from 0n to 2n ** 64n - 1n',
  read: (value, path) => {
    if (typeof value === 'bigint' && value >= 0n && value <= LARGEST) return value
    const hint =
      Number.isSafeInteger(value) && Number(value) >= 0 ? `Write it as ${Number(value)}n.` : undefined
    throw unexpected(path, bits.expected, value, hint)
  },
}

const width: Kind<32 | 64> = {
  expected: '32 or 64',
  read: (value, path) => {
    if (value === 32 || value === 64) return value
    throw unexpected(path, width.expected, value)
  },
}

const whole = (from: number, to: number): Kind<number> => number({ from, to, whole: true })

const anyCondition = record<Condition>({
  fields: {
    arg: { kind: whole(0, 5), words: ['argument', 'index'] },
    op: { kind: choice(OPERATORS), words: ['operator', 'comparison', 'is'] },
    value: { kind: bits },
    mask: { kind: bits },
    width: { kind: width, words: ['size', 'bits'] },
  },
  required: ['arg', 'op', 'value'],
  lacks: 'A condition has no key',
  expected: 'a condition, { arg, op, value }',
})

/**
 * Bits of the value that the comparison ignores are a mistake: the condition would always hold, or
 * never.
 */
const CONDITION: Kind<Condition> = {
  expected: anyCondition.expected,
  read: (given, path) => {
    const condition = anyCondition.read(given, path)
    const { op, value, mask } = condition
    if (isMasked(op) && mask === undefined) throw unexpected(`${path}.mask`, bits.expected, undefined)
    if (!isMasked(op) && mask !== undefined)
      throw new InvalidOptionError(
        `${path}.mask`,
        `${path}.mask: ${op} takes no mask.`,
        'Use masked-eq or masked-ne.',
      )
    if (condition.width === 32 && (value >= 2n ** 32n || (mask ?? 0n) >= 2n ** 32n))
      throw new InvalidOptionError(path, `${path}: ${value}n does not fit the 32 bits that are compared.`)
    if (mask !== undefined && (value & ~mask) !== 0n)
      throw new InvalidOptionError(
        path,
        `${path}: the value ${value}n has bits outside the mask ${mask}n, so it can ${op === 'masked-eq' ? 'never' : 'only'} match.`,
      )
    return condition
  },
}

type ActionKind = KernelAction['kind']

/** An action of one kind, with the keys that this kind needs. */
const action = (
  kind: ActionKind,
  more: Readonly<Record<string, Field<number>>> = {},
): RecordKind<KernelAction> =>
  record<KernelAction>({
    fields: { kind: { kind: choice([kind]) }, ...more } as unknown as Fields<KernelAction>,
    required: Object.keys(more) as (keyof KernelAction)[],
    lacks: `The action ${kind} has no key`,
    expected: 'an action',
  })

const ACTIONS: Readonly<Record<ActionKind, RecordKind<KernelAction>>> = {
  allow: action('allow'),
  errno: action('errno', { errno: { kind: whole(0, 4095) } }),
  kill: action('kill'),
  trace: action('trace', { data: { kind: whole(0, 0xffff) } }),
  log: action('log'),
  notify: action('notify'),
}

const KINDS_HINT = `Its kind is one of ${Object.keys(ACTIONS).join(', ')}.`

const ACTION: Kind<KernelAction> = {
  expected: 'an action',
  read: (value, path) => {
    const kind: unknown = isPlain(value) ? guarded(`${path}.kind`, () => value['kind']) : undefined
    if (typeof kind === 'string' && Object.hasOwn(ACTIONS, kind))
      return ACTIONS[kind as ActionKind].read(value, path)
    throw unexpected(path, ACTION.expected, value, KINDS_HINT)
  },
}

const rule = record<CallRule>({
  fields: {
    syscalls: { kind: list(SYSCALL, 'a list of system calls'), words: ['syscall', 'names', 'calls'] },
    when: { kind: list(CONDITION, 'a list of conditions'), words: ['conditions', 'if', 'args', 'where'] },
    action: { kind: ACTION, words: ['then', 'do'] },
  },
  required: ['syscalls', 'action'],
  lacks: 'A rule has no key',
  expected: 'a rule, { syscalls, when, action }',
})

const RULE: Kind<CallRule> = {
  expected: rule.expected,
  read: (value, path) => {
    const read = rule.read(value, path)
    if (read.syscalls.length > 0) return read
    throw new InvalidOptionError(
      `${path}.syscalls`,
      `${path}.syscalls: a rule without system calls has no effect.`,
    )
  },
}

const POLICY = record<CallPolicy>({
  fields: {
    rules: { kind: list(RULE, 'a list of rules') },
    otherwise: { kind: ACTION, words: ['default', 'defaultAction', 'else'] },
  },
  required: ['rules', 'otherwise'],
  lacks: 'A policy has no key',
  expected: 'a policy with rules, { rules, otherwise }',
  hint: () => 'Use null for no filter, or leave it out for the default.',
})

/**
 * Returns a frozen copy of the policy. Throws InvalidOptionError, which names the key and the
 * value.
 */
export const validatePolicy = (policy: unknown): CallPolicy => POLICY.read(policy, 'policy')
