/**
 * The kinds of conditions on arguments. They check everything that the compiler of filters relies
 * on.
 */
import { InvalidOptionError } from '../errors.ts'
import { choice, type Kind, number, unexpected } from '../options/kind.ts'
import { record } from '../options/record.ts'
import type { Condition } from '../seccomp/policy.ts'

const OPERATORS: readonly Condition['op'][] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'masked-eq', 'masked-ne']
const isMasked = (op: Condition['op']): boolean => op === 'masked-eq' || op === 'masked-ne'
const LARGEST = 2n ** 64n - 1n

const bits: Kind<bigint> = {
  expected: 'a bigint from 0n to 2n ** 64n - 1n',
  schema: () => ({
    anyOf: [
      { type: 'integer', minimum: 0 },
      { type: 'string', pattern: '^(0x[0-9a-fA-F]{1,16}|[0-9]{1,20})$' },
    ],
  }),
  read: (value, path) => {
    if (typeof value === 'bigint' && value >= 0n && value <= LARGEST) return value
    const hint =
      Number.isSafeInteger(value) && Number(value) >= 0 ? `Write it as ${Number(value)}n.` : undefined
    throw unexpected(path, bits.expected, value, hint)
  },
}

const width: Kind<32 | 64> = {
  expected: '32 or 64',
  schema: () => ({ enum: [32, 64] }),
  read: (value, path) => {
    if (value === 32 || value === 64) return value
    throw unexpected(path, width.expected, value)
  },
}

/** A whole number between two bounds. */
export const whole = (from: number, to: number): Kind<number> => number({ from, to, whole: true })

const anyCondition = record<Condition>({
  fields: {
    arg: { kind: whole(0, 5), words: ['argument', 'index'], about: 'The index of the argument.' },
    op: { kind: choice(OPERATORS), words: ['operator', 'comparison', 'is'] },
    value: { kind: bits },
    mask: { kind: bits, about: 'For masked-eq and masked-ne: the bits that are compared.' },
    width: {
      kind: width,
      words: ['size', 'bits'],
      about: '32 for an int argument, of which the kernel ignores the high half. Default 64.',
    },
  },
  required: ['arg', 'op', 'value'],
  lacks: 'A condition has no key',
  expected: 'a condition, { arg, op, value }',
})

/**
 * Bits of the value that the comparison ignores are a mistake: the condition would always hold, or
 * never.
 */
export const CONDITION: Kind<Condition> = {
  expected: anyCondition.expected,
  ...(anyCondition.schema && { schema: anyCondition.schema }),
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
