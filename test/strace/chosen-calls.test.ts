/**
 * Calls that are chosen by a seed, with odd arguments and odd memory, have the text that strace
 * gives them. GLASSBOX_SEED chooses others, GLASSBOX_FUZZ more of them (at most 8192 a row);
 * GLASSBOX_CALLS names the calls to choose from.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryDirectory } from '../support/temporary.js'
import { chosen, differences, linesBy, type Result } from './support/chosen-calls.js'
import { notConfined, THEIRS } from './support/strace.js'

const SEED = Number(process.env['GLASSBOX_SEED'] ?? 20261130)
const COUNT = Number(process.env['GLASSBOX_FUZZ'] ?? 1500)
const CALLS = process.env['GLASSBOX_CALLS'] ?? ''

/** An error shows what is read at the entry, a result what is read at the exit. */
const ROWS: readonly (readonly [result: Result, options: readonly string[]])[] = [
  ['error=ENOSYS', []],
  ['retval=0', []],
  ['retval=1', []],
  ['retval=33', []],
  ['error=EFAULT', ['-v', '-s', '4']],
  ['retval=0', ['-v']],
  ['error=EINVAL', ['-X', 'raw']],
  ['error=EINVAL', ['-e', 'verbose=none']],
  ['retval=1', ['-xx']],
  ['error=EBADF', ['-y']],
  ['retval=0', ['-e', 'raw=all']],
]

/** For calls of the other ABIs, which have their own tables, widths and structs. */
const OTHER_ROWS: readonly (readonly [result: Result, options: readonly string[]])[] = [
  ['error=ENOSYS', []],
  ['retval=0', ['-v']],
  ['retval=33', ['-X', 'raw']],
  ['error=EINVAL', ['-e', 'raw=all']],
]
const OTHER_COUNT = Math.ceil(COUNT / 2)

/** So many differences are told. */
const MOST_TOLD = 20

const CASES = [
  ...ROWS.map(row => ['x86-64', COUNT, row] as const),
  ...(['i386', 'x32'] as const).flatMap(gate => OTHER_ROWS.map(row => [gate, OTHER_COUNT, row] as const)),
]

for (const [row, [gate, count, [result, options]]] of CASES.entries())
  test(`chosen calls of ${gate}, ${result} ${options.join(' ')}`, { skip: notConfined }, context => {
    const records = chosen(SEED + row, count, gate, CALLS)
    const found = differences(temporaryDirectory(context), records, result, options)
    const told = found.slice(0, MOST_TOLD).map(({ ours, theirs }) => `ours    ${ours}\nstrace  ${theirs}`)
    assert.equal(told.join('\n'), '', `${found.length} differences`)
  })

for (const gate of ['x86-64', 'i386', 'x32'] as const)
  test(`the control: hundreds of calls of ${gate}, one line each`, { skip: notConfined }, context => {
    const lines = linesBy(temporaryDirectory(context), THEIRS, chosen(SEED, 1500, gate), 'error=ENOSYS', [])
    const names = new Set(lines.flatMap(line => /^[\w#]+(?=\()/.exec(line) ?? []))
    assert.ok(lines.length >= 1500, `${lines.length} lines`)
    assert.ok(names.size >= 250, `${names.size} calls`)
  })
