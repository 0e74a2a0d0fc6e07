/**
 * Callers who say what there is not: each is told in one sentence which key, which value and what
 * instead, and nothing was started. The runner below is played from TypeScript, so a sandbox that
 * was opened for a refused call is seen.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createPool,
  DEFAULT_LIMITS,
  GlassboxError,
  InvalidOptionError,
  openBox,
  run,
  trace,
} from '#glassbox/index.js'
import type { Pool as PublicPool, RunOptions } from '#glassbox/index.js'
import { Pool } from '#glassbox/pool/pool.js'
import { Box } from '#glassbox/run/box.js'
import { beginCall } from '#glassbox/run/call.js'
import { runOnce } from '#glassbox/run/run.js'
import { scriptedRunner } from '../support/scripted-runner.js'

type Expected = readonly [option: string, message: RegExp, hint?: RegExp]

function assertRefused(error: unknown, [option, message, hint]: Expected): void {
  assert.ok(error instanceof InvalidOptionError, String((error as Error).stack))
  assert.equal(error.code, 'ERR_GLASSBOX_INVALID_OPTION')
  assert.equal(error.option, option)
  assert.match(error.message, message)
  if (hint) assert.match(error.hint ?? '', hint)
  for (const text of [error.message, error.hint ?? '']) {
    assert.ok(text.length < 400, text)
    assert.doesNotMatch(text, /\p{Cc}/u)
  }
}

const failure = (work: () => PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve()
    .then(work)
    .then(
      () => assert.fail('it ran'),
      (error: unknown) => error,
    )

/** Runs with a runner that has no process, which must not be asked for a sandbox. */
async function refuses(given: readonly unknown[], expected: Expected): Promise<void> {
  const runner = scriptedRunner(() => ({}))
  const [program, args, options] = given
  const error = await failure(() => runOnce(() => runner, program, args, options, beginCall()))
  assert.equal(runner.sandboxes.length, 0, 'no sandbox was opened')
  assertRefused(error, expected)
}

const getter = {
  get cpuTimeMs(): number {
    throw new Error('not now')
  },
}
const trap = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error('not today')
    },
  },
)
const revoked = Proxy.revocable({}, {})
revoked.revoke()
const cyclic: Record<string, unknown> = {}
cyclic['self'] = cyclic
class Settings {
  net = 'host'
}

