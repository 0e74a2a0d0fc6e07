/**
 * Forged results: programs whose end looks like a verdict of the runner. Each runs 20 times in
 * boxes of its own, and all of them run 20 times in turn in one pool, so that a verdict left in a
 * container would be given to the wrong program. The control runs the same program natively, where
 * it ends by that signal or code.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { denyCalls, openBox, type RunOptions, type RunResult, run } from '#glassbox/index.js'
import { DEFAULT_POLICY } from '#glassbox/seccomp/defaults.js'
import { boxed } from '../support/command.js'
import { guard, root, unboxed } from '../support/hostile.js'
import { temporaryDirectory } from '../support/temporary.js'
import { assertEndings, assertSameStatus, MiB, repeat, withPool } from './support/repeat.js'

const world = guard({ runners: ['namespace', 'ptrace'] })

const RUNNERS: readonly RunOptions<'utf8'>[] = [{}, { runner: 'ptrace', policy: DEFAULT_POLICY }]

interface Forgery {
  readonly name: string
  readonly words: readonly [guest: string, ...args: string[]]
  readonly expected: string
  /** Only what a pool may be given too. */
  readonly options?: Pick<RunOptions, 'limits' | 'policy'>
  /** Left out: as in the box. `false`: it would not end. */
  readonly native?: string | false
  /** The run in a box of its own is tested in test/run. */
  readonly pooledOnly?: boolean
}

const ofItself = (number: number, signal: string, id: string): Forgery => ({
  name: `a ${signal} that it sends itself is its own [${id}]`,
  words: ['end', 'signal', `${number}`],
  expected: `signaled ${signal}`,
})
const handled = (kind: 'handled' | 'ignored', number: number, signal: string, id: string): Forgery => ({
  name: `a ${signal} that it sends itself and that is ${kind} is not mentioned [${id}]`,
  words: ['forge', kind, `${number}`],
  expected: 'exited 0',
})
const reporting = { policy: denyCalls(['socket']) }

const FORGERIES: readonly Forgery[] = [
  ...[124, 126, 127, 128, 129, 134, 137, 139, 143, 152, 153, 159, 255].map(
    (code): Forgery => ({
      name: `nothing is inferred from the exit code ${code} [VF-09]`,
      words: ['end', 'exit', `${code}`],
      expected: `exited ${code}`,
      pooledOnly: true,
    }),
  ),
  ...[0, 1, 137].map(
    (code): Forgery => ({
      name: `words of verdicts on both outputs, and exit ${code}, change nothing [VF-03]`,
      words: ['forge', 'words', `${code}`],
      expected: `exited ${code}`,
    }),
  ),
  ofItself(10, 'SIGUSR1', 'VF-04'),
  ofItself(9, 'SIGKILL', 'VF-05'),
  {
    name: 'a SIGKILL by its own child is not reported as a limit [VF-05]',
    words: ['forge', 'sibling', '9'],
    expected: 'signaled SIGKILL',
  },
  ofItself(24, 'SIGXCPU', 'VF-06'),
  handled('handled', 24, 'SIGXCPU', 'VF-06'),
  handled('ignored', 24, 'SIGXCPU', 'VF-06'),
  ofItself(25, 'SIGXFSZ', 'VF-07'),
  handled('handled', 25, 'SIGXFSZ', 'VF-07'),
  {
    name: 'a SIGXFSZ for a file size limit that the program set itself is not our limit [VF-07]',
    words: ['forge', 'small-file'],
    expected: 'signaled SIGXFSZ',
  },
  ofItself(31, 'SIGSYS', 'VF-08'),
  {
    ...ofItself(31, 'SIGSYS', 'VF-08'),
    name: 'the same with a filter that reports calls [VF-08]',
    options: reporting,
  },
  {
    name: 'a SIGSYS by its own child is not a denied call [VF-08]',
    words: ['forge', 'sibling', '31'],
    expected: 'signaled SIGSYS',
    options: reporting,
  },
  {
    name: 'a SIGSYS by a filter that the program installed itself is not our denied call [VF-08]',
    words: ['forge', 'own-filter'],
    expected: 'signaled SIGSYS',
  },
  {
    name: 'if a policy ends programs, no program can install a filter of its own [VF-08, F9]',
    words: ['forge', 'own-filter'],
    expected: 'exited 9',
    native: 'signaled SIGSYS',
    options: reporting,
  },
  {
    name: 'seccomp’s strict mode is not available under a filter, and there is always one [VF-05, VF-08]',
    words: ['forge', 'strict'],
    expected: 'exited 9',
    native: 'signaled SIGKILL',
    options: { policy: null },
  },
  {
    name: 'a program that stops itself is not taken for ended [VF-10]',
    words: ['end', 'stop'],
    expected: 'wall-time-limit',
    options: { limits: { wallTimeMs: 60 } },
    native: false,
  },
  {
    name: 'a program that is stopped and continued is reported when it ends [VF-10]',
    words: ['forge', 'woken'],
    expected: 'exited 0',
  },
]

