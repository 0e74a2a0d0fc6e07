/** Patterns match what a regular expression of the same meaning matches, in bounded time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matchesName, matchesPath, namePattern, pathPattern } from '#glassbox/policy/wildcards.js'

const expression = (text: string): string =>
  text.replaceAll(/[*?.]/g, character => ({ '*': '[^/]*', '?': '[^/]' })[character] ?? '\\.')

const nameText = fc.array(fc.constantFrom('a', 'b', '.', '😀'), { maxLength: 8 }).map(all => all.join(''))
const wildText = fc
  .array(fc.constantFrom('a', 'b', '.', '?', '*'), { minLength: 1, maxLength: 6 })
  .map(all => all.join('').replaceAll(/\*\*+/g, '*'))

test('a name matches as by a regular expression', () => {
  fc.assert(
    fc.property(wildText, nameText, (pattern, name) => {
      const expected = new RegExp(`^${expression(pattern)}$`, 'su').test(name)
      assert.equal(matchesName(namePattern(pattern), name), expected)
    }),
    { numRuns: 2000 },
  )
})

test('a path matches as by a regular expression', () => {
  const names = fc.array(fc.constantFrom('a', 'b', 'ab'), { maxLength: 6 })
  const parts = fc.array(fc.constantFrom('a', 'b', '*', 'a?', '**'), { maxLength: 5 })
  fc.assert(
    fc.property(parts, names, (pattern, path) => {
      const source = pattern.map(part => (part === '**' ? '(?:[^/]+/)*' : `${expression(part)}/`)).join('')
      const expected = new RegExp(`^${source}$`).test(path.map(name => `${name}/`).join(''))
      assert.equal(matchesPath(pathPattern(pattern), path), expected)
    }),
    { numRuns: 2000 },
  )
})

test('names that a program chose to take long are compared in bounded time', () => {
  const pattern = namePattern(`${'*a'.repeat(60)}b`)
  assert.equal(matchesName(pattern, 'a'.repeat(255)), false)
  const parts = pathPattern(Array.from({ length: 120 }, (_, index) => (index % 2 === 0 ? '**' : 'a')))
  assert.equal(
    matchesPath(
      [...parts, namePattern('b')],
      Array.from({ length: 2000 }, () => 'a'),
    ),
    false,
  )
})
