/**
 * Socket options are told as strace tells them: each level, each name, values of many lengths at
 * the end of memory, set and read; of calls that fail and that succeed.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { program } from '../support/programs.js'
import { differing } from './support/newer.js'
import { both, noStrace } from './support/strace.js'

const version = /version ([\d.]+)/.exec(spawnSync('strace', ['-V'], { encoding: 'utf8' }).stdout)?.[1]
const otherStrace = noStrace || (version !== '6.1' && 'strace is not 6.1')

/**
 * On purpose: the times of a socket have their everyday names, and are shown as times
 * (docs/tracing.md). Not yet: groups with an address of any family.
 */
const TIMES = /SO_(RCV|SND)TIMEO|MCAST_(JOIN|LEAVE)_GROUP/

const calls = (text: string): readonly string[] =>
  text.split('\n').filter(line => /^.etsockopt\(/.test(line) && !TIMES.test(line))

for (const way of ['set', 'get'])
  for (const options of [[], ['-e', 'inject=getsockopt:retval=0']])
    if (way === 'get' || options.length === 0)
      test(`${way}sockopt ${options.join(' ')}`, { skip: otherStrace }, () => {
        const trace = ['-e', `trace=${way}sockopt`, ...options, '-o', 'FILE']
        const { ours, theirs } = both([...trace, program('socket-options'), way])
        const expected = calls(theirs)
        assert.ok(expected.length > 1000, `${expected.length} calls`)
        assert.equal(differing(calls(ours), expected).slice(0, 20).join('\n'), '')
      })
