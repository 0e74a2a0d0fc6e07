/** A result as JSON: one document, made in pieces, and no byte is lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesJson, resultJson } from '#glassbox/cli/run/json.js'
import { result } from '../support/result.js'

type Coded = string | { readonly base64: string }

const coded = (bytes: Uint8Array): Coded => JSON.parse([...bytesJson(bytes)].join('')) as Coded

const decoded = (value: Coded): Buffer =>
  typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.base64, 'base64')

test('text stays text, other bytes are base64, and nothing is lost', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.string({ unit: 'binary' }).map(text => Buffer.from(text)),
      ),
      bytes => {
        assert.deepEqual(Uint8Array.from(decoded(coded(bytes))), Uint8Array.from(bytes))
      },
    ),
  )
})

test('pieces never part a character, whatever stands before it', () => {
  for (const letter of ['é', '漢', '😀'])
    for (let before = 0; before < 4; before++) {
      const text = '.'.repeat(before) + letter.repeat(60_000)
      assert.equal(coded(Buffer.from(text)), text)
    }
})

test('no piece is long, and long base64 is one text without a break', () => {
  const bytes = Buffer.alloc(1_000_001, 0xff)
  const pieces = [...bytesJson(bytes)]
  assert.ok(Math.max(...pieces.map(piece => piece.length)) <= 2 ** 17)
  assert.deepEqual(decoded(coded(bytes)), bytes)
})

test('control characters are base64 if there are many, and text if there are few', () => {
  const many = Buffer.alloc(2 ** 21, 1)
  assert.notEqual(typeof coded(many), 'string')
  assert.deepEqual(decoded(coded(many)), many)
  assert.equal(coded(Buffer.alloc(1000, 1)), '\u0001'.repeat(1000), 'what is short is text')
  const lines = '"quoted"\t\\\n'.repeat(2 ** 17)
  assert.equal(coded(Buffer.from(lines)), lines, 'escapes of two letters do not count')
  const colours = 'the usual length of a line \u001b[31m and its end\n'.repeat(2 ** 16)
  assert.equal(coded(Buffer.from(colours)), colours)
})

test('one line with the names of the result', () => {
  const text = [
    ...resultJson(
      result({
        exitCode: 0,
        stdout: Buffer.from('line\nline\n'),
        stderr: Uint8Array.of(0xff),
        files: {
          text: { contents: Buffer.from('a'), mode: 0o644 },
          bytes: { contents: Uint8Array.of(0xc3), mode: 0o755 },
        },
      }),
    ),
  ].join('')
  assert.match(text, /^\{[^\n]*\}\n$/)
  const document = JSON.parse(text) as Record<string, unknown>
  assert.deepEqual(
    [document['status'], document['exitCode'], document['stdout'], document['stderr'], document['files']],
    [
      ...['exited', 0, 'line\nline\n', { base64: '/w==' }],
      { text: { contents: 'a', mode: 0o644 }, bytes: { contents: { base64: 'ww==' }, mode: 0o755 } },
    ],
  )
  assert.deepEqual(Object.keys(document).toSorted(), [...Object.keys(result({})), 'exitCode'].toSorted())
})

test('a byte order mark is a part of the text', () => {
  assert.equal(coded(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), '\ufeffa')
})
