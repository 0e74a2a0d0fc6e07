/** A directory's names are kept as long as it has not changed, and no longer. */
import assert from 'node:assert/strict'
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { type Listing, listingOf } from '#glassbox/landlock/listing.js'
import { temporaryDirectory } from '../support/temporary.js'

function list(path: string, most = 1000): Listing | undefined {
  const fd = openSync(path, 'r')
  try {
    return listingOf(fd, most)
  } finally {
    closeSync(fd)
  }
}

test('names are read again after every change, and kept otherwise', async context => {
  const top = temporaryDirectory(context)
  const settled = join(top, 'settled')
  mkdirSync(settled)
  for (const name of ['a1', 'a2', 'b1']) writeFileSync(join(settled, name), '')
  assert.notEqual(list(settled), list(settled), 'it was changed just now')
  await sleep(2100)
  const listing = list(settled)
  assert.equal(list(settled), listing)
  assert.deepEqual(listing?.matching('a?').toSorted(), ['a1', 'a2'])
  writeFileSync(join(settled, 'a3'), '')
  assert.deepEqual(list(settled)?.matching('a?').toSorted(), ['a1', 'a2', 'a3'])
  rmSync(join(settled, 'a1'))
  assert.deepEqual(list(settled)?.matching('a?').toSorted(), ['a2', 'a3'])
})

test('directories are told from links and files, and a limit of names is kept', context => {
  const top = temporaryDirectory(context)
  mkdirSync(join(top, 'directory'))
  symlinkSync('directory', join(top, 'link'))
  writeFileSync(join(top, 'file'), '')
  assert.deepEqual(list(top)?.directories, ['directory'])
  assert.equal(list(top)?.size, 3)
  assert.equal(list(top, 3)?.size, 3)
  assert.equal(list(top, 2), undefined)
  // /proc has no clock of its own.
  assert.notEqual(list('/proc/sys'), list('/proc/sys'))
})

test('a directory that is kept obeys a lower limit too', () => {
  const names = readdirSync('/usr/bin').length
  list('/usr/bin', names)
  assert.equal(list('/usr/bin', names - 1), undefined)
})
