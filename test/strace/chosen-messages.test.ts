/**
 * Netlink messages that are chosen by a seed have the text that strace gives them. Nothing is sent
 * or received: both tracers inject results. GLASSBOX_SEED chooses others, GLASSBOX_FUZZ more of
 * them (at most 8192 a row), GLASSBOX_PROTOCOLS names protocols by their numbers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryDirectory } from '../support/temporary.js'
import type { Result } from './support/chosen-calls.js'
import { chosenMessages, messageDifferences, messageLines } from './support/netlink-messages.js'
import { notConfined, THEIRS } from './support/strace.js'

const SEED = Number(process.env['GLASSBOX_SEED'] ?? 20261130)
const COUNT = Number(process.env['GLASSBOX_FUZZ'] ?? 700)
const PROTOCOLS = (process.env['GLASSBOX_PROTOCOLS'] ?? '').split(',').filter(Boolean).map(Number)

type Calls = Parameters<typeof chosenMessages>[2]

const ROWS: readonly (readonly [calls: Calls, result: Result, options: readonly string[]])[] = [
  [['sendto'], 'retval=1000', []],
]

/** So many differences are told. */
const MOST_TOLD = 20

for (const [row, [calls, result, options]] of ROWS.entries())
  test(`${calls.join(', ')} ${result} ${options.join(' ')}`, { skip: notConfined }, context => {
    const records = chosenMessages(SEED + row, COUNT, calls, PROTOCOLS)
    const found = messageDifferences(temporaryDirectory(context), records, result, options)
    const told = found.slice(0, MOST_TOLD).map(({ ours, theirs }) => `ours    ${ours}\nstrace  ${theirs}`)
    assert.equal(told.join('\n'), '', `${found.length} differences`)
  })

test('the control: each message is shown, of many types', { skip: notConfined }, context => {
  const records = chosenMessages(SEED, 700, ['sendto'])
  const lines = messageLines(temporaryDirectory(context), THEIRS, records, 'retval=1000', [])
  const types = new Set(
    lines.flatMap(line => [...line.matchAll(/nl\w+_type=([A-Z]\w+)/g)].map(([, type]) => type)),
  )
  assert.equal(lines.length, 700)
  assert.ok(types.size >= 200, `${types.size} types`)
})
