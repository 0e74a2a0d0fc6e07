/**
 * --trace-fds, an option of newer versions of strace: calls are selected by the descriptors that
 * they take, and by paths as well if -P is given.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { strace } from './support/strace.js'

const SCRIPT = 'echo one; echo two >&2; read line < /dev/null'

/** The calls of the script, of which each writes or reads with a descriptor of its own. */
function selected(...options: readonly string[]): readonly string[] {
  const { err } = strace('-e', 'trace=write,read,dup2,getppid', ...options, 'sh', '-c', SCRIPT)
  return err
    .split('\n')
    .filter(line => /^\w+\(/.test(line) && !/ELF/.test(line))
    .map(line => line.replace(/ += .*/, ''))
}

const ONE = 'write(1, "one\\n", 4)'
/** Descriptor 1 is that of 2 while the shell writes the second line. */
const TWO = 'dup2(2, 1)'

test('--trace-fds shows the calls with one of the descriptors, in any of their arguments', () => {
  const one = selected('--trace-fds=1')
  assert.ok(one.includes(ONE) && one.includes(TWO), one.join('\n'))
  const two = selected('--trace-fds=2')
  assert.deepEqual(two, [TWO])
})

test('all its spellings mean the same; the set may be inverted', () => {
  const expected = selected('--trace-fds=1,2')
  assert.ok(expected.includes(ONE))
  for (const name of ['trace-fds', 'trace-fd', 'fds', 'fd'])
    assert.deepEqual(selected('-e', `${name}=1,2`), expected)
  const others = selected('-e', 'fds=!1')
  assert.ok(!others.includes(ONE) && others.includes('read(0, "", 1)'), others.join('\n'))
  assert.ok(!others.some(line => line.startsWith('getppid')))
})

test('with -P, a call is shown for either of the two', () => {
  const either = selected('--trace-fds=1', '-P', '/dev/null')
  assert.ok(either.includes(ONE) && either.includes('read(0, "", 1)'), either.join('\n'))
  assert.ok(!selected('--trace-fds=1').includes('read(0, "", 1)'))
})

test('a set that is none is refused', () => {
  const { code, err } = strace('--trace-fds=x', 'true')
  assert.equal(code, 1)
  assert.match(err, /invalid descriptor 'x'/)
})
