/** The reader of policy files accepts what JSON.parse accepts, and reads the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Json, JsonError, readJson } from '#glassbox/policy/files/json.js'

/** The value, or undefined if the text is refused. */
function read(text: string): { readonly value: Json } | undefined {
  try {
    return { value: readJson(text, 'policy').value }
  } catch (error) {
    assert.ok(error instanceof JsonError, String(error))
    assert.ok(error.line >= 1 && error.line <= text.split('\n').length)
    return undefined
  }
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

/** Without prototypes and bigints, in which the two differ. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? Number(one) : one)))

test('values are read as they were written', () => {
  fc.assert(
    fc.property(fc.json(), text => {
      assert.deepEqual(plain(read(text)?.value), plain(JSON.parse(text)))
    }),
    { numRuns: 500 },
  )
})

test('a text with a changed letter is accepted if JSON.parse accepts it', () => {
  const letter = fc.constantFrom(...'{}[],:"\\0129-+.eE tfnu\n\t/a'.split(''))
  const changed = fc.tuple(fc.json(), fc.nat(), fc.nat(2), letter).map(([text, at, removed, added]) => {
    const place = at % (text.length + 1)
    return text.slice(0, place) + added + text.slice(place + removed)
  })
  fc.assert(
    fc.property(changed, text => {
      const expected = parsed(text)
      const found = read(text)
      // A key that is there twice is refused here only.
      if (expected && !found) assert.match(whyNot(text), /is there twice/)
      else assert.deepEqual(found && plain(found.value), expected && plain(expected.value), text)
    }),
    { numRuns: 1000 },
  )
})

function whyNot(text: string): string {
  try {
    readJson(text, 'policy')
    return ''
  } catch (error) {
    return (error as Error).message
  }
}