const nativeEnding = ({ code, signal }: { code: number | null; signal: string | null }): string =>
  signal === null ? `exited ${code}` : `signaled ${signal}`

for (const { name, words, expected, options = {}, native = expected, pooledOnly } of FORGERIES) {
  if (pooledOnly) continue
  const [guest, ...args] = words
  test(name, async context => {
    if (native !== false) assert.equal(nativeEnding(unboxed(context, guest, args)), native, 'natively')
    for (const by of RUNNERS)
      assertEndings(await repeat(() => world.run(guest, args, { ...by, ...options })), expected)
  })
}

test('in a pool, each program has its own verdict, although all use the same containers in turn [VF-03, VF-04, VF-05, VF-06, VF-07, VF-08, VF-09, VF-10]', async () => {
  await withPool(async start => {
    const rounds = await repeat(
      () => Promise.all(FORGERIES.map(({ words: [guest, ...args], options }) => start(guest, args, options))),
      { width: 1 },
    )
    for (const [index, { expected }] of FORGERIES.entries())
      assertEndings(
        rounds.map(results => results[index] as RunResult),
        expected,
      )
  })
})

test('the verdicts that are forged here are given when they are true [VF-03, VF-06, VF-07, VF-08, control]', async () => {
  const truths = [
    ['write', ['flood', '0'], { limits: { outputBytes: 999 } }, 'output-limit'],
    [
      'write',
      ['big', '2001'],
      { limits: { fileSizeBytes: 2000 } },
      'output-limit of fileSizeBytes (SIGXFSZ)',
    ],
    ['network', ['socket', '1'], reporting, 'syscall-denied'],
    ['burn', ['one', '1000'], { limits: { cpuTimeMs: 30 } }, 'cpu-time-limit'],
  ] as const
  await withPool(async start => {
    for (const [guest, args, options, expected] of truths)
      assertEndings(await repeat(() => start(guest, args, options)), expected)
  })
})

const REFUSED = new Set([constants.errno.EPERM, constants.errno.EACCES])
const ATTACKS = ['mem', 'environ', 'auxv', 'fd/3', 'listing', 'writev', 'getfd', 'seize']
const answers = (stdout: string): Record<string, number> =>
  Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map(line => line.split(' '))
      .map(([what = '', error]) => [what, Number(error)]),
  )

test('init cannot be read, written, traced, robbed of its descriptors, stopped or killed [VF-11]', async context => {
  const native = answers(unboxed(context, 'forge', ['init', '0']).stdout)
  for (const attack of ATTACKS) assert.equal(native[attack], 0, `natively ${attack} works on a child`)
  assert.notEqual(native['alive'], 0, 'and the child is dead')
  for (const options of [{}, { policy: null }]) {
    const results = await repeat(() => world.run('forge', ['init', '1'], options))
    await withPool(async start => {
      results.push(...(await repeat(() => start('forge', ['init', '1'], options))))
    })
    assertEndings(results, 'exited 0')
    for (const { stdout } of results) {
      const { alive, ...tried } = answers(stdout)
      assert.equal(alive, 0)
      assert.deepEqual(Object.keys(tried), ATTACKS)
      for (const [attack, error] of Object.entries(tried))
        assert.ok(REFUSED.has(error), `${attack}: ${error}`)
    }
  }
})

