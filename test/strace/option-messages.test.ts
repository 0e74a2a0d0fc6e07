/**
 * What is said of the options, sound and unsound, beside strace: errors, warnings, and their
 * order. Ours are parsed here, because starting the command for each row would take minutes.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { straceOptions } from '#glassbox/cli/strace/options.js'
import { GlassboxError } from '#glassbox/errors.js'
import { ROWS } from './support/option-rows.js'
import { noStrace, runTracer, THEIRS } from './support/strace.js'

/** It is looked for after the last option was examined, and strace ends without a trace. */
const PROGRAM = '/nonexistent/program'
const AFTERWARDS = /^strace: (Can't|attach: )/

const messages = (lines: readonly string[]): string => lines.map(line => `${line}\n`).join('')

function ours(words: readonly string[]): string {
  const warnings: string[] = []
  const said = (): string[] => warnings.map(warning => `strace: ${warning}`)
  try {
    straceOptions(words, warnings)
    return messages(said())
  } catch (error) {
    if (!(error instanceof GlassboxError)) throw error
    return messages([...said(), `strace: ${error.message}`, ...(error.hint ? [error.hint] : [])])
  }
}

function theirs(words: readonly string[]): string {
  const lines = runTracer(THEIRS, words).err.split('\n')
  return messages(lines.filter(line => /^(strace: |Try 'strace)/.test(line) && !AFTERWARDS.test(line)))
}

test('the same is said of the options, in the same order', { skip: noStrace }, () => {
  const differ = ROWS.flatMap(row => {
    const words = [...row, PROGRAM]
    const [actual, expected] = [ours(words), theirs(words)]
    return actual === expected ? [] : [{ words: words.join(' '), ours: actual, strace: expected }]
  })
  assert.deepEqual(differ, [])
})

test('without a program', { skip: noStrace }, () => {
  const rows = [[], ['-D'], ['-D', '-p', '1'], ['-p', ''], ['-f', '-o'], ['-o'], ['--output'], ['-e']]
  for (const words of rows) assert.equal(ours(words), theirs(words), words.join(' '))
})
