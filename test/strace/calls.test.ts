/**
 * The text of more than 300 system calls is strace's: calls that succeed and calls that fail, with
 * bad pointers, unknown flags and odd numbers. What differs between two runs of the same program
 * is replaced first: addresses, ids, times, inodes.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { differing } from './support/newer.js'
import { noStrace, normalized, OURS, runTracer, THEIRS } from './support/strace.js'

/** Calls of all sorts. */
const EVERY = ['files', 'descriptors', 'sockets', 'processes', 'special', 'memory', 'times'] as const
/** Values with names in places of all sorts, and values of the same kinds without. */
const NAMED = ['files', 'results', 'signals', 'sockets', 'memory'] as const

/** Memory that ends too early; seldom calls, and arguments of odd widths. They have one group. */
const WHOLE = ['unreadable', 'seldom'] as const

const GROUPS: readonly (readonly [guest: string, group: string])[] = [
  ...EVERY.map(group => ['every', group] as const),
  ...NAMED.map(group => ['named', group] as const),
  ...WHOLE.map(guest => [guest, ''] as const),
]

/** Least numbers of different calls of all groups together. */
const LEAST_CALLS = 300

const OPTIONS: readonly (readonly string[])[] = [
  [],
  ['-v'],
  ['-s', '3'],
  ['-x'],
  ['-xx'],
  ['-e', 'raw=all'],
  ['-e', 'verbose=none'],
  ['-y'],
  ['-X', 'raw'],
  ['-X', 'verbose'],
]

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [
    /\b(stx?_(ino|dev|[abcm]time|[acm]time_nsec)|d_ino|d_off|f_fsid|f_b?(free|avail)|f_ffree)=(makedev\([^)]*\)|\{[^}]*\}|[^,}]*)/g,
    '$1=N',
  ],
  [/\/\* \d{4}-[^*]*\*\//g, '/* DATE */'],
  [/\b(shmctl|semop|semtimedop|semctl|msgsnd|msgrcv|msgctl)\((0x)?[0-9a-f]+/g, '$1(ID'],
  [/= (0x[0-9a-f]+|\d+)( \/\*[^*]*\*\/)?$/gm, '= N'],
  [/(\bpid|, |\()\d{4,7}\b/g, '$1N'],
  [/wait4\(Nx[0-9a-f]+/g, 'wait4(N'],
  [/(kill|queueinfo)\([0N]x[0-9a-f]{3,}(, 0x[0-9a-f]{3,})?(?=, )/g, '$1(N'],
  [/(waitid|ptrace)\((0x\w+), 0x[0-9a-f]{3,}/g, '$1($2, N'],
  [/\/#\d+>/g, '/#I>'],
  // Gone where the parent has waited for it before the signal was made.
  [/(si_code=(?:CLD_STOPPED|0x5\b)[^}]*si_status=)\w+( \/\*[^*]*\*\/)?/g, '$1S'],
]

/**
 * Process ids have four digits and more, but where the machine counts from 300 again: those of
 * three are known by the calls that return them.
 */
function withoutIds(text: string): string {
  const made = text.matchAll(/^(?:set_tid_address|[gs]et[ps]id|gettid|v?fork|clone3?)\(.*= (\d{3})\b/gm)
  const ids = new Set([...made].map(([, id]) => id))
  const place = /(?<=^\w+\(|^\w+\(\d+, |^\w+\(0x\w+(?: \/\*[^*]*\*\/)?, |\bP_PID, |\bPTRACE_\w+, )\d{3}\b/gm
  return text.replaceAll(place, number => (ids.has(number) ? 'N' : number))
}

/** The lines of the calls of one group, from the mark of its start on. */
function linesOf(
  context: TestContext,
  tracer: readonly string[],
  guest: string,
  group: string,
  options: readonly string[],
): string[] {
  const cwd = temporaryDirectory(context)
  const file = join(cwd, 'trace')
  // A name that would forge a line of the trace.
  writeFileSync(join(cwd, 'new\nline'), '')
  runTracer(tracer, [...options, '-o', file, program(guest), group], { cwd })
  const text = readFileSync(file, 'latin1').replaceAll(cwd, 'DIR')
  return REPLACEMENTS.reduce(
    (result, [pattern, by]) => result.replaceAll(pattern, by),
    normalized(withoutIds(text)),
  ).split('\n')
}

const isOurs = (line: string): boolean => /^(\+\+\+|---|execve|brk|mmap|[a-z0-9_]+\()/.test(line)

for (const options of OPTIONS) {
  for (const [guest, group] of GROUPS) {
    const name = guest === 'every' ? group : `${guest} ${group}`.trim()
    test(`${name} ${options.join(' ')}`, { skip: noStrace }, context => {
      const ours = linesOf(context, OURS, guest, group, options)
      const theirs = linesOf(context, THEIRS, guest, group, options)
      assert.equal(differing(ours, theirs).join('\n'), '')
    })
  }
}

test(`the control: they make more than ${LEAST_CALLS} different calls, natively as well`, {
  skip: noStrace,
}, context => {
  const names = new Set<string>()
  for (const group of EVERY) {
    execFileSync(program('every'), [group], { cwd: temporaryDirectory(context), stdio: 'ignore' })
    for (const line of linesOf(context, THEIRS, 'every', group, []))
      if (isOurs(line)) names.add(/^\w+/.exec(line)?.[0] ?? '')
  }
  assert.ok(names.size >= LEAST_CALLS, `${names.size}`)
  context.diagnostic(`${names.size} different calls`)
})
