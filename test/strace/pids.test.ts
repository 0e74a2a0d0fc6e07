/**
 * Ids of processes, threads, groups and sessions are shown where strace shows them, with their
 * names and as the tracer knows them.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { noStrace, normalized, OURS, runTracer, THEIRS, threadsOf } from './support/strace.js'

/** A PID namespace of its own; for an ordinary user in a user namespace. */
const UNSHARE = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--mount-proc']

const noNamespaces: false | string =
  spawnSync(UNSHARE[0] ?? '', [...UNSHARE.slice(1), 'true']).status !== 0 && 'no PID namespaces for this user'

const OPTIONS: readonly (readonly string[])[] = [
  ['--decode-pids=pidns'],
  ['--decode-pids=comm'],
  ['--decode-pids=all'],
  ['--pidns-translation', '-X', 'verbose'],
  ['-Y', '-v'],
]

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/\b\d+ in strace's PID NS/g, "N in strace's PID NS"],
  [/(si_utime|si_stime)=\d+( \/\*[^*]*\*\/)?/g, '$1=N'],
  [/\b(shmctl|msgctl|semctl|msgsnd)\(\d+/g, '$1(ID'],
  [/\b(shm|msg|sem)get\((.*)\) = \d+/g, '$1get($2) = ID'],
  [/_([acdsr]time)=\d+/g, '_$1=T'],
  [/\b\d{3,7}(?=<)/g, 'N'],
  // A group's id below 4096, told as a negative number, is an error to whoever asks (fcntl(2),
  // Bugs).
  [/(F_GETOWN(?: \*\/)?\)) *= -\d+.*$/gm, '$1 = -G'],
  // unshare(1)'s child may have executed the program when its parent's clone is told, or not yet.
  [/^(clone|wait4)(.*)<(unshare|pids)>/gm, '$1$2<child>'],
  // The program is started by its tracer, whose main thread has a name of its own from Node 24 on,
  // and another from 26 on.
  [/<(node|(node-)?MainThread|strace)>/g, '<tracer>'],
]

/** The text of each thread, by its id, in the order of their beginning. */
function linesOf(
  context: TestContext,
  tracer: readonly string[],
  options: readonly string[],
  command: readonly string[],
): ReadonlyMap<number, string> {
  const directory = temporaryDirectory(context)
  const { pid } = runTracer(tracer, ['-ff', ...options, '-o', join(directory, 'out'), ...command])
  const tids = threadsOf(directory, pid)
  return new Map(tids.map(tid => [tid, readFileSync(join(directory, `out.${tid}`), 'latin1')]))
}

const compared = (texts: ReadonlyMap<number, string>): string[] =>
  [...texts.values()].flatMap(text =>
    REPLACEMENTS.reduce((result, [pattern, by]) => result.replaceAll(pattern, by), normalized(text))
      .replaceAll(/\b\d{3,7}\b/g, 'N')
      .split('\n'),
  )

function assertSame(context: TestContext, options: readonly string[], command: readonly string[]): void {
  const ours = compared(linesOf(context, OURS, options, command))
  const theirs = compared(linesOf(context, THEIRS, options, command))
  const differ = ours.flatMap((line, index) =>
    line === theirs[index] ? [] : [`ours    ${line}\nstrace  ${theirs[index]}`],
  )
  assert.equal(differ.join('\n'), '')
  assert.equal(ours.length, theirs.length)
}

for (const options of OPTIONS) {
  test(`in a PID namespace: ${options.join(' ')}`, { skip: noStrace || noNamespaces }, context =>
    assertSame(context, options, [...UNSHARE, program('pids')]),
  )
  test(`in that of the tracer: ${options.join(' ')}`, { skip: noStrace }, context =>
    assertSame(context, options, [program('pids')]),
  )
}

test('the tracer is in a PID namespace, and /proc is of another one', {
  skip: noStrace || noNamespaces,
}, () => {
  const inside = (tracer: readonly string[]): readonly string[] => {
    const words = [...UNSHARE.filter(word => word !== '--mount-proc'), ...tracer]
    const options = ['-f', '-y', '--decode-pids=pidns', '-e', 'trace=openat,getpid,gettid,kill']
    const [first, ...rest] = [...words, ...options, ...UNSHARE.slice(0, -1), program('pids')]
    const { stderr } = spawnSync(first, rest, { encoding: 'utf8' })
    return normalized(stderr).match(/openat.*passwd>|get[pt]id\(\) = 1 .*NS \*\//g) ?? []
  }
  const theirs = inside(THEIRS)
  assert.ok(theirs.length > 0)
  assert.deepEqual(inside(OURS).map(withoutNumbers), theirs.map(withoutNumbers))
})

const withoutNumbers = (line: string): string => line.replaceAll(/\d+/g, 'N')

test('the id that is told is the one that the tracer knows', { skip: noNamespaces }, context => {
  const texts = linesOf(context, OURS, ['--decode-pids=pidns'], [...UNSHARE, program('pids')])
  let told = 0
  for (const [tid, text] of texts)
    for (const [, id] of text.matchAll(/^get[pt]id\(\) += \d+ \/\* (\d+) in strace's PID NS \*\/$/gm)) {
      assert.equal(Number(id), tid)
      told++
    }
  assert.ok(told >= 4, `${told}`)
})
