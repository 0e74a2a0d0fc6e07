/** Names of files as bytes and as text: whatever the bytes, the text leads back to them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { bytesOfPath, pathOfBytes } from '#glassbox/linux/path-bytes.js'

test('every name leads back to its bytes, and no two names are one text', () => {
  const bytes = fc.uint8Array({ maxLength: 40 })
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      assert.deepEqual(Uint8Array.from(bytesOfPath(pathOfBytes(a))), a)
      assert.equal(pathOfBytes(a) === pathOfBytes(b), Buffer.from(a).equals(Buffer.from(b)))
    }),
    { numRuns: 2000 },
  )
})

test('text is itself, also with emoji and with what looks like an escape', () => {
  for (const name of ['a', 'größe', '😀', '日本', '😀\udc80'])
    assert.equal(pathOfBytes(bytesOfPath(name)), name)
  assert.equal(pathOfBytes(Buffer.from('größe')), 'größe')
  assert.equal(pathOfBytes(Uint8Array.of(0x61, 0xff, 0xc3)), 'a\udcff\udcc3')
})
