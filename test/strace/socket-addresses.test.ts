/**
 * Socket addresses of every family and control messages of every level are shown as strace shows
 * them: all lengths, values with names and without, at the end of memory.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { differing } from './support/newer.js'
import { noStrace, OURS, runTracer, THEIRS } from './support/strace.js'

const version = /version ([\d.]+)/.exec(spawnSync('strace', ['-V'], { encoding: 'utf8' }).stdout)?.[1]
const otherStrace = noStrace || (version !== '6.1' && 'strace is not 6.1')

/** The groups of the guest, their calls, and the least number of lines. */
const GROUPS = [
  ['addresses', 'connect', 10_000],
  ['named', 'connect', 900],
  ['control', 'sendmsg', 5000],
] as const

const OPTIONS: readonly (readonly string[])[] = [[], ['-X', 'raw'], ['-X', 'verbose']]

function linesOf(context: TestContext, tracer: readonly string[], args: readonly string[], call: string) {
  const file = join(temporaryDirectory(context), 'trace')
  runTracer(tracer, ['-o', file, ...args])
  return readFileSync(file, 'latin1')
    .replaceAll(/0x7[0-9a-f]{11}\b/g, 'ADDR')
    .split('\n')
    .filter(line => line.startsWith(call))
}

// Spellings of names need the values that have them, not every length.
for (const [group, call, least] of GROUPS)
  for (const options of group === 'named' ? OPTIONS : [[]])
    test(`${group} ${options.join(' ')}`, { skip: otherStrace }, context => {
      const args = ['-e', `trace=${call}`, ...options, program('socket-addresses'), group]
      const expected = linesOf(context, THEIRS, args, call)
      const lines = linesOf(context, OURS, args, call)
      assert.ok(expected.length > least, `${expected.length} calls`)
      assert.equal(differing(lines, expected).slice(0, 20).join('\n'), '')
    })
