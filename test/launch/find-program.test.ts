/** Which file a name means, as execvp(3) finds it. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { findInPath, programPath } from '#glassbox/launch/find-program.js'
import { temporaryDirectory } from '../support/temporary.js'

/** `a/tool` may not be executed, `b/tool` is a directory, `c/tool` is a program. */
function directories(context: TestContext): string {
  const root = temporaryDirectory(context)
  for (const name of ['a', 'b', 'c']) mkdirSync(join(root, name))
  writeFileSync(join(root, 'a/tool'), '#!/bin/sh\n', { mode: 0o644 })
  mkdirSync(join(root, 'b/tool'))
  writeFileSync(join(root, 'c/tool'), '#!/bin/sh\n')
  chmodSync(join(root, 'c/tool'), 0o755)
  return root
}

test('the first program of that name is found; other files are passed over', context => {
  const root = directories(context)
  const path = ['a', 'b', 'nowhere', 'c'].map(name => join(root, name)).join(':')
  assert.equal(findInPath('tool', { path }), join(root, 'c/tool'))
  assert.equal(findInPath('other', { path }), undefined)
  assert.equal(findInPath('', { path }), undefined)
})

test('relative directories count only where there is a directory that they are relative to', context => {
  const root = directories(context)
  assert.equal(findInPath('tool', { path: 'c' }), undefined)
  assert.equal(findInPath('tool', { path: 'c', cwd: root }), 'c/tool')
  assert.equal(findInPath('tool', { path: '', cwd: join(root, 'c') }), './tool')
})

test('a directory of PATH that leads elsewhere by dots is spelled as what it means', context => {
  const root = directories(context)
  assert.equal(findInPath('tool', { path: `${root}/a/../c/` }), join(root, 'c/tool'))
})

test('a name with a slash stands for itself, and is missed if it is not there', context => {
  const root = directories(context)
  assert.equal(programPath('./c/tool', root), './c/tool')
  assert.throws(() => programPath('./c/none', root), { code: 'ERR_GLASSBOX_PROGRAM_NOT_FOUND' })
  assert.throws(() => programPath('no-such-program', root), { code: 'ERR_GLASSBOX_PROGRAM_NOT_FOUND' })
})
