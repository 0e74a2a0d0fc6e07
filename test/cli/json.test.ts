/** A result as JSON: one document, and no byte is lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { resultJson, textOrBase64 } from '#glassbox/cli/json.js'
import { result } from '../support/result.js'

test('text stays text, other bytes are base64, and nothing is lost', () => {
  fc.assert(
    fc.property(fc.uint8Array(), bytes => {
      const coded = textOrBase64(bytes)
      const again = typeof coded === 'string' ? Buffer.from(coded) : Buffer.from(coded.base64, 'base64')
      assert.deepEqual(Uint8Array.from(again), bytes)
    }),
  )
})

test('one line with the names of the result', () => {
  const text = resultJson(
    result({
      exitCode: 0,
      stdout: Buffer.from('line\nline\n'),
      stderr: Uint8Array.of(0xff),
      files: {
        text: { contents: Buffer.from('a'), mode: 0o644 },
        bytes: { contents: Uint8Array.of(0xc3), mode: 0o755 },
      },
    }),
  )
  assert.match(text, /^\{[^\n]*\}\n$/)
  const document = JSON.parse(text) as Record<string, unknown>
  assert.deepEqual(
    [document['status'], document['exitCode'], document['stdout'], document['stderr'], document['files']],
    [
      'exited',
      0,
      'line\nline\n',
      { base64: '/w==' },
      { text: { contents: 'a', mode: 0o644 }, bytes: { contents: { base64: 'ww==' }, mode: 0o755 } },
    ],
  )
  assert.deepEqual(Object.keys(document).toSorted(), [...Object.keys(result({})), 'exitCode'].toSorted())
})

test('a byte order mark is a part of the text', () => {
  assert.equal(textOrBase64(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), '\ufeffa')
})
