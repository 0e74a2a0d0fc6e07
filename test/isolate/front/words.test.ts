/** The command line: every option, its abbreviations in both dialects, and what is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPTIONS } from '#glassbox/isolate/front/option-table.js'
import { completeConfig, parseConfig } from '#glassbox/isolate/front/config.js'
import { callOf, checkDraft, readWords } from '#glassbox/isolate/front/words.js'
import type { Dialect, IsolateCall } from '#glassbox/isolate/types.js'

const config = completeConfig(parseConfig(''), () => assert.fail())
const ROOT = { uid: 0, effectiveUid: 0, environment: [] }

interface Setting {
  readonly dialect?: Dialect
  readonly permute?: boolean
  readonly caller?: typeof ROOT
  readonly opened?: string[]
}

function read(words: readonly string[], setting: Setting = {}): IsolateCall {
  const { dialect = '2', permute = true, caller = ROOT, opened = [] } = setting
  const draft = readWords(words, {
    ...{ dialect, permute },
    openReport: (option, path) => opened.push(`${option} ${path}`),
  })
  checkDraft(draft, caller)
  return callOf(draft, dialect, config, caller)
}

/** The words of one line, between blanks. */
const call = (line: string, setting?: Setting): IsolateCall => read(line.split(' '), setting)

test('a run without options has the limits of isolate: one process, no core, 1024 files', () => {
  const { program, ...rest } = call('--run -- /bin/true')
  assert.deepEqual(rest, {
    ...{ command: 'run', dialect: '2', plan: false, boxId: 0, cg: false, cgTiming: true, wait: false },
    ...{ as: undefined, quota: undefined, verbose: 0, silent: false, meta: undefined, json: undefined },
  })
  assert.deepEqual(program.limits, {
    ...{ cpuMs: undefined, extraCpuMs: 0, wallMs: undefined, cgMemKiB: undefined },
    ...{ addressSpaceKiB: undefined, fileSizeKiB: undefined, stackKiB: undefined },
    ...{ coreKiB: 0, openFiles: 1024, processes: 1 },
  })
  assert.deepEqual(program.argv, ['/bin/true'])
  assert.deepEqual(program.streams, { stdin: undefined, stdout: undefined, stderr: undefined })
})

test('every option in its short form', () => {
  const opened: string[] = []
  const { program, ...rest } = call(
    '-b7 --cg -M/x -s -vv -c /tmp -d /etc -e -E A=1 -i in -o out -r err -k 1 -m 2 -f 3 -n4 -p5 -t 1.5 -x.5 -w 2 --run -- a -b',
    { opened },
  )
  assert.deepEqual([rest.boxId, rest.cg, rest.meta, rest.silent, rest.verbose], [7, true, '/x', true, 2])
  assert.deepEqual(opened, ['meta /x'])
  assert.deepEqual(program.argv, ['a', '-b'])
  assert.equal(program.chdir, '/tmp')
  assert.deepEqual(program.streams, { stdin: 'in', stdout: 'out', stderr: { path: 'err' } })
  assert.deepEqual(program.limits, {
    ...{
      cpuMs: 1500,
      extraCpuMs: 500,
      wallMs: 2000,
      cgMemKiB: undefined,
      addressSpaceKiB: 2,
      fileSizeKiB: 3,
    },
    ...{ stackKiB: 1, coreKiB: 0, openFiles: 4, processes: 5 },
  })
})

test('every option in its long form', () => {
  const { program, ...rest } = call(
    '--box-id=7 --cg --cg-mem=9 --no-cg-timing --core=1 --no-default-dirs --inherit-fds --share-net --special-files --tty-hack --syscalls=3 --wait --as-uid=5 --as-gid=6 --stderr-to-stdout --json=j --run x',
  )
  assert.deepEqual([rest.as, rest.wait, rest.cgTiming, rest.json], [{ uid: 5, gid: 6 }, true, false, 'j'])
  const { inheritFds, shareNet, specialFiles, ttyHack, syscallFlags, directories, limits } = program
  assert.deepEqual([inheritFds, shareNet, specialFiles, ttyHack, syscallFlags], [true, true, true, true, 3])
  assert.deepEqual([directories, limits.cgMemKiB, limits.coreKiB], [[], 9, 1])
  assert.equal(program.streams.stderr, 'stdout')
})

