/** Durations, sizes and counts: what is typed, and what is printed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatDuration, formatSize } from '#glassbox/cli/units.js'
import { parseCount, parseDuration, parseSize } from '#glassbox/options/units.js'

test('durations with their units', () => {
  for (const [text, ms] of [
    ['1s', 1000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['.5S', 500],
    ['5min', 300_000],
    ['2sec', 2000],
    ['1d', 86_400_000],
    ['unlimited', Infinity],
    ['infinity', Infinity],
  ] as const) {
    assert.equal(parseDuration('--t', text), ms, text)
  }
  for (const text of ['', '5', 's', '-1s', '0s', '1.2.3s', '1 parsec', 'NaN', 'none']) {
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
    ['1.5GiB', 1.5 * 2 ** 30],
    ['unlimited', Infinity],
    ['infinity', Infinity],
  ] as const) {
    assert.equal(parseSize('--s', text), bytes, text)
  }
  for (const text of ['64', '64X', '0B', '-1KiB', '1.0001KiB', 'x', '5constructor', '5__proto__'])
    assert.throws(() => parseSize('--s', text), { option: '--s' }, text)
  for (const text of ['0', '-1', '1.5', '', 'x', '1e3'])
    assert.throws(() => parseCount('--n', text), { option: '--n' }, text)
  assert.equal(parseCount('--n', '12'), 12)
  assert.equal(parseCount('--n', 'infinity'), Infinity)
})

test('a number without a unit, or a spelling of another tool, is answered with the right one', () => {
  for (const [parse, text, hint] of [
    [parseSize, '64', 'Write 64MiB or 64B.'],
    [parseSize, '67108864', 'Write 67108864B.'],
    [parseSize, '-1', 'Write it with a unit, for example 64MiB or 1000B, or unlimited.'],
    [parseDuration, '10', 'Write 10s or 10ms.'],
    [parseSize, '10%', 'Write it with a unit, for example 64MiB or 1000B, or unlimited.'],
    [parseDuration, '1h30m', 'Write it with a unit, for example 1.5s or 250ms, or unlimited.'],
    [parseCount, '-1', 'Write a number, or unlimited.'],
  ] as const)
    assert.throws(() => parse('--x', text), { hint }, text)
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
