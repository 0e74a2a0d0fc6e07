/**
 * Conditions that contradict or imply each other, and filters that are as short as they can be.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy } from '#glassbox/seccomp/compile.js'
import { is } from '#glassbox/seccomp/conditions.js'
import type { CallRule, Condition } from '#glassbox/seccomp/policy.js'
import { simplify } from '#glassbox/seccomp/simplify.js'

const below = (value: bigint): Condition => ({ arg: 0, op: 'lt', value, width: 32 })
const wide: Condition = { arg: 0, op: 'eq', value: 2n ** 32n + 1n }

const ROWS: readonly [string, readonly Condition[], readonly Condition[] | undefined][] = [
  ['two values', [is(0, 1), is(0, 2)], undefined],
  ['two values, also the other way round', [{ ...is(0, 1), op: 'ne' }, is(0, 1)], undefined],
  ['a value out of a range', [below(5n), is(0, 7)], undefined],
  ['a value in a range', [below(5n), is(0, 3)], [is(0, 3)]],
  ['the same twice', [is(0, 1), is(0, 1)], [is(0, 1)]],
  ['two arguments', [is(0, 1), is(1, 2)], [is(0, 1), is(1, 2)]],
  ['64 bits fix the lower 32', [wide, is(0, 1)], [wide]],
  ['32 bits do not fix 64', [is(0, 1), wide], [wide]],
  ['none', [], []],
]

for (const [name, when, expected] of ROWS)
  test(`conditions: ${name}`, () => assert.deepEqual(simplify(when), expected))

const errno = (number: number): CallRule['action'] => ({ kind: 'errno', errno: number })
const compile = (rules: readonly CallRule[]): number =>
  compilePolicy({ rules, otherwise: { kind: 'kill' } }).length / 8

test('a rule that cannot match adds nothing to a filter', () => {
  const rule: CallRule = { syscalls: ['prctl'], when: [is(0, 1)], action: errno(1) }
  const never: CallRule = { syscalls: ['prctl'], when: [is(0, 1), is(0, 2)], action: errno(1) }
  assert.equal(compile([rule, never]), compile([rule]))
})

test('each further value of an argument adds one comparison, and no load', () => {
  const of = (count: number): number =>
    compile(
      Array.from(
        { length: count },
        (_, value): CallRule => ({
          syscalls: ['prctl'],
          when: [is(0, value)],
          action: errno(1),
        }),
      ),
    )
  assert.equal(of(20) - of(10), 10)
})
