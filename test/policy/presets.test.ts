/**
 * The presets, on real programs: each is compiled by the compilers of the distribution under
 * `compiler`, and runs under the preset of its language as it does natively. What no such program
 * does is denied.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Files, type PresetName, run, type RunOptions } from '#glassbox/index.js'
import { landlock } from '#glassbox/landlock/abi.js'
import { validatePolicy } from '#glassbox/policy/check.js'
import { ORDINARY_CALLS } from '#glassbox/policy/groups.js'
import { PRESETS } from '#glassbox/policy/presets/presets.js'
import { resolvePolicy } from '#glassbox/policy/resolve.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { permits } from '#glassbox/seccomp/permits.js'
import { callRulesOf } from '#glassbox/runners/namespace/call-rules.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

const { EACCES } = constants.errno
const sources = fileURLToPath(new URL('../../../test/policy/languages/', import.meta.url))
const source = (name: string): Files => ({ [name]: { file: `${sources}${name}` } })
const NAMES = Object.keys(PRESETS) as PresetName[]

const exists = (command: string): boolean => spawnSync(command, ['--version']).error === undefined
const noLandlock = 'abi' in landlock() ? false : 'needs Landlock'
const needs = (command: string): false | string => noLandlock || (!exists(command) && `needs ${command}`)

const OPTIONS = {
  limits: { cpuTimeMs: 120_000, memoryBytes: 2 ** 32, processes: 400, openFiles: 1024 },
} satisfies RunOptions

const RUNNERS = ['namespace', 'ptrace'] as const
/** The compilers get a larger disk, and a place for temporary files. */
const COMPILING = {
  ...OPTIONS,
  env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/box', LANG: 'C.UTF-8', TMPDIR: '/box' },
  diskBytes: 2 ** 30,
} satisfies RunOptions

/** A compiler, its arguments, and what it makes of the source. */
const COMPILED = {
  'C, dynamic': ['gcc', ['main.c', '-o', 'out', '-pthread'], 'main.c'],
  'C, static': ['gcc', ['main.c', '-o', 'out', '-pthread', '-static'], 'main.c'],
  'C with musl': ['musl-gcc', ['main.c', '-o', 'out', '-pthread'], 'main.c'],
  'C with musl, static': ['musl-gcc', ['main.c', '-o', 'out', '-static'], 'main.c'],
  'C++': ['g++', ['-std=c++17', 'main.cpp', '-o', 'out', '-pthread'], 'main.cpp'],
  Rust: ['/usr/bin/rustc', ['main.rs', '-o', 'out'], 'main.rs'],
  Go: ['go', ['build', '-o', 'out', 'main.go'], 'main.go'],
  Pascal: ['fpc', ['-oout', 'main.pas'], 'main.pas'],
} as const

type Runner = (typeof RUNNERS)[number]

/** Compiles the source, and returns the file that the compiler makes. */
async function compiled(
  runner: Runner,
  [compiler, args, name]: readonly [string, readonly string[], string],
  made = 'out',
): Promise<Uint8Array | string> {
  const { diskBytes: _, ...terms } = COMPILING
  const options = runner === 'ptrace' ? { ...terms, runner } : { ...COMPILING, runner }
  const result = await run(compiler, args, {
    ...options,
    files: source(name),
    policy: 'compiler',
    collect: [made],
  })
  const { status, violation, stderr, files } = result
  assert.deepEqual([status, violation], ['exited', undefined], stderr)
  const out = files[made]
  assert.ok(result.ok && out && 'contents' in out, stderr)
  return out.contents
}

/** Runs a program that prints "ok". */
async function prints(
  command: string,
  args: readonly string[],
  options: Pick<RunOptions, 'files' | 'policy' | 'runner'>,
): Promise<void> {
  const { status, violation, stdout, stderr } = await run(command, args, { ...OPTIONS, ...options })
  assert.deepEqual([status, violation, stdout], ['exited', undefined, 'ok\n'], stderr)
}