const OPTIONS: readonly (readonly [what: string, options: unknown, ...Expected])[] = [
  // The words that people bring.
  ...(
    [
      ['timeout', 'limits.wallTimeMs'],
      ['timeoutMs', 'limits.wallTimeMs'],
      ['time_limit', 'limits.wallTimeMs'],
      ['memory', 'limits.memoryBytes'],
      ['mem', 'limits.memoryBytes'],
      ['memoryLimit', 'limits.memoryBytes'],
      ['cpu', 'limits.cpuTimeMs'],
      ['cpuTime', 'limits.cpuTimeMs'],
      ['cpuTimeMs', 'limits.cpuTimeMs'],
      ['wall-time-ms', 'limits.wallTimeMs'],
      ['maxBuffer', 'limits.outputBytes'],
      ['pidsLimit', 'limits.processes'],
      ['ulimits', 'limits'],
      ['input', 'stdin'],
      ['network', 'net'],
      ['workdir', 'cwd'],
      ['workingDirectory', 'cwd'],
      ['environment', 'env'],
      ['volumes', 'binds'],
      ['fuse', 'mounts'],
      ['copyOut', 'collect'],
      ['copyIn', 'files'],
      ['seccomp', 'policy'],
      ['abortSignal', 'signal'],
      ['std_out', 'stdout'],
      ['Encoding', 'encoding'],
      ['limit', 'limits'],
      ['stdn', 'stdin'],
    ] as const
  ).map(
    ([word, meant]) =>
      [
        word,
        { [word]: 1 },
        /^[\w$]+$/.test(word) ? word : `"${word}"`,
        /^run\(\) has no option called /,
        new RegExp(`^Did you mean ${meant}\\?$`),
      ] as const,
  ),
  ['cmd', { cmd: 'ls' }, 'cmd', /no option called cmd/, /first argument.*run\('ls'/],
  ['args', { args: [] }, 'args', /no option called args/, /the second/],
  ['shell', { shell: true }, 'shell', /no option called shell/, /run\('sh', \['-c'/],
  ['size', { size: 1 }, 'size', /no option called size/, /createPool\(\)/],
  [
    'an unknown word',
    { zzz: 1 },
    'zzz',
    /no option called zzz/,
    /^It takes runner, .*collectBytes, profile\.$/,
  ],
  ['a key with a line break', { 'a\nb\x1b[2J': 1 }, '"a\\nb\\u001b[2J"', /called "a\\nb/],
  [
    'a very long key',
    { ['k'.repeat(10_000)]: 1 },
    `"${'k'.repeat(60)}…" (10000 characters)`,
    /10000 characters/,
  ],
  ['__proto__ as an own key', JSON.parse('{"__proto__":{"net":"host"}}'), '__proto__', /called __proto__/],
  ['constructor', { constructor: 1 }, 'constructor', /called constructor/],
  ['a symbol as key', { [Symbol('net')]: 1 }, 'options', /names in options to be text, got Symbol\(net\)/],
  // Not an object of options.
  ...(
    [
      [null, /got null\./],
      [5, /got 5\./],
      ['x', /got "x"\./],
      [true, /got true\./],
      [5n, /got 5n\./],
      [() => {}, /got a function\./],
      [Symbol('s'), /got Symbol\(s\)\./],
      [[], /got \[\], an empty array\./],
      [new Map([['net', 'host']]), /got a Map\./],
      [new Date(), /got a Date\./],
      [new Settings(), /got a Settings\./],
      [Object.create({ net: 'host' }), /got \{\}\./],
      [revoked.proxy, /got an object that cannot be read\./],
      [Promise.resolve({}), /got a Promise\./],
    ] as const
  ).map(
    ([value, message]) =>
      [`options: ${String(message)}`, value, 'options', message, /^For example run\(/] as const,
  ),
  ['options that throw', trap, 'options', /^Cannot read options: not today$/],
  // Tables within.
  ['limits: null', { limits: null }, 'limits', /an object of limits, got null/],
  ['limits: []', { limits: [] }, 'limits', /an object of limits, got \[\]/],
  ['limits: Map', { limits: new Map() }, 'limits', /got a Map/],
  ['limits: 5', { limits: 5 }, 'limits', /got 5/],
  ['a limit that throws', { limits: getter }, 'limits.cpuTimeMs', /^Cannot read limits.cpuTimeMs: not now$/],
  [
    'limits.timeout',
    { limits: { timeout: 1 } },
    'limits.timeout',
    /no limit called timeout/,
    /wallTimeMs\?$/,
  ],
  ['limits.cputime', { limits: { cputime: 1 } }, 'limits.cputime', /no limit called cputime/, /cpuTimeMs\?$/],
  ['limits.cpuTimMs', { limits: { cpuTimMs: 1 } }, 'limits.cpuTimMs', /no limit called/, /cpuTimeMs\?$/],
  ['limits.mem', { limits: { mem: 1 } }, 'limits.mem', /no limit called mem/, /memoryBytes\?$/],
  [
    'limits.zzz',
    { limits: { zzz: 1 } },
    'limits.zzz',
    /no limit called zzz/,
    /^It takes cpuTimeMs, .*fileSizeBytes\.$/,
  ],
  ['a limit of 0', { limits: { memoryBytes: 0 } }, 'limits.memoryBytes', /above zero, got 0/, /Infinity/],
  ['a limit below 0', { limits: { wallTimeMs: -1 } }, 'limits.wallTimeMs', /above zero, got -1/],
  ['a limit of -0', { limits: { wallTimeMs: -0 } }, 'limits.wallTimeMs', /got -0/],
  ['a limit of NaN', { limits: { cpuTimeMs: NaN } }, 'limits.cpuTimeMs', /got NaN/],
  [
    'half a process',
    { limits: { processes: 1.5 } },
    'limits.processes',
    /a whole number above zero, got 1.5/,
  ],
  [
    'half a byte',
    { limits: { memoryBytes: 0.5 } },
    'limits.memoryBytes',
    /a whole number above zero, got 0.5/,
  ],
  ['a limit as bigint', { limits: { memoryBytes: 64n } }, 'limits.memoryBytes', /got 64n/, /without the n/],
  [
    'a limit as text',
    { limits: { cpuTimeMs: '100' } },
    'limits.cpuTimeMs',
    /got "100"/,
    /as a number: 100\./,
  ],
  ['a limit with a unit', { limits: { memoryBytes: '64MiB' } }, 'limits.memoryBytes', /got "64MiB"/],
  ['a limit of null', { limits: { cpuTimeMs: null } }, 'limits.cpuTimeMs', /got null/],
  ['a limit above all', { limits: { memoryBytes: 2 ** 44 } }, 'limits.memoryBytes', /at most/, /Infinity/],
  [
    'more processes than Linux has',
    { limits: { processes: 1e9 } },
    'limits.processes',
    /at most 4194304, got 1000000000/,
  ],
  ['text too long', { limits: { outputBytes: 1e9 } }, 'limits.outputBytes', /stdout/, /encoding: 'buffer'/],
  ['text without end', { limits: { outputBytes: Infinity } }, 'limits.outputBytes', /Infinity/, /'buffer'/],
  [
    'text too long of stderr',
    { stdout: 'ignore', limits: { outputBytes: 1e9 } },
    'limits.outputBytes',
    /text|string/,
  ],
  // Binds.
  ['binds: text', { binds: '/tmp' }, 'binds', /a list of binds, got "\/tmp"/, /\[\{ source: "\/tmp" \}\]/],
  ['binds: {}', { binds: {} }, 'binds', /a list of binds, got \{\}/],
  ['a bind as text', { binds: ['/tmp'] }, 'binds[0]', /a bind.*got "\/tmp"/, /\{ source: "\/tmp" \}/],
  ['a bind of null', { binds: [null] }, 'binds[0]', /a bind.*got null/],
  // oxlint-disable-next-line no-sparse-arrays -- the hole is the case
  ['a hole among binds', { binds: [{ source: '/tmp' }, , { source: '/usr' }] }, 'binds[1]', /got undefined/],
  ['bind.src', { binds: [{ src: '/tmp' }] }, 'binds[0].src', /A bind has no key called src/, /source\?$/],
  ['bind.dst', { binds: [{ source: '/', dst: '/x' }] }, 'binds[0].dst', /no key called dst/, /target\?$/],
  ['bind.dest', { binds: [{ source: '/', dest: '/x' }] }, 'binds[0].dest', /no key called dest/, /target\?$/],
  ['bind.rw', { binds: [{ source: '/tmp', rw: true }] }, 'binds[0].rw', /no key called rw/, /writable\?$/],
  [
    'bind.writeable',
    { binds: [{ source: '/tmp', writeable: true }] },
    'binds[0].writeable',
    /no key/,
    /writable\?$/,
  ],
  [
    'bind.readonly',
    { binds: [{ source: '/tmp', readonly: true }] },
    'binds[0].readonly',
    /no key/,
    /unless writable/,
  ],
  [
    'a bind without source',
    { binds: [{}] },
    'binds[0].source',
    /a file or directory of the host, got undefined/,
  ],
  [
    'a bind of a path that is too long',
    { binds: [{ source: `/${'x'.repeat(5000)}` }] },
    'binds[0].source',
    /of at most 4095 bytes/,
  ],
  ...(['stdin', 'stdout', 'stderr'] as const).map((name): (typeof OPTIONS)[number] => [
    `${name}: a path that is too long`,
    { [name]: { file: 'x'.repeat(5000) } },
    `${name}.file`,
    /of at most 4095 bytes/,
  ]),
  ['a bind of nothing', { binds: [{ source: '' }] }, 'binds[0].source', /got ""/],
  [
    'a bind of a URL',
    { binds: [{ source: new URL('file:///tmp') }] },
    'binds[0].source',
    /got a URL/,
    /fileURLToPath/,
  ],
  [
    'writable: 1',
    { binds: [{ source: '/tmp', writable: 1 }] },
    'binds[0].writable',
    /true, false or 'copy', got 1/,
  ],
  ['a target of /', { binds: [{ source: '/tmp', target: '/' }] }, 'binds[0].target', /the root of the box/],
  [
    'a target of /a/..',
    { binds: [{ source: '/tmp', target: '/a/..' }] },
    'binds[0].target',
    /the root of the box/,
  ],
  ['the source / as target', { binds: [{ source: '/' }] }, 'binds[0].source', /the root of the box/],
  [
    'a relative target',
    { binds: [{ source: '/tmp', target: 'x' }] },
    'binds[0].target',
    /absolute path.*got "x"/,
  ],
  [
    'two binds at one place',
    {
      binds: [
        { source: '/usr', target: '/x' },
        { source: '/tmp', target: '/y/../x/' },
      ],
    },
    'binds[1].target',
    /binds\[0\] and binds\[1\] have the same target, \/x/,
  ],
  // The other options of a box.
  ['runner: docker', { runner: 'docker' }, 'runner', /to be 'namespace', 'ptrace' or 'kernel', got "docker"/],
  ['net: true', { net: true }, 'net', /'none' or 'host', got true/, /'host' is the network/],
  ['hostname', { hostname: 'a b' }, 'hostname', /a host name, got "a b"/],
  ['hostname: 5', { hostname: 5 }, 'hostname', /got 5/],
  ['hostname, too long', { hostname: 'h'.repeat(65) }, 'hostname', /65 characters/],
  ['diskBytes: Infinity', { diskBytes: Infinity }, 'diskBytes', /at most|whole/],
  ['diskFiles: 0', { diskFiles: 0 }, 'diskFiles', /above zero, got 0/],
  ['files: Map', { files: new Map([['a', 'x']]) }, 'files', /got a Map/],
  ['files: []', { files: [] }, 'files', /to be an object.*got/],
  ['files: null', { files: null }, 'files', /got null/],
  ['file.mod', { files: { a: { file: '/etc/passwd', mod: 1 } } }, 'files["a"].mod', /mod/, /mode/],
  [
    'file.mode as text',
    { files: { a: { file: '/etc/passwd', mode: '755' } } },
    'files["a"].mode',
    /permissions.*got "755"/,
    /0o755/,
  ],
  ['file.content', { files: { a: { content: 'x' } } }, 'files["a"].content', /content/, /contents\?$/],
  ['a file of 1', { files: { a: 1 } }, 'files["a"]', /got 1/],
  ['a file of null', { files: { 'a b': null } }, 'files["a b"]', /got null/],
  // The options of a command.
  ['collect: text', { collect: 'out' }, 'collect', /got "out"/, /\["out"\]|\['out/],
  ['collect: [5]', { collect: [5] }, 'collect[0]', /got 5/],
  ['collect: Set', { collect: new Set(['a']) }, 'collect', /got a Set/],
  ['collectBytes: 1.5', { collectBytes: 1.5 }, 'collectBytes', /got 1.5/],
  ['cwd: 5', { cwd: 5 }, 'cwd', /an absolute path in the box, got 5/],
  ['cwd: relative', { cwd: 'src' }, 'cwd', /got "src"/],
  ['cwd: NUL', { cwd: '/a\0b' }, 'cwd', /got "\/a\\u0000b"/],
  ['cwd: URL', { cwd: new URL('file:///tmp') }, 'cwd', /got a URL/, /fileURLToPath/],
  ['cwd: too long', { cwd: `/${'d'.repeat(5000)}` }, 'cwd', /at most 4095 bytes/],
  ['env: null', { env: null }, 'env', /got null/],
  ['env: []', { env: [] }, 'env', /got \[\]/],
  ['env: a list', { env: ['A=b'] }, 'env', /got the array \["A=b"\]/],
  ['env: Map', { env: new Map() }, 'env', /got a Map/, /Object\.fromEntries/],
  ['a number as variable', { env: { PORT: 80 } }, 'env["PORT"]', /got 80/, /as text: '80'/],
  ['null as variable', { env: { A: null } }, 'env["A"]', /got null/],
  ['a variable with =', { env: { 'A=B': 'c' } }, 'env["A=B"]', /"A=B"/],
  ['a variable with NUL', { env: { A: 'b\0c' } }, 'env["A"]', /NUL/],
  ['a variable that is too long', { env: { A: 'x'.repeat(200_000) } }, 'env["A"]', /200000 bytes.*131071/],
  ['encoding: latin1', { encoding: 'latin1' }, 'encoding', /'utf8' or 'buffer', got "latin1"/, /'buffer'/],
  ['encoding: utf-8', { encoding: 'utf-8' }, 'encoding', /got "utf-8"/, /'utf8'/],
  ['signal: {}', { signal: {} }, 'signal', /an AbortSignal, got \{\}/, /AbortSignal\.timeout/],
  [
    'signal: controller',
    { signal: new AbortController() },
    'signal',
    /got an AbortController/,
    /controller\.signal/,
  ],
  ['signal: text', { signal: 'SIGTERM' }, 'signal', /got "SIGTERM"/],
  ['policy: text', { policy: 'strict' }, 'policy', /no preset called "strict"/, /The presets are default/],
  ['policy: cyclic', { policy: cyclic }, 'policy.self', /A policy has no key called self/],
  ['trace: true', { trace: true }, 'trace', /a reader or handlers, got true/, /reader:/],
  ['trace: {}', { trace: {} }, 'trace', /a reader or handlers, got \{\}/, /would have no effect/],
  ['trace.reader: text', { trace: { reader: 'x' } }, 'trace.reader', /a function.*got "x"/],
  ['trace.sycalls', { trace: { sycalls: [] } }, 'trace.sycalls', /no option called sycalls/, /syscalls\?$/],
  [
    'trace.syscalls: text',
    { trace: { syscalls: 'open' } },
    'trace.syscalls',
    /a list.*got "open"/,
    /\["open"\]/,
  ],
  ['trace.syscalls[1]', { trace: { syscalls: ['read', 'opn'] } }, 'trace.syscalls[1]', /"opn"/, /open/],
  ['trace.signal', { trace: { signal: AbortSignal.abort() } }, 'trace.signal', /no option/, /the run itself/],
  ['trace.events', { trace: { events: ['call'] } }, 'trace.events[0]', /'exec'.*got "call"/],
  [
    'trace.handlers: function',
    { trace: { handlers: () => {} } },
    'trace.handlers',
    /got a function/,
    /module/,
  ],
  [
    'a module that is not there',
    { trace: { handlers: { module: '/no/such.js' } } },
    'trace.handlers.module',
    /file \/no\/such\.js does not exist/,
  ],
  [
    'data that cannot be sent',
    { trace: { handlers: { module: import.meta.url, data: () => {} } } },
    'trace.handlers.data',
    /sent to a worker/,
  ],
  // Streams.
  ['stdin: 5', { stdin: 5 }, 'stdin', /got 5/],
  ['stdin: null', { stdin: null }, 'stdin', /got null/],
  ['stdin: { file, typo }', { stdin: { file: '/dev/null', typo: 1 } }, 'stdin.typo', /typo/],
  ['stdout: true', { stdout: true }, 'stdout', /got true/],
  ['stdout: 1', { stdout: 1 }, 'stdout', /got 1/],
  ['stdout: null', { stdout: null }, 'stdout', /got null/],
  ['stderr: a file', { stderr: 'log.txt' }, 'stderr', /got "log\.txt"/, /\{ file/],
]

for (const [what, options, ...expected] of OPTIONS) {
  test(`run() refuses ${what}`, async () => refuses(['true', [], options], expected))
}

const WORDS: readonly (readonly [what: string, given: readonly unknown[], ...Expected])[] = [
  ['run()', [], 'program', /the name of a program, got undefined/, /run\('ls'/],
  ['run(null)', [null], 'program', /got null/],
  ['run(URL)', [new URL('file:///bin/ls')], 'program', /got a URL/, /fileURLToPath/],
  ['a list as program', [['ls', '-l']], 'program', /got the array \["ls", "-l"\]/, /arguments second/],
  ['args as text', ['ls', '-la'], 'args', /a list of arguments, got "-la"/, /\["-la"\]/],
  ['options in second place', ['echo', { limits: {} }], 'args', /got \{ limits: \{…\} \}/, /options third/],
  ['args: null', ['echo', null], 'args', /got null/],
  ['args: Set', ['echo', new Set(['a'])], 'args', /got a Set/],
  ['a number among args', ['echo', ['a', 5]], 'args[1]', /got 5/, /as text: '5'/],
  ['undefined among args', ['echo', [undefined]], 'args[0]', /got undefined/],
  ['an argument with NUL', ['echo', ['a\0b']], 'args[0]', /NUL/],
  ['an argument of 200 KB', ['echo', ['a'.repeat(200_000)]], 'args[0]', /200000 bytes.*131071/, /stdin/],
]

for (const [what, given, ...expected] of WORDS) {
  test(`run() refuses ${what}`, async () => refuses(given, expected))
}

/** What is said to the public run(), which nothing may come of: it must not throw either. */
const anyRun = run as (...given: unknown[]) => PromiseLike<unknown>

test('a refused call never throws: its handle rejects', async () => {
  for (const given of [[], ['true', '-x'], ['true', [], 5], ['true', [], { pool: 5 }], ['true', [], trap]]) {
    const handle = anyRun(...given)
    const error = await failure(() => handle)
    assert.ok(error instanceof InvalidOptionError, String(error))
  }
})

test('run as a template tag', async () => {
  const tag = run as unknown as (strings: TemplateStringsArray) => PromiseLike<unknown>
  assertRefused(await failure(() => tag`echo hi`), ['program', /got the array/, /not a template tag/])
})

for (const [pool, ...expected] of [
  [5, 'pool', /a pool, got 5/, /createPool\(\)/],
  [{}, 'pool', /a pool, got \{\}/],
  [null, 'pool', /got null/],
  [Promise.resolve({}), 'pool', /got a Promise/, /Await createPool\(\)/],
] as const) {
  test(`pool: ${String(expected[1])}`, async () => {
    assertRefused(await failure(() => anyRun('true', [], { pool })), expected)
  })
}

test('pool: undefined means a box of its own, and an inherited pool is none', async () => {
  assertRefused(await failure(() => anyRun('true', [], { pool: undefined, zzz: 1 })), [
    'zzz',
    /run\(\) has no option/,
  ])
})

async function withPool(work: (pool: PublicPool) => Promise<void>): Promise<number> {
  const runner = scriptedRunner(() => ({}))
  const pool = await Pool.create({ size: 1 }, () => runner)
  await work(pool)
  await pool.close()
  return runner.sandboxes.flatMap(({ jobs }) => jobs).length
}

test('pool.run() and run({ pool }) refuse what a pool fixed, with the list of what they take', async () => {
  const jobs = await withPool(async pool => {
    const rows: readonly (readonly [options: object, ...Expected])[] = [
      [{ net: 'host' }, 'net', /pool\.run\(\) has no option called net/, /createPool\(\{ net: … \}\)/],
      [{ binds: [] }, 'binds', /no option called binds/, /createPool/],
      [{ zzz: 1 }, 'zzz', /no option called zzz/, /^It takes limits, .*files, profile\.$/],
      [{ fils: {} }, 'fils', /no option called fils/, /files\?$/],
      [{ timeout: 5 }, 'timeout', /no option/, /limits\.wallTimeMs\?$/],
      [{ limits: { memoryBytes: 0 } }, 'limits.memoryBytes', /got 0/],
    ]
    for (const [options, ...expected] of rows) {
      assertRefused(await failure(() => pool.run('true', [], options)), expected)
      assertRefused(await failure(() => anyRun('true', [], { pool, ...options })), expected)
    }
    assertRefused(await failure(() => pool.run('true', '-x' as never)), ['args', /got "-x"/])
  })
  assert.equal(jobs, 0)
})

test('createPool() refuses what belongs to a run, and says what it takes', async () => {
  const rows: readonly (readonly [options: unknown, ...Expected])[] = [
    [undefined, 'options', /got undefined/, /createPool\(\{ size/],
    [{}, 'size', /a whole number above zero, got undefined/],
    [{ size: 0 }, 'size', /got 0/, /1024/],
    [{ size: '2' }, 'size', /got "2"/, /as a number: 2/],
    [{ size: 5000 }, 'size', /at most 1024/],
    [{ size: 1, files: {} }, 'files', /createPool\(\) has no option called files/, /each pool\.run\(\)/],
    [{ size: 1, signal: AbortSignal.abort() }, 'signal', /no option called signal/, /each pool\.run\(\)/],
    [
      { size: 1, limits: {} },
      'limits',
      /no option called limits/,
      /pool\.run\(program, args, \{ limits: … \}\)/,
    ],
    [
      { size: 1, zzz: 1 },
      'zzz',
      /no option/,
      /^It takes size, runner, binds, mounts, here, etc, net, hostname, diskBytes, diskFiles, profile\.$/,
    ],
    [{ max: 5 }, 'max', /no option called max/, /size\?$/],
    [{ size: 1, binds: [{ source: '/tmp', rw: true }] }, 'binds[0].rw', /no key called rw/],
  ]
  for (const [options, ...expected] of rows) {
    const runner = scriptedRunner(() => ({}))
    assertRefused(await failure(() => Pool.create(options as never, () => runner)), expected)
    assert.equal(runner.sandboxes.length, 0)
    assertRefused(await failure(() => createPool(options as never)), expected)
  }
})

test('openBox(), box.run(), writeFile() and readFile() refuse at the call, not in the queue', async () => {
  assertRefused(await failure(() => openBox({ limits: {} } as never)), [
    'limits',
    /openBox\(\) has no option called limits/,
    /box\.run\(program, args, \{ limits: … \}\)/,
  ])
  let end: () => void = () => {}
  const held = new Promise<object>(resolve => (end = () => resolve({})))
  const runner = scriptedRunner(() => held) // what is queued behind it waits
  const box = await Box.open({}, () => runner)
  const first = box.run('true')
  const refused = async (work: () => PromiseLike<unknown>, ...expected: Expected): Promise<void> =>
    assertRefused(await failure(work), expected)
  await refused(
    () => box.run('true', [], { net: 'host' } as never),
    'net',
    /box\.run\(\) has no option/,
    /openBox\(\{ net/,
  )
  await refused(
    () => box.run('true', [], { files: {} } as never),
    'files',
    /no option called files/,
    /openBox/,
  )
  await refused(() => box.run(undefined as never), 'program', /got undefined/)
  await refused(() => box.run('true', [1] as never), 'args[0]', /got 1/)
  await refused(() => box.writeFile(5 as never, 'x'), 'path', /got 5/)
  await refused(() => box.writeFile('a', 5 as never), 'input', /got 5/)
  await refused(() => box.writeFile('a', 'x', { mode: '755' } as never), 'options.mode', /got "755"/, /0o755/)
  await refused(() => box.readFile('a', { maxBytes: 'b' } as never), 'options.maxBytes', /got "b"/)
  await refused(() => box.readFile('a', 'utf8' as never), 'options', /an object, got "utf8"/)
  await refused(() => box.writeFile('a', 'x', 0o755 as never), 'options', /got 493/)
  end()
  await first
  await box.close()
  assert.equal(runner.sandboxes[0]?.jobs.length, 1)
})

test('trace() refuses what is no target and no option', () => {
  const rows: readonly (readonly [target: unknown, options: unknown, ...Expected])[] = [
    ['ls', undefined, 'target', /a command.*got "ls"/, /trace\(\{ program: "ls" \}\)/],
    [undefined, undefined, 'target', /got undefined/],
    [null, undefined, 'target', /got null/],
    [{ prog: 'ls' }, undefined, 'target.prog', /A command has no key called prog/, /program\?$/],
    [{}, undefined, 'target.program', /got undefined/],
    [{ program: 5 }, undefined, 'target.program', /got 5/],
    [{ program: 'ls', args: '-l' }, undefined, 'target.args', /a list of arguments, got "-l"/],
    [{ program: 'ls', args: [1] }, undefined, 'target.args[0]', /got 1/],
    [{ program: 'ls', env: [] }, undefined, 'target.env', /got \[\]/],
    [{ program: 'ls', stdio: [0, 1] }, undefined, 'target.stdio', /three descriptors/],
    [{ program: 'ls', user: { uid: 0 } }, undefined, 'target.user.gid', /got undefined/],
    [{ adopt: 5 }, undefined, 'target.adopt', /no key called adopt/],
    [-1, undefined, 'pid', /above zero, got -1/],
    [NaN, undefined, 'pid', /got NaN/],
    [[], undefined, 'pids', /at least one/],
    [[1, '2'], undefined, 'pids[1]', /got "2"/],
    [{ program: 'ls' }, 5, 'options', /got 5/],
    [{ program: 'ls' }, { sycalls: [] }, 'sycalls', /trace\(\) has no option/, /syscalls\?$/],
    [{ program: 'ls' }, { attach: [0] }, 'attach[0]', /got 0/],
    [{ program: 'ls' }, { follow: 1 }, 'follow', /true or false, got 1/],
    [{ program: 'ls' }, { queue: 0 }, 'queue', /got 0/],
    [{ program: 'ls' }, { signal: {} }, 'signal', /an AbortSignal/],
  ]
  for (const [target, options, ...expected] of rows) {
    let error: unknown
    try {
      trace(target as never, options as never)
    } catch (thrown) {
      error = thrown
    }
    assertRefused(error, expected)
  }
})

test('a line of a shell as program is told how to run one', async () => {
  for (const [program, hint] of [
    ['echo hi | wc -l', /run\('sh', \['-c', 'echo hi \| wc -l'\]\)/],
    ['ls > out', /run\('sh', \['-c'/],
    ['ls -l -a', /run\('ls', \['-l', '-a'\]\)/],
    ['no-such-program', /^Install it/],
  ] as const) {
    const error = await failure(() => run(program))
    assert.ok(error instanceof GlassboxError)
    assert.equal(error.code, 'ERR_GLASSBOX_PROGRAM_NOT_FOUND')
    assert.match(error.hint ?? '', hint)
  }
})

test('what the caller changes after the call changes nothing', async () => {
  const runner = scriptedRunner(() => ({}))
  const limits = { cpuTimeMs: 100 }
  const env: Record<string, string | undefined> = { A: 'a', B: undefined, ['__proto__']: 'c' }
  Object.defineProperty(env, '__proto__', { value: 'p', enumerable: true, configurable: true })
  const args = ['one']
  const options: RunOptions = { limits, env, collect: [] }
  const running = runOnce(() => runner, 'true', args, options, beginCall())
  limits.cpuTimeMs = -1
  env['A'] = 'changed'
  args[0] = 'changed'
  Object.assign(options, { cwd: 'nowhere', zzz: 1 })
  await running
  const job = runner.sandboxes[0]?.jobs[0]
  assert.equal(job?.limits.cpuTimeMs, 100)
  assert.deepEqual(Object.entries(job?.env ?? {}), [
    ['A', 'a'],
    ['__proto__', 'p'],
  ])
  assert.deepEqual(job?.argv, ['true', 'one'])
  assert.equal(job?.cwd, '/box')
})

test('options of another realm, without a prototype, frozen, or undefined are options', async () => {
  const { runInNewContext } = await import('node:vm')
  const bare = Object.assign(Object.create(null) as object, { net: 'none' })
  const foreign: unknown = runInNewContext("({ limits: { cpuTimeMs: 50 }, collect: [], env: { A: 'b' } })")
  const absent = { limits: undefined, env: undefined, trace: undefined, files: undefined, binds: undefined }
  for (const options of [
    bare,
    foreign,
    Object.freeze({ net: 'none' }),
    absent,
    undefined,
    { env: process.env },
  ]) {
    const runner = scriptedRunner(() => ({}))
    const result = await runOnce(() => runner, 'true', undefined, options, beginCall())
    assert.equal(result.status, 'exited')
  }
})

test('what is said is what the job has: null is no filter, Infinity no limit, and only what was left out is a default', async () => {
  const runner = scriptedRunner(() => ({}))
  const limits = { memoryBytes: Infinity, cpuTimeMs: 20_000 }
  await runOnce(() => runner, 'true', [], { policy: null, limits, env: {}, cwd: '/tmp/../a/' }, beginCall())
  await runOnce(() => runner, 'true', [], {}, beginCall())
  const [said, left] = runner.sandboxes.map(({ jobs }) => jobs[0])
  assert.equal(said?.policy, null)
  assert.deepEqual(said?.limits, {
    ...DEFAULT_LIMITS,
    memoryBytes: Infinity,
    cpuTimeMs: 20_000,
    wallTimeMs: 60_000,
  })
  assert.deepEqual(Object.entries(said?.env ?? { a: 1 }), [])
  assert.equal(said?.cwd, '/a')
  assert.equal(left?.policy, undefined, 'the default of the runner')
  assert.deepEqual(left?.limits, DEFAULT_LIMITS)
  assert.deepEqual(Object.keys(left?.env ?? {}), ['PATH', 'HOME', 'LANG', 'USER', 'LOGNAME', 'SHELL', 'TERM'])
  const { box } = runner.sandboxes[0]?.spec ?? {}
  assert.deepEqual(
    { ...box, files: {} },
    {
      ...{ runner: 'namespace', binds: [], mounts: {}, etc: [], net: 'none', files: {} },
      // Their defaults are the runner's.
      ...{ hostname: undefined, diskBytes: undefined, diskFiles: undefined },
    },
  )
})
