/** Rules of `--env`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environmentOf, parseEnvironmentRule } from '#glassbox/isolate/front/environment.js'

const CALLER = ['PATH=/bin', 'LANG=C', 'EMPTY=', 'ODD']
const made = (rules: readonly string[], whole = false): string[] =>
  environmentOf(rules.map(parseEnvironmentRule), CALLER, whole)

const BUILT_IN = 'LIBC_FATAL_STDERR_=1'

const ROWS: readonly (readonly [about: string, rules: readonly string[], expected: readonly string[]])[] = [
  ['a program has one variable', [], [BUILT_IN]],
  ['a name copies the variable, if the caller has it', ['PATH', 'HOME'], [BUILT_IN, 'PATH=/bin']],
  ['an empty variable is copied too', ['EMPTY'], [BUILT_IN, 'EMPTY=']],
  ['a value sets it', ['PATH=/x=y:z', 'HOME=/tmp'], [BUILT_IN, 'PATH=/x=y:z', 'HOME=/tmp']],
  ['an empty value removes it', ['A=1', 'B=2', 'A=', 'LIBC_FATAL_STDERR_='], ['B=2']],
  ['the last rule wins', ['A=1', 'A=2', 'PATH=/x', 'PATH'], [BUILT_IN, 'A=2', 'PATH=/bin']],
]

for (const [about, rules, expected] of ROWS) {
  test(about, () => {
    assert.deepEqual(made(rules), expected)
  })
}

test("the caller's whole environment comes first", () => {
  assert.deepEqual(made(['LANG=', 'A=1', 'PATH=/y'], true), ['PATH=/y', 'EMPTY=', 'ODD=', BUILT_IN, 'A=1'])
})

test('a rule needs a name', () => {
  for (const text of ['', '=', '=x'])
    assert.throws(() => parseEnvironmentRule(text), { kind: 'usage', message: /name is missing/ })
})
