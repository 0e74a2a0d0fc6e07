/**
 * What poll and select say of many descriptors that are ready ends where strace's text ends, with
 * the time that is left or without it.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { noStrace, OURS, runTracer, THEIRS } from './support/strace.js'

function linesOf(context: TestContext, tracer: readonly string[], options: readonly string[]): string[] {
  const file = join(temporaryDirectory(context), 'trace')
  const calls = 'trace=poll,ppoll,select,pselect6'
  runTracer(tracer, ['-o', file, '-e', calls, ...options, program('many-ready')])
  return readFileSync(file, 'latin1')
    .replaceAll(/tv_nsec=4\d{8}/g, 'tv_nsec=N')
    .split('\n')
}

for (const options of [['-v'], ['-X', 'raw', '-v'], ['-s', '40'], ['-s', '0'], []])
  test(`the lists end where strace's end ${options.join(' ')}`, { skip: noStrace }, context => {
    const theirs = linesOf(context, THEIRS, options)
    assert.ok(theirs.length > 3000, `${theirs.length} lines`)
    const ours = linesOf(context, OURS, options)
    assert.equal(ours.length, theirs.length)
    const different = ours.filter((line, index) => line !== theirs[index])
    assert.equal(
      different
        .map(line => line.slice(-200))
        .slice(0, 10)
        .join('\n'),
      '',
    )
  })
