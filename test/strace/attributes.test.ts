/**
 * Calls whose command selects a struct of many versions, bpf(2) and io_uring_register(2), are told
 * as strace 6.1 tells them: by the size that the call gives, with what lies behind, and where
 * memory ends.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { program } from '../support/programs.js'
import { differing } from './support/newer.js'
import { both, noStrace } from './support/strace.js'

const version = /version ([\d.]+)/.exec(spawnSync('strace', ['-V'], { encoding: 'utf8' }).stdout)?.[1]
const skip = noStrace || (version !== '6.1' && 'strace is not 6.1')

const OPTIONS = [
  [],
  ['-v'],
  ['-X', 'raw'],
  ['-X', 'verbose'],
  ['-e', 'raw=all'],
  ['-e', 'verbose=none'],
] as const

const PROGRAMS = [
  ['bpf-calls', 'bpf', 4000],
  ['ring-calls', 'io_uring_register,io_uring_setup,io_uring_enter', 1400],
] as const

for (const [guest, calls, least] of PROGRAMS) {
  for (const options of OPTIONS) {
    test(`${guest} ${options.join(' ')}`, { skip }, () => {
      const { ours, theirs } = both([...options, '-e', `trace=${calls}`, '-o', 'FILE', program(guest)])
      // Without the notes of what could not be read, which come before.
      const [mine, others] = [ours, theirs].map(text => text.slice(text.indexOf('-- file')).split('\n'))
      assert.ok((others?.length ?? 0) > least)
      assert.equal(differing(mine ?? [], others ?? []).join('\n'), '')
    })
  }
}
