/**
 * Requests of ioctl(2) to terminals and about network interfaces are told as strace tells them:
 * good and bad, and what has no name.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { program } from '../support/programs.js'
import { both, noStrace } from './support/strace.js'

const OPTIONS = [
  [],
  ['-v'],
  ['-x'],
  ['-X', 'raw'],
  ['-X', 'verbose'],
  ['-e', 'raw=all'],
  ['-e', 'verbose=none'],
] as const

for (const guest of ['terminal', 'interfaces']) {
  for (const options of OPTIONS) {
    test(`${guest} ${options.join(' ')}`, { skip: noStrace }, () => {
      const { ours, theirs } = both([...options, '-e', 'trace=ioctl', '-o', 'FILE', program(guest)])
      assert.ok(theirs.split('\n').length > 250)
      assert.equal(ours, theirs)
    })
  }
}