for (const runner of RUNNERS) {
  for (const [language, how] of Object.entries(COMPILED)) {
    test(`${runner}: ${language} is compiled and runs`, { skip: needs(how[0]) }, async () => {
      const contents = await compiled(runner, how)
      const files = { out: { contents, mode: 0o755 } }
      await prints('./out', [], { files, runner, policy: 'default' })
    })
  }

  test(`${runner}: Java is compiled and runs`, { skip: needs('javac') }, async () => {
    const contents = await compiled(runner, ['javac', ['Main.java'], 'Main.java'], 'Main.class')
    const files = { 'Main.class': { contents } }
    await prints('java', ['-cp', '.', 'Main'], { files, runner, policy: 'java' })
  })

  for (const [policy, command, args, name] of [
    ['python3', '/usr/bin/python3', ['-I', '-B', 'main.py'], 'main.py'],
    ['node', 'node', ['main.mjs'], 'main.mjs'],
    ['shell', 'sh', ['main.sh'], 'main.sh'],
    ['shell', 'bash', ['main.sh'], 'main.sh'],
  ] as const) {
    test(`${runner}: ${command} runs under ${policy}`, { skip: needs(command) }, async () => {
      await prints(command, args, { files: source(name), runner, policy })
    })
  }
}

test('a shell finds no terminal, as in any session of its own, and that is no denied call', async () => {
  const script = 'exec 2>&1; : > /dev/tty'
  const words = ['bash', '-c', script]
  const native = spawnSync('setsid', words, { encoding: 'utf8' }).stdout
  assert.match(native, /No such device or address/)
  const result = await run('bash', ['-c', script], { runner: 'ptrace', policy: 'shell' })
  assert.deepEqual([result.stdout, result.denials ?? []], [native, []])
})

for (const policy of NAMES) {
  test(`${policy} is a valid policy without a need for a tracer, and each of its rules has a reason`, () => {
    validatePolicy(PRESETS[policy])
    const resolved = resolvePolicy(policy)
    assert.equal(resolved.needsTracer, undefined)
    assert.equal(resolved.name, policy)
    for (const { why } of resolved.rules) assert.ok(why)
  })

  test(`${policy} ends programs for what none of them does`, async () => {
    const calls = callRulesOf(resolvePolicy(policy))
    for (const call of ['ptrace', 'bpf', 'mount', 'setns', 'init_module', 'kexec_load', 'userfaultfd'])
      assert.equal(permits(calls, call), false, call)
    const { status, violation } = await run(program('calls'), [String(syscallNumber('ptrace'))], {
      ...OPTIONS,
      policy: callsOnly(policy),
    })
    assert.deepEqual([status, violation?.syscall], ['syscall-denied', 'ptrace'])
  })

  test(`${policy} lets programs read no secrets`, { skip: noLandlock }, async context => {
    const secret = join(temporaryDirectory(context), 'secret')
    writeFileSync(secret, 'secret', { mode: 0o644 })
    const paths = program('paths')
    const binds = [{ source: secret }]
    const calls = [`read,${secret}`, 'create,/tmp/x', 'read,/proc/1/environ']
    const { stdout } = await run(paths, calls, { ...OPTIONS, binds, policy })
    assert.deepEqual(
      stdout.trim().split('\n'),
      calls.map(() => String(EACCES)),
    )
    const control = await run(paths, calls.slice(0, 2), { ...OPTIONS, binds })
    assert.equal(control.stdout, '0\n0\n', 'without a policy it can')
  })
}

/** The rules about calls alone. */
const callsOnly = (policy: PresetName): NonNullable<RunOptions['policy']> => ({
  rules: PRESETS[policy].rules ?? [],
  otherwise: PRESETS[policy].otherwise ?? { kind: 'kill' },
})

test('no call is in two groups', () => {
  assert.equal(new Set(ORDINARY_CALLS).size, ORDINARY_CALLS.length)
  for (const name of ORDINARY_CALLS) syscallNumber(name)
})
