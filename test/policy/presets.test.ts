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
  env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/box', LANG: 'C.UTF-8', TMPDIR: '/box' },
  limits: { cpuTimeMs: 120_000, memoryBytes: 2 ** 32, processes: 400, openFiles: 1024 },
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

for (const [language, [compiler, args, name]] of Object.entries(COMPILED)) {
  test(`${language}: compiled under compiler, and run under default`, { skip: needs(compiler) }, async () => {
    const files = source(name)
    const made = await run(compiler, args, { ...OPTIONS, files, policy: 'compiler', collect: ['out'] })
    assert.equal(made.status, 'exited', JSON.stringify(made.violation))
    const out = made.files['out']
    assert.ok(made.ok && out && 'contents' in out, made.stderr)
    const { contents } = out
    const ran = await run('./out', [], {
      ...OPTIONS,
      files: { out: { contents, mode: 0o755 } },
      policy: 'default',
    })
    assert.deepEqual([ran.status, ran.violation, ran.stdout], ['exited', undefined, 'ok\n'], ran.stderr)
  })
}

test('Java: compiled under compiler, and run under java', { skip: needs('javac') }, async () => {
  const files = source('Main.java')
  const made = await run('javac', ['Main.java'], {
    ...OPTIONS,
    files,
    policy: 'compiler',
    collect: ['Main.class'],
  })
  const out = made.files['Main.class']
  assert.ok(made.ok && out && 'contents' in out, JSON.stringify(made))
  const classes = { 'Main.class': { contents: out.contents } }
  const ran = await run('java', ['-cp', '.', 'Main'], { ...OPTIONS, files: classes, policy: 'java' })
  assert.deepEqual([ran.status, ran.violation, ran.stdout], ['exited', undefined, 'ok\n'], ran.stderr)
})

for (const [policy, command, args, name] of [
  ['python3', '/usr/bin/python3', ['-I', '-B', 'main.py'], 'main.py'],
  ['node', 'node', ['main.mjs'], 'main.mjs'],
  ['shell', 'sh', ['main.sh'], 'main.sh'],
  ['shell', 'bash', ['main.sh'], 'main.sh'],
] as const) {
  test(`${command} runs under ${policy}`, { skip: needs(command) }, async () => {
    const { status, violation, stdout, stderr } = await run(command, args, {
      ...OPTIONS,
      files: source(name),
      policy,
    })
    assert.deepEqual([status, violation, stdout], ['exited', undefined, 'ok\n'], stderr)
  })
}

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