test('the last of two values wins, and the last of --stderr and --stderr-to-stdout', () => {
  assert.equal(call('-b1 -b2 --init').boxId, 2)
  assert.equal(call('-r x --stderr-to-stdout --run y').program.streams.stderr, 'stdout')
  assert.deepEqual(call('--stderr-to-stdout -r x --run y').program.streams.stderr, { path: 'x' })
  assert.equal(call('--cg --no-cg-timing --cg-timing --run x').cgTiming, true)
  assert.equal(call('--run --run x').command, 'run')
})

test('0 is no limit; processes without a number have none', () => {
  const { limits } = call('-t0 -w0.000 -x0 -m0 -f0 -k0 -n0 --cg --cg-mem=0 -p --run x').program
  assert.deepEqual(limits, {
    ...{ cpuMs: undefined, extraCpuMs: 0, wallMs: undefined, cgMemKiB: undefined },
    ...{ addressSpaceKiB: undefined, fileSizeKiB: undefined, stackKiB: undefined },
    ...{ coreKiB: 0, openFiles: undefined, processes: undefined },
  })
  assert.equal(call('-p0 --run x').program.limits.processes, undefined)
  const separate = call('-p 4 --run x').program
  assert.deepEqual([separate.limits.processes, separate.argv], [undefined, ['4', 'x']])
})

const TIMES: readonly (readonly [text: string, ms: number])[] = [
  ['1', 1000],
  ['1.000000', 1000],
  ['0.29', 290],
  ['1.9999', 1999],
  ['1e+06', 1_000_000_000],
  ['.5', 500],
  ['2.', 2000],
  ['+3', 3000],
  ['0.0001', 1],
  ['2147483.647', 2147483647],
]

for (const [text, ms] of TIMES) {
  test(`${text} seconds are ${ms} ms`, () => {
    assert.equal(call(`-t ${text} --run x`).program.limits.cpuMs, ms)
  })
}

test('options follow operands, unless POSIXLY_CORRECT is set or -- ended them', () => {
  assert.deepEqual(call('--run /bin/node --env=A=1 main.js').program.argv, ['/bin/node', 'main.js'])
  assert.deepEqual(call('--run /bin/node -- --env=A=1').program.argv, ['/bin/node', '--env=A=1'])
  const posix = call('--run /bin/node --env=A=1 main.js', { permute: false }).program
  assert.deepEqual(posix.argv, ['/bin/node', '--env=A=1', 'main.js'])
})

/** The word, and what it means in 1.x and 2.x; a pattern is the complaint. */
const SHORTENED: readonly (readonly [word: string, one: string | RegExp, two: string | RegExp])[] = [
  ['--proc=3', 'processes', 'processes'],
  ['--wall=2', 'wall-time', 'wall-time'],
  ['--wa=2', 'wall-time', /'--wa=2' is ambiguous; possibilities: '--wait' '--wall-time'/],
  ['--p', 'processes', /ambiguous/],
  ['--ch=/', 'chdir', /ambiguous/],
  ['--no-c', 'no-cg-timing', /unrecognized option '--no-c'/],
  ['--std=x', /ambiguous/, /ambiguous/],
  ['--st=x', /ambiguous/, /ambiguous/],
  ['--stderr=x', 'stderr', 'stderr'],
  ['--stderr-', 'stderr-to-stdout', 'stderr-to-stdout'],
  ['--cg-t', 'cg-timing', /unrecognized/],
  ['--cg-timing', 'cg-timing', 'cg-timing'],
  ['--cg-', /ambiguous/, 'cg-mem'],
  ['--pla', /unrecognized/, /unrecognized/],
  ['--jso=x', /unrecognized/, /unrecognized/],
  ['--sys=1', /unrecognized/, 'syscalls'],
  ['--syscalls=1', 'syscalls', 'syscalls'],
  ['--h', /unrecognized/, /unrecognized/],
]

for (const [word, one, two] of SHORTENED) {
  test(`${word} means ${one} in dialect 1 and ${two} in dialect 2`, () => {
    for (const [dialect, meaning] of [
      ['1', one],
      ['2', two],
    ] as const) {
      const missing = word === '--cg-' && dialect === '2' ? [word, '5'] : [word]
      const attempt = (): IsolateCall => read(['--cg', ...missing, '--run', 'x'], { dialect })
      if (meaning instanceof RegExp) assert.throws(attempt, { name: 'GrammarError', message: meaning })
      else {
        const long = OPTIONS.find(option => option.long === meaning)
        assert.ok(long)
        const [, value] = missing.join('=').split('=')
        const whole = value === undefined ? `--${meaning}` : `--${meaning}=${value}`
        assert.deepEqual(attempt(), read(['--cg', whole, '--run', 'x'], { dialect }))
      }
    }
  })
}

