/** The order in which a program writes to stdout and stderr, as far as one reader can see it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { assertNoGroupsLeft, glassbox, viaBash } from '../support/command.js'
import { temporaryDirectory } from '../support/temporary.js'

after(assertNoGroupsLeft)

const SCRIPT = 'for i in 1 2 3 4 5; do echo out; echo err >&2; done'
const RUN = `"$@" run --quiet -- sh -c '${SCRIPT}'`
const IN_ORDER = 'out\nerr\n'.repeat(5)
const [OUT, ERR] = ['out\n'.repeat(5), 'err\n'.repeat(5)]

test('the program itself writes in that order', () => {
  assert.equal(viaBash(`sh -c '${SCRIPT}' 2>&1 | cat`).out, IN_ORDER)
})

test('where the command’s stdout and stderr are one place, the order is kept', context => {
  const cwd = temporaryDirectory(context)
  assert.equal(viaBash(`${RUN} 2>&1 | cat`).out, IN_ORDER, 'a pipe')
  viaBash(`${RUN} > log 2>&1`, { cwd })
  assert.equal(readFileSync(join(cwd, 'log'), 'utf8'), IN_ORDER, 'a file')
  viaBash(`${RUN} >> appended 2>> appended`, { cwd })
  assert.equal(readFileSync(join(cwd, 'appended'), 'utf8'), IN_ORDER, 'a file that was opened twice')
  const terminal = `python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' ${RUN}`
  assert.equal(viaBash(terminal).out.replaceAll('\r', ''), IN_ORDER, 'a terminal')
})

test('where they are two places, they stay two', context => {
  const cwd = temporaryDirectory(context)
  const { out, err } = viaBash(RUN)
  assert.deepEqual([out, err], [OUT, ERR])
  viaBash(`${RUN} > one 2> two`, { cwd })
  assert.deepEqual(
    [readFileSync(join(cwd, 'one'), 'utf8'), readFileSync(join(cwd, 'two'), 'utf8')],
    [OUT, ERR],
  )
  const { stdout, stderr } = JSON.parse(
    viaBash(`"$@" run --json -- sh -c '${SCRIPT}' 2>&1 | cat`).out,
  ) as Record<string, string>
  assert.deepEqual([stdout, stderr], [OUT, ERR], 'a document keeps them apart')
})

test('--stderr stdout joins them wherever they go', context => {
  const cwd = temporaryDirectory(context)
  const run = (...words: readonly string[]): string =>
    glassbox(['run', ...words, '--', 'sh', '-c', SCRIPT], { cwd }).out
  assert.equal(run('--quiet', '--stderr', 'stdout'), IN_ORDER)
  const { stdout, stderr } = JSON.parse(run('--json', '--stderr', 'stdout')) as Record<string, string>
  assert.deepEqual([stdout, stderr], [IN_ORDER, ''])
  assert.equal(run('--quiet', '--stdout', 'log', '--stderr', 'stdout'), '')
  assert.equal(readFileSync(join(cwd, 'log'), 'utf8'), IN_ORDER)
  run('--quiet', '--stderr', './stdout')
  assert.equal(readFileSync(join(cwd, 'stdout'), 'utf8'), ERR, 'a file of that name is named with a slash')
})
