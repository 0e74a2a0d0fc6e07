/** The runner of the tests itself, on small files made for it: what fails a run, what it says. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../support/temporary.js'

const runner = fileURLToPath(new URL('../../../scripts/run-tests.mjs', import.meta.url))

const file = (body: string): string =>
  `const { existsSync, writeFileSync } = require('node:fs'), { test } = require('node:test')\n${body}`

const PASSES = file(`test('well', () => {})`)
const FAILS = file(`test('ill', () => { throw new Error('as ever') })`)
const SKIPS = file(`test('not here', { skip: 'needs a moon' }, () => {})`)
/** Fails in its first run only. */
const failsOnce = (mark: string): string =>
  file(`test('at times', () => {
    if (existsSync('${mark}')) return
    writeFileSync('${mark}', '')
    throw new Error('the first time')
  })`)
const LEAVES_FILE = file(
  `test('well', () => writeFileSync(require('node:os').tmpdir() + '/forgotten-file', ''))`,
)
const LEAVES_PROCESS = file(`test('well', () => {
  require('node:child_process').spawn('sleep', ['25'], { detached: true, stdio: 'ignore' }).unref()
})`)

/** Fails if a program of the test gets more descriptors than the three of its streams. */
const COUNTS_DESCRIPTORS = file(`test('three', () => {
  const { spawnSync } = require('node:child_process')
  const { stdout } = spawnSync('/bin/sh', ['-c', 'echo /proc/$$/fd/5?'], { encoding: 'utf8' })
  require('node:assert').match(stdout, /fd.5\\?/)
})`)

interface Ran {
  readonly code: number | null
  readonly text: string
  /** The line that CI reads. */
  readonly last: string | undefined
}

/**
 * Runs files of these names and contents as the suite is run, from a shell that has run the line
 * `before`.
 */
function runFiles(context: TestContext, files: Readonly<Record<string, string>>, before = ':'): Ran {
  const directory = temporaryDirectory(context)
  const root = join(directory, 'root')
  mkdirSync(root)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, `${name}.test.js`), text)
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const words = ['-c', `${before}; exec "$@"`, 'bash', process.execPath, runner, '--built', '--root', root]
  const { status, stdout, stderr } = spawnSync('/bin/bash', words, { encoding: 'utf8', env })
  assert.equal(stderr, '')
  return { code: status, text: stdout, last: stdout.trim().split('\n').at(-1) }
}

test('a run that passes ends with its counts', context => {
  const { code, last, text } = runFiles(context, { a: PASSES, b: SKIPS })
  assert.deepEqual([code, last], [0, '1 passed, 0 failed, 1 skipped'])
  assert.match(text, /skipped: .*needs a moon/)
})

test('a file that fails twice fails the run, and is counted once', context => {
  const { code, last, text } = runFiles(context, { a: PASSES, b: FAILS })
  assert.deepEqual([code, last], [1, '1 passed, 1 failed'])
  assert.equal(text.match(/^FAIL b/gm)?.length, 2)
  assert.doesNotMatch(text, /^FLAKY/m)
})

test('a file that fails once and passes alone is printed as flaky with its first output', context => {
  const mark = join(temporaryDirectory(context), 'mark')
  const { code, last, text } = runFiles(context, { a: failsOnce(mark), b: PASSES })
  assert.deepEqual([code, last], [0, '2 passed, 0 failed'])
  const [, told = ''] = text.split('\nFLAKY\n')
  assert.match(told, /^a\.test\.js: 1 failed/)
  assert.match(told, /the first time/)
})

test('a file that ends without its tests is a failure', context => {
  assert.deepEqual(runFiles(context, { a: 'process.exit(3)' }).last, '0 passed, 1 failed')
  assert.deepEqual(runFiles(context, { a: 'process.exit(0)' }).last, '0 passed, 1 failed')
  assert.deepEqual(runFiles(context, { a: 'not javascript' }).last, '0 passed, 1 failed')
})

test('no file at all is a failure', context => {
  const { code, last } = runFiles(context, {})
  assert.deepEqual([code, last], [1, '0 passed, 0 failed'])
})

test('what a test leaves behind fails the run, and is named', context => {
  const { code, last, text } = runFiles(context, { a: LEAVES_FILE, b: LEAVES_PROCESS })
  assert.deepEqual([code, last], [1, '2 passed, 1 failed'])
  const [, left = ''] = text.split('\nLEFT BEHIND\n')
  assert.match(left, /^temporary file: .*\/forgotten-file$/m)
  const [, pid] = /^process: (\d+) sleep 25$/m.exec(left) ?? []
  assert.ok(pid !== undefined, left)
  process.kill(Number(pid))
})

test('programs of tests do not get descriptors that whoever started the run left open', context => {
  const { code, text } = runFiles(context, { a: COUNTS_DESCRIPTORS }, 'exec 50</dev/null')
  assert.equal(code, 0, text)
})
