/** Which fields a struct has, by the values of others. */
import type { Field, FieldMore } from '../linux/schema/kinds.ts'

type Condition = NonNullable<FieldMore['when']>

/** Whether the other field has a value with which the struct has this one. */
export function holds({ test, values }: Condition, value: bigint): boolean {
  const bound = BigInt(values[0] ?? 0)
  switch (test) {
    case '&':
      return (value & bound) !== 0n
    case '!&':
      return (value & bound) === 0n
    case '>':
      return value > bound
    default:
      return values.some(each => BigInt(each) === value) === (test === '==')
  }
}

/**
 * The condition that decides whether a struct has the field; what text leaves out is there all the
 * same.
 */
export const conditionOf = ({ when }: Field): Condition | undefined =>
  when === undefined || when.field === 'full' || when.orFull ? undefined : when
