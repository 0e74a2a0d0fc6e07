/**
 * With each option that has a line program, the text is that of strace, and the same whether the
 * native step or the decoder makes it. One thread, so that the order of lines is certain; those of
 * several threads are in lane-threads.test.ts.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryDirectory } from '../support/temporary.js'
import { normalized, noStrace, OURS, runTracer, THEIRS } from './support/strace.js'

const PROGRAMS: readonly (readonly string[])[] = [
  ['ls', '-l', 'd'],
  ['ls', '-lR', '.'],
  ['cat', 'text', 'bytes', 'missing'],
  ['stat', 'text', 'd', '/dev/null'],
  ['cp', '-a', 'd', 'e'],
  ['find', '.', '-type', 'f', '-size', '+0'],
  ['od', '-c', 'bytes'],
  ['sort', '-r', 'text'],
  ['wc', 'text', 'bytes'],
  ['head', '-c', '5', 'bytes'],
  ['sed', '-n', '1p', 'text'],
  ['cut', '-c', '1-3', 'text'],
  ['touch', '-d', '2001-02-03', 'text'],
  ['mv', 'text', 'moved'],
  ['rm', '-r', 'd'],
  ['ln', '-s', 'text', 'link2'],
  ['mkdir', '-p', 'a/b/c'],
  ['chmod', '600', 'text'],
  ['dd', 'if=bytes', 'of=out', 'bs=7', 'count=3', 'status=none'],
  ['readlink', '-f', 'link'],
  ['env', '-i', '/bin/true'],
  ['df', '.'],
]

const OPTIONS: readonly (readonly string[])[] = [
  [],
  ['-t'],
  ['-tt'],
  ['-ttt'],
  ['-r'],
  ['-T'],
  ['-r', '-tt', '-T', '-n'],
  ['--relative-timestamps=ns', '--absolute-timestamps=format:unix,precision:ms', '--syscall-times=ns'],
  ['-n'],
  ['-i'],
  ['-z'],
  ['-Z'],
  ['-v'],
  ['-v', '-x'],
  ['-x', '-s', '7'],
  ['-xx'],
  ['-X', 'raw'],
  ['-X', 'verbose', '-v'],
  ['-N'],
  ['-e', 'raw=all'],
  ['-e', 'abbrev=none'],
  ['-a', '10', '-s', '3'],
]

/** All of them, by hand: it takes minutes. */
const ALL = process.env['GLASSBOX_ALL_OPTIONS'] === '1'
const PER_PROGRAM = ALL ? OPTIONS.length : 1

function populate(directory: string): void {
  mkdirSync(join(directory, 'd/inner'), { recursive: true })
  writeFileSync(join(directory, 'text'), 'a line\nanother\tline\n')
  writeFileSync(
    join(directory, 'bytes'),
    Uint8Array.from({ length: 256 }, (_, byte) => byte),
  )
  writeFileSync(join(directory, 'd/\u00fcmlaut "quoted"'), 'line')
  writeFileSync(join(directory, 'd/inner/run'), '#!/bin/sh\n')
  chmodSync(join(directory, 'd/inner/run'), 0o755)
  symlinkSync('text', join(directory, 'link'))
}

const VARYING: readonly (readonly [RegExp, string])[] = [
  [/\b(getpid|set_tid_address|fork)\((.*)\) = .*/g, '$1($2) = N'],
  [/0x[0-9a-f]{4,}/g, 'ADDR'],
  [/\b(brk|mmap|mremap|shmat)\((.*)\) = .*/g, '$1($2) = ADDR'],
  [/(\\x[0-9a-f]{2}){8}/g, 'RANDOM'],
  [/\b\d{4,}\b/g, 'N'],
  [/(st_\w+|stx_\w+|f_\w+|tv_\w+|tms_\w+|loads|procs|rlim_\w+|total\w+|free\w+)=[^,}\]]*/g, '$1=V'],
  [/\b(getdents64|newfstatat|statx|lstat)\(.*\b(d|e|\.|inner)".*/g, '$1 of a directory'],
  [/ +\d+(\.\d+)?(?= [a-z_0-9]+\()/g, ' REL'],
  [/\(\+ *\d+(\.\d+)?\)/g, '(+REL)'],
  [/<\d+\.\d+>|<0>/g, '<T>'],
  [/glassbox-[\w-]+/g, 'DIR'],
  [/LANES=\w+/g, 'LANES'],
  [/ +/g, ' '],
]

const steady = (text: string): string[] =>
  VARYING.reduce((result, [pattern, by]) => result.replace(pattern, by), normalized(text))
    .trim()
    .split('\n')

/** The lines of one trace, in a directory of its own. */
function trace(
  context: TestContext,
  tracer: readonly string[],
  words: readonly string[],
  lanes = 'strict',
): string[] {
  const cwd = temporaryDirectory(context)
  const outside = temporaryDirectory(context)
  populate(cwd)
  const file = join(outside, 'trace')
  const { PATH, HOME } = process.env
  const env = { PATH, HOME, LC_ALL: 'C', TZ: 'UTC', GLASSBOX_TEST_LANES: lanes }
  const { err } = runTracer(tracer, ['-o', file, ...words], { cwd, env, input: '' })
  assert.doesNotMatch(err, /glassbox:|strace:/)
  const text = readFileSync(file, 'latin1').replaceAll(cwd, 'DIR')
  for (const line of text.trim().split('\n')) assert.match(line, / = |\+\+\+ exited|= \?/)
  return steady(text)
}

const optionsOf = (at: number): readonly (readonly string[])[] =>
  Array.from({ length: PER_PROGRAM }, (_, turn) => OPTIONS[(at * PER_PROGRAM + turn) % OPTIONS.length] ?? [])

for (const [at, program] of PROGRAMS.entries())
  for (const options of optionsOf(at)) {
    const words = [...options, ...program]
    test(`the lines are those of strace, in each lane: ${words.join(' ')}`, context => {
      const expected = trace(context, OURS, words, 'off')
      assert.ok(expected.length > 0)
      assert.deepEqual(trace(context, OURS, words, 'strict'), expected)
      // strace 6.1 has no -N.
      if (!noStrace && !options.includes('-N')) assert.deepEqual(expected, trace(context, THEIRS, words))
    })
  }

test('-ff writes the same files in each lane', context => {
  const of = (lanes: string): string[][] => {
    const directory = temporaryDirectory(context)
    const env = { ...process.env, GLASSBOX_TEST_LANES: lanes }
    const words = ['-ff', '-o', join(directory, 'out'), 'sh', '-c', 'ls / | wc -l; cat /etc/passwd | sort']
    runTracer(OURS, words, { env, input: '' })
    return readdirSync(directory)
      .map(name => steady(readFileSync(join(directory, name), 'latin1')))
      .toSorted((a, b) => (a[0] ?? '').localeCompare(b[0] ?? '') || a.length - b.length)
  }
  const files = of('strict')
  assert.equal(files.length, of('off').length)
  for (const lines of files) for (const line of lines) assert.match(line, / = |\+\+\+ exited|= \?|--- SIG/)
})
