/** Names of files are data: no message lets a terminal obey them. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { printable } from '#glassbox/printable.js'
import { assertNoGroupsLeft, glassbox } from '../support/command.js'
import { temporaryDirectory } from '../support/temporary.js'

after(assertNoGroupsLeft)

/**
 * Clears the screen; a second line that says something else; turns the order of letters; a single
 * letter that is all that.
 */
const HOSTILE = 'no\u001b[2J\nglassbox: exited with code 0 · all is well\r\u202efdp.exe\u009b31m'
const ESCAPED = 'no\\x1b[2J\\nglassbox: exited with code 0 · all is well\\r\\u202efdp.exe\\x9b31m'

// oxlint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/

test('what a terminal obeys is written as an escape, everything else as it is', () => {
  assert.equal(printable(HOSTILE), ESCAPED)
  for (const plain of ['/usr/bin/python3', 'naïve 漢字 😀 “quotes” \\ "', ''])
    assert.equal(printable(plain), plain)
  assert.equal(printable('\ud800x'), '\\ud800x')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      assert.equal(OBEYED.test(printable(text)), false)
      assert.equal(printable(printable(text)), printable(text))
    }),
  )
})

test('every message that holds a name of the caller’s or the program’s holds it escaped', context => {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o755)
  mkdirSync(join(directory, HOSTILE))
  writeFileSync(join(directory, `${HOSTILE}.txt`), '')
  const cases: readonly (readonly string[])[] = [
    ['run', `./${HOSTILE}`],
    ['run', `./${HOSTILE}.txt`],
    ['run', HOSTILE],
    ['run', `--${HOSTILE}`, 'true'],
    ['run', '--stdin', HOSTILE, 'true'],
    ['run', '--stdout', `/nowhere/${HOSTILE}`, 'true'],
    ['run', '--trace', `/nowhere/${HOSTILE}`, 'true'],
    ['run', '--copy-in', `nowhere${HOSTILE}`, 'true'],
    ['run', '--copy-out', HOSTILE.replaceAll(':', '\\:'), 'true'],
    ['run', '--copy-out', `x:/nowhere/${HOSTILE}`, 'true'],
    ['run', '--bind', `/nowhere/${HOSTILE.replaceAll(':', '\\:')}`, 'true'],
    ['run', '--cwd', `/${HOSTILE}`, 'true'],
    ['run', '--deny', HOSTILE, 'true'],
    ['run', '--memory', HOSTILE, 'true'],
    ['strace', `./${HOSTILE}`],
    ['strace', '-o', `/nowhere/${HOSTILE}`, 'true'],
    ['strace', '-e', HOSTILE, 'true'],
    ['strace', `--${HOSTILE}`, 'true'],
    ['completion', HOSTILE],
    ['doctor', HOSTILE],
    [HOSTILE],
  ]
  for (const words of cases) {
    const { code, err } = glassbox(words, { cwd: directory, env: { NO_COLOR: '1' } })
    assert.notEqual(code, 0, words.join(' '))
    assert.equal(OBEYED.test(err), false, JSON.stringify([words, err]))
    assert.ok(err.includes('\\n'), `the name is told: ${err}`)
    assert.doesNotMatch(err, /^glassbox: exited with code 0 · all/m, 'no forged line')
  }
})
