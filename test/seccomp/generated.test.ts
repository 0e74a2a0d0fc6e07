/** The generated filter is what the default policy compiles to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileAnew, compileFilter } from '#glassbox/runners/namespace/filter.js'
import { DEFAULT_POLICY } from '#glassbox/seccomp/defaults.js'

test('the default filter that is checked in is what its policy compiles to; else generate it again', () => {
  const { bytes, early, listens } = compileFilter(undefined)
  const anew = compileAnew(DEFAULT_POLICY)
  assert.ok(Buffer.from(bytes).equals(anew.bytes), 'run: node scripts/seccomp/generate.mjs')
  assert.deepEqual([early, listens], [anew.early, anew.listens])
})
