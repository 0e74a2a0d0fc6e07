/**
 * The arguments of ioctl requests that scripts/linux/shapes.txt describes are told as strace tells
 * them: filled in many ways, at the end of memory, NULL; of calls that fail and that succeed.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { REQUEST_ARGUMENTS } from '#glassbox/linux/generated/selections.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { differing } from './support/newer.js'
import { both, noStrace } from './support/strace.js'

const version = /version ([\d.]+)/.exec(spawnSync('strace', ['-V'], { encoding: 'utf8' }).stdout)?.[1]
const otherStrace = noStrace || (version !== '6.1' && 'strace is not 6.1')

let known: readonly string[] | undefined

/** strace 6.1 names them, and shows their struct as an address. */
const UNREAD = /\b(UDMABUF_CREATE|UDMABUF_CREATE_LIST|UFFDIO_WRITEPROTECT|UFFDIO_CONTINUE)\b/

/** The requests that strace 6.1 names and reads as well; strace is asked once. */
const knownNumbers = (directory: string): readonly string[] => (known ??= askStrace(directory))

function askStrace(directory: string): readonly string[] {
  const all = Object.keys(REQUEST_ARGUMENTS).map(number => `${number}\n`)
  const file = join(directory, 'all-numbers')
  writeFileSync(file, all.join(''))
  const { ours, theirs } = both(['-e', 'trace=ioctl', '-o', 'FILE', program('requests'), file, '1'])
  const [named, expected] = [calls(ours), calls(theirs)]
  assert.equal(expected.length, all.length)
  const isKnown = (index: number): boolean =>
    !expected[index]?.includes('_IOC(') || named[index]?.includes('_IOC(') === true
  return all.filter((_, index) => isKnown(index) && !UNREAD.test(named[index] ?? ''))
}

const RESULTS = [[], ['-e', 'inject=ioctl:retval=0'], ['-e', 'inject=ioctl:retval=8']] as const
const SPELLINGS = [[], ['-X', 'raw'], ['-X', 'verbose']] as const

/** Without what strace says on stderr of memory that it cannot read. */
const calls = (text: string): readonly string[] => text.split('\n').filter(line => line.startsWith('ioctl('))

for (const spelling of SPELLINGS)
  for (const result of RESULTS)
    test(`requests ${[...spelling, ...result].join(' ')}`, { skip: otherStrace }, context => {
      const directory = temporaryDirectory(context)
      const file = join(directory, 'numbers')
      writeFileSync(file, knownNumbers(directory).join(''))
      for (const pattern of ['1', '3', '8', '9']) {
        const options = ['-e', 'trace=ioctl', ...spelling, ...result, '-o', 'FILE']
        const { ours, theirs } = both([...options, program('requests'), file, pattern])
        const expected = calls(theirs)
        assert.equal(differing(calls(ours), expected).join('\n'), '')
      }
    })

/** Options that change what is shown of a struct. */
const DETAILS = [[], ['-v'], ['-s', '4'], ['-X', 'raw'], ['-X', 'verbose']] as const

for (const detail of DETAILS)
  for (const result of [[], ['-e', 'inject=ioctl:retval=0']] as const)
    test(`structs by their meaning ${[...detail, ...result].join(' ')}`, { skip: otherStrace }, () => {
      const options = ['-e', 'trace=ioctl', ...detail, ...result, '-o', 'FILE']
      const { ours, theirs } = both([...options, program('request-structs')])
      const expected = calls(theirs)
      assert.ok(expected.length > 350)
      assert.deepEqual(calls(ours), expected)
    })
