/** Stacks of unexpected errors name the sources, although the bundles are minified. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { originalStack } from '#glassbox/cli/original-stack.js'

const bundle = fileURLToPath(new URL('../../../packages/glassbox/dist/command/run.cjs', import.meta.url))

/** The line and column at which the bundle has that text. */
function placeOf(text: string): string {
  const before = readFileSync(bundle, 'latin1').split(text)[0] ?? ''
  const lines = before.split('\n')
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`
}

test('a place of a bundle becomes a place of the sources', () => {
  const place = placeOf('No program was given.')
  const stack = `TypeError: a.b is not a function\n    at x (${bundle}:${place})\n    at ${bundle}:${place}`
  const [message, ...frames] = originalStack(stack).split('\n')
  assert.equal(message, 'TypeError: a.b is not a function')
  assert.equal(frames.length, 2)
  for (const frame of frames) assert.match(frame, /^ {4}at (x )?\(src\/cli\/run\.ts:\d+:\d+\)$/)
})

test('places that have no map stay as they are', () => {
  const stack = [
    'Error: no',
    '    at f (/nowhere/to/be/found.cjs:1:2)',
    '    at Module._compile (node:internal/modules/cjs/loader:1554:14)',
  ].join('\n')
  assert.equal(originalStack(stack), stack)
})
