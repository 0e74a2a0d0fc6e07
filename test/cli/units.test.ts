/** Durations, sizes and counts: what is typed, and what is printed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatDuration, formatSize, parseCount, parseDuration, parseSize } from '#glassbox/cli/units.js'

test('durations with their units', () => {
  for (const [text, ms] of [
    ['1s', 1000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['.5S', 500],
    ['unlimited', Infinity],
  ] as const) {
    assert.equal(parseDuration('--t', text), ms, text)
  }
  for (const text of ['', '5', 's', '-1s', '0s', '1.2.3s', '1 parsec', 'NaN', 'Infinity']) {
    assert.throws(() => parseDuration('--t', text), { option: '--t' }, text)
  }
})

test('sizes with their units', () => {
  for (const [text, bytes] of [
    ['64MiB', 2 ** 26],
    ['1GiB', 2 ** 30],
    ['10MB', 1e7],
    ['1.5KiB', 1536],
    ['7B', 7],
    ['64M', 2 ** 26],
    ['64m', 2 ** 26],
    ['64Mi', 2 ** 26],
    ['1G', 2 ** 30],
    ['3k', 3072],
    ['2TiB', 2 ** 41],
    ['64mb', 64e6],
    ['unlimited', Infinity],
  ] as const) {
    assert.equal(parseSize('--s', text), bytes, text)
  }
  for (const text of ['64', '64X', '0B', '-1KiB', '1.0001KiB', 'x', '5constructor', '5__proto__'])
    assert.throws(() => parseSize('--s', text), { option: '--s' }, text)
  for (const text of ['0', '-1', '1.5', '', 'x', '1e3'])
    assert.throws(() => parseCount('--n', text), { option: '--n' }, text)
  assert.equal(parseCount('--n', '12'), 12)
})

test('what is printed can be read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), bytes => {
      const [number = '', unit = ''] = formatSize(bytes).split(' ')
      const again =
        Number(number) * { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }[unit as 'B']
      assert.ok(Math.abs(again - bytes) <= bytes * 0.01 + 1, `${bytes} as ${number} ${unit}`)
    }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), ms => {
      const again = parseDuration('--t', formatDuration(ms).replace(' ', ''))
      assert.ok(Math.abs(again - ms) <= ms * 0.01 + 1)
    }),
  )
})
