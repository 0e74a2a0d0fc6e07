/** Requests to terminals are told as strace tells them: modes of all sorts, good and bad, and what has no name. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { program } from '../support/programs.js'
import { both, noStrace } from './support/strace.js'

for (const options of [
  [],
  ['-v'],
  ['-x'],
  ['-X', 'raw'],
  ['-X', 'verbose'],
  ['-e', 'raw=all'],
  ['-e', 'verbose=none'],
]) {
  test(`modes, sizes, groups and lines of a terminal ${options.join(' ')}`, { skip: noStrace }, () => {
    const { ours, theirs } = both([...options, '-e', 'trace=ioctl', '-o', 'FILE', program('terminal')])
    assert.ok(theirs.split('\n').length > 400)
    assert.equal(ours, theirs)
  })
}