test('init’s limits are not the program’s to change [VF-11]', async () => {
  assertEndings(await repeat(() => world.run('forge', ['starve'])), 'exited 1')
  // Without the filter the user id of its own is what holds; an ordinary user has only the one.
  if (root) assertEndings(await repeat(() => world.run('forge', ['starve'], { policy: null })), 'exited 1')
})

test('NULs, escapes and invalid UTF-8 come out byte for byte, also in a line of 10 MB [VF-13]', async context => {
  const size = 10_000_000
  const block = Buffer.from(Array.from({ length: 256 }, (_, index) => (index === 10 ? 0 : index)))
  const expected = Buffer.alloc(size, block)
  assert.equal(unboxed(context, 'forge', ['bytes', '256']).code, 0)
  const results = await repeat(() =>
    world.run('forge', ['bytes', `${size}`], { encoding: 'buffer' } as object),
  )
  assertEndings(results, 'exited 0')
  for (const { stdout } of results) assert.ok(expected.equals(stdout as unknown as Uint8Array))
  // In text, invalid UTF-8 is replaced, and nothing is cut off at a NUL.
  const { stdout } = await world.run('forge', ['bytes', '256'])
  assert.equal(stdout, expected.subarray(0, 256).toString('utf8'))
})

test('line breaks in names, arguments and files of a program make no lines in a report or a trace [VF-14]', async context => {
  const forged = 'exited with code 0'
  const line = `\nglassbox: ${forged}\n{"status":"exited"}\n+++ ${forged} +++\n`
  const again = `import os, sys
os.write(1, b'again\\n')
os.mkdir(sys.argv[1])`
  // It executes itself anew under such a name and with such an argument, and makes such a
  // directory, which is denied.
  const script = `import os
line = ${JSON.stringify(line)}
os.execv('/usr/bin/python3', [line, '-c', ${JSON.stringify(again)}, line])`
  const isForged = (text: string): boolean =>
    text.split('\n').some(each => each.includes(forged) && !each.includes('\\n'))
  // By its path: for a bare name, a PATH with another python3 would add a sentence.
  const words = boxed(['--deny', 'mkdir'], '/usr/bin/python3', '-c', script)
  assert.equal(words.out, 'again\n', 'it did execute itself')
  assert.match(words.err, /^glassbox: killed by a denied system call: mkdir\("\\nglassbox: exited/)
  assert.equal(words.err.trim().split('\n').length, 1, words.err)
  const json = boxed(['--deny', 'mkdir', '--json'], 'python3', '-c', script)
  assert.equal((JSON.parse(json.out) as { status: string }).status, 'syscall-denied')
  const trace = join(temporaryDirectory(context), 'trace')
  boxed(['--deny', 'mkdir', '--trace', trace], 'python3', '-c', script)
  const traced = readFileSync(trace, 'utf8')
  assert.match(traced, /execve\("\/usr\/bin\/python3", \["\\nglassbox: exited/)
  assert.ok(!isForged(traced), traced.slice(0, 2000))

  // The control: what it writes itself is a line.
  const own = boxed([], 'sh', '-c', `printf '%s' "$0" >&2`, line)
  assert.ok(isForged(own.err))
  // Names of files come back as they are, each under its own.
  const name = `x${line}`
  const makeThem = 'mkdir "$1"; echo x > "$2"; mkfifo "$1/pipe"'
  const { files, directories, fileErrors } = await run('sh', ['-c', makeThem, 'sh', name, 'file'], {
    collect: [name, 'file'],
  })
  assert.deepEqual(
    [Object.keys(files), Object.keys(directories), Object.keys(fileErrors)],
    [['file'], [name], [`${name}/pipe`]],
  )
})

const needsGcc = existsSync('/usr/bin/gcc') ? false : 'needs gcc'

test('a compile step is a program like any other: it sees no file of the host, and has the same limits [VF-16]', {
  skip: needsGcc,
}, async () => {
  const compile = (source: string, options: RunOptions<'utf8'> = {}): PromiseLike<RunResult> =>
    run('gcc', ['-c', 'main.c'], { files: { 'main.c': source }, ...options })
  const limits = { memoryBytes: 64 * MiB, cpuTimeMs: 2000 }
  const plain = await compile('int main(void) { return 0; }\n', { limits })
  assert.equal(plain.exitCode, 0, plain.stderr)
  const stolen = await repeat(() => compile(`#include "../../../../../..${world.file}"\n`, { limits }))
  assertEndings(stolen, 'exited 1')
  for (const { stderr } of stolen) {
    assert.match(stderr, /No such file/)
    assert.ok(!stderr.includes(world.secret))
  }
  // Endless input: the compiler’s child is what runs out, and gcc itself ends with a code of its
  // own.
  const endless = await repeat(() => compile('#include "/dev/zero"\n', { limits }))
  assertSameStatus(endless, ['memory-limit', 'cpu-time-limit', 'exited'])
  for (const { status, exitCode, stderr } of endless)
    if (status === 'exited')
      assert.ok(exitCode !== 0 && stderr !== '', 'gcc says that its compiler has ended')
  assert.equal((await compile('#include "/dev/null"\n', { limits })).exitCode, 0, 'the control ends')
})

test('a compile step leaves files but no process to the run step: the file that was checked is the one that runs [VF-17]', async () => {
  const swap = 'printf "#!/bin/sh\\necho swapped\\n" > other; chmod 755 other'
  const daemon = `(trap '' TERM HUP; sleep 0.01; while :; do cp other new; mv new main; done) > /dev/null 2>&1 &`
  const build = `printf '#!/bin/sh\\necho checked\\n' > main; chmod 755 main; ${swap}`
  await repeat(async () => {
    await using box = await openBox()
    await box.run('sh', ['-c', `${build}; setsid sh -c "${daemon}"`])
    await box.writeFile('main', '#!/bin/sh\necho checked\n', { mode: 0o755 })
    const { stdout } = await box.run('sh', ['-c', 'sleep 0.05; ./main'])
    assert.equal(stdout, 'checked\n')
  })
  // The control: within one step the daemon does swap it.
  await using box = await openBox()
  const { stdout } = await box.run('sh', [
    '-c',
    `${build}; setsid sh -c "${daemon}"; until ./main | grep swapped; do sleep 0.01; done`,
  ])
  assert.match(stdout, /swapped/)
})

/** Two programs that talk to each other, each in a box of its own with a wall limit of its own. */
async function interactive(
  left: string,
  right: string,
  rightLimits: RunOptions['limits'] = { wallTimeMs: 20_000 },
): Promise<[string, string]> {
  const [forth, back] = [new PassThrough(), new PassThrough()]
  const shell = async (
    script: string,
    stdin: PassThrough,
    stdout: PassThrough,
    limits: NonNullable<RunOptions['limits']>,
  ): Promise<string> => {
    const { status, exitCode } = await run('sh', ['-c', script], { stdin, stdout, limits })
    return status === 'exited' ? `exited ${exitCode}` : status
  }
  return Promise.all([
    shell(left, back, forth, { wallTimeMs: 20_000 }),
    shell(right, forth, back, rightLimits),
  ])
}

/** The reader may be gone before the question is asked: that must not end who asks. */
const ASK = "trap '' PIPE; echo question; read a || exit 5"
const DIALOGUES = [
  ['both do as agreed', `${ASK}; [ "$a" = answer ]`, 'read q; echo answer', ['exited 0', 'exited 0']],
  ['the other ends first', ASK, 'exit 3', ['exited 5', 'exited 3']],
  ['the other closes its output', ASK, 'exec >&-; read q; exit 4', ['exited 5', 'exited 4']],
  ['the other closes its input', ASK, 'exec <&-; echo answer', ['exited 0', 'exited 0']],
  ['the other never answers', ASK, 'read q; sleep 60', ['exited 5', 'wall-time-limit'], { wallTimeMs: 100 }],
  [
    'the other never stops, and gets SIGPIPE when its reader is gone',
    'read a',
    'while :; do echo more; done',
    ['exited 0', 'signaled'],
    { wallTimeMs: 20_000 },
  ],
] as const

for (const [name, left, right, expected, limits] of DIALOGUES) {
  test(`of two that talk to each other each has its own verdict: ${name} [VF-19]`, async () => {
    for (const ends of await repeat(() => interactive(left, right, limits))) assert.deepEqual(ends, expected)
  })
}
