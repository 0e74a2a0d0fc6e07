/** One call of the addon finds the first of many files that has changed. */
import assert from 'node:assert/strict'
import { chmodSync, lstatSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { firstChanged } from '#glassbox/gate/changes.js'
import { temporaryDirectory } from '../support/temporary.js'

const NAMES = ['a', 'b', 'c']

function files(context: TestContext): { readonly at: (name: string) => string; readonly paths: Uint8Array } {
  const directory = temporaryDirectory(context)
  const at = (name: string): string => join(directory, name)
  for (const name of ['a', 'b']) writeFileSync(at(name), name)
  symlinkSync('nowhere', at('c'))
  return { at, paths: Buffer.from(NAMES.map(name => `${at(name)}\0`).join('')) }
}

const timesOf = (at: (name: string) => string): Uint8Array =>
  new Uint8Array(BigUint64Array.from(NAMES, name => lstatSync(at(name), { bigint: true }).ctimeNs).buffer)

test('files that are what they were, and a link that leads nowhere, have not changed', context => {
  const { at, paths } = files(context)
  assert.equal(firstChanged(paths, timesOf(at)), -1)
  assert.equal(firstChanged(new Uint8Array(), new Uint8Array()), -1)
})

test('the first file that was changed, closed to others or removed is told by its index', context => {
  const { at, paths } = files(context)
  const times = timesOf(at)
  rmSync(at('c'))
  assert.equal(firstChanged(paths, times), 2)
  chmodSync(at('b'), 0o600)
  assert.equal(firstChanged(paths, times), 1)
  writeFileSync(at('a'), 'other')
  assert.equal(firstChanged(paths, times), 0)
})

test('a path without a time counts as changed; paths that do not end are refused', context => {
  const { at, paths } = files(context)
  assert.equal(firstChanged(paths, timesOf(at).subarray(0, 16)), 2)
  assert.equal(firstChanged(paths, timesOf(at).subarray(0, 23)), 2)
  assert.throws(() => firstChanged(paths.subarray(0, -1), timesOf(at)), TypeError)
})