/** Everything that is refused, with the message. */
const REFUSED: readonly (readonly [line: string, message: RegExp])[] = [
  ['--init --run', /^Two commands at once: --init and --run$/],
  ['--init x', /^--init takes no arguments, but was given 'x'$/],
  ['--cleanup -- x', /^--cleanup takes no arguments/],
  ['--run', /^The program is missing/],
  ['--run --', /^The program is missing/],
  ['-b abc --init', /^Invalid value of --box-id: 'abc': a number/],
  ['-b -1 --init', /--box-id: '-1'/],
  ['-b 1.5 --init', /--box-id: '1\.5'/],
  ['-b 2147483648 --init', /--box-id: '2147483648': the largest is 2147483647/],
  ['-b 1x --init', /--box-id: '1x'/],
  ['-m 18446744073709551617 --run x', /--mem: '18446744073709551617': the largest/],
  ['-b 0x10 --init', /--box-id: '0x10'/],
  ['--box-id= --init', /--box-id: ''/],
  ['-b 99999999999 --init', /--box-id: '99999999999': the largest is 2147483647/],
  ['-b 5000 --init', /^Sandbox ID out of range \(allowed: 0-999\)$/],
  ['-b auto --run x', /^--box-id=auto works only with --init: --run needs a number$/],
  ['-b auto --cleanup', /--cleanup needs a number/],
  ['-q 5 --init', /^Invalid quota '5': it is blocks,inodes$/],
  ['-q 5,6,7 --init', /Invalid quota/],
  ['-q 5, --init', /--quota: '5,'/],
  ['-q a,6 --init', /--quota: 'a,6'/],
  ['-E =x --run y', /^Invalid environment rule '=x': the name is missing$/],
  ['-d ../x --run y', /^Invalid directory rule '\.\.\/x': /],
  ['--cg-mem=5 --run x', /^Options related to control groups require --cg to be set\.$/],
  ['--cg-timing --run x', /^Options related to control groups/],
  ['--no-cg-timing --run x', /^Options related to control groups/],
  ['-t foo --run x', /^Invalid value of --time: 'foo': a number of seconds/],
  ['-t 1s --run x', /--time: '1s'/],
  ['-t -1 --run x', /--time: '-1': a time cannot be negative/],
  ['-t nan --run x', /--time: 'nan'/],
  ['-t inf --run x', /--time: 'inf'/],
  ['-t 0x1p3 --run x', /--time/],
  ['--wall-time= --run x', /--wall-time: ''/],
  ['-x 1,5 --run x', /--extra-time: '1,5'/],
  ['-w 9999999999 --run x', /--wall-time: '9999999999': the largest is 2147483\.647 seconds/],
  ['-t 1e400 --run x', /--time: '1e400': the largest/],
  ['-m 1k --run x', /--mem: '1k'/],
  ['-pfoo --run x', /--processes: 'foo'/],
  ['--processes= --run x', /--processes: ''/],
  ['--core=-1 --run x', /--core: '-1'/],
  ['--syscalls=all --run x', /--syscalls: 'all'/],
  ['--as-uid=5 --run x', /must be given together/],
  ['--as-gid=5 --run x', /must be given together/],
]

for (const [line, message] of REFUSED) {
  test(`"${line}" is refused`, () => {
    assert.throws(() => call(line), { name: 'IsolateError', message })
  })
}

test('only root may do anything, and only real root act for others', () => {
  const caller = { uid: 1000, effectiveUid: 1000, environment: [] }
  assert.throws(() => call('--init', { caller }), { kind: 'internal', message: 'Must be started as root' })
  const setuid = { ...caller, effectiveUid: 0 }
  assert.equal(call('--init', { caller: setuid }).command, 'init')
  assert.throws(() => call('--as-uid=5 --as-gid=5 --init', { caller: setuid }), { message: /Only root/ })
})

test('what an option does happens before the error in a later word', () => {
  const opened: string[] = []
  assert.throws(() => call('-M a --json=b -M c --nonsense', { opened }), { name: 'GrammarError' })
  assert.deepEqual(opened, ['meta a', 'json b', 'meta c'])
})
