/** A program that the tracer may not look at is refused what cannot be judged. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryDirectory } from '../../support/temporary.js'
import { callText } from '../support/call-text.js'
import { pathRule as rule } from '../../support/path-rule.js'
import { decided } from '../support/decided.js'

const skip = process.getuid?.() === 0 && 'root may look at every program'

test('the memory of an undumpable program cannot be read, so its calls are denied', { skip }, context => {
  const top = temporaryDirectory(context)
  // PR_SET_DUMPABLE. Under the guard of supervised programs it has no effect.
  const calls = ['prctl,4,0', `open,s:${top},0`, `stat,s:${top},b`, 'fchmod,1,0600', 'newfstatat,1,s:,b,4096']
  const { lines, denied } = decided(context, calls.map(callText), { rules: [rule('write', '/')] })
  assert.deepEqual(lines[0], '0')
  assert.deepEqual(
    lines.slice(1).map(line => line.split(' ')[0]),
    ['-13', '-13', '-13', '-13'],
  )
  assert.ok(denied.length >= 4)
  for (const line of denied) assert.match(line, /; the program cannot be looked at$/)
})
