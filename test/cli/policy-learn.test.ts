/**
 * `glassbox policy learn`: what it learns of programs of the distribution lets them do the same
 * again, and nothing else.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadPolicy, type Policy, run } from '#glassbox/index.js'
import { glassbox } from '../support/command.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

const INPUT = 'pear\napple\nfig\n'
const SOURCE = 'int main(void) { return 0; }\n'
const RULES = 'all: main\n\t./main\n'
const FILES = {
  ...{ 'in.txt': { contents: INPUT }, 'main.c': { contents: SOURCE } },
  rules: { contents: RULES },
} as const

/** Programs with arguments; they find FILES in their working directory. */
const PROGRAMS: readonly (readonly [program: string, ...args: string[]])[] = [
  ['true'],
  ['sort', 'in.txt'],
  ['wc', '-l', 'in.txt'],
  ['cat', '/etc/passwd'],
  ['ls', '/usr'],
  ['grep', '-c', 'p', 'in.txt'],
  ['sed', 's/p/b/', 'in.txt'],
  ['awk', '{ print length($1) }', 'in.txt'],
  ['cut', '-c', '1-2', 'in.txt'],
  ['sha256sum', 'in.txt'],
  ['od', '-c', 'in.txt'],
  ['cp', 'in.txt', 'copy.txt'],
  ['mkdir', 'new'],
  ['tar', 'cf', 'in.tar', 'in.txt'],
  ['gzip', '-k', 'in.txt'],
  ['find', '/etc/ssl', '-maxdepth', '1'],
  ['date', '-u', '-d', '@0'],
  ['uname'],
  ['seq', '3'],
  ['expr', '6', '*', '7'],
  ['diff', 'in.txt', 'in.txt'],
  ['sh', '-c', 'sort in.txt | head -n 1 > first.txt; cat first.txt'],
  ['bash', '-c', 'for i in 1 2; do echo $i; done | wc -l'],
  ['perl', '-e', 'print 6 * 7'],
  ['/usr/bin/python3', '-c', 'import json, threading; print(json.dumps([1]))'],
  ['node', '-e', 'console.log(6 * 7)'],
  ['gcc', 'main.c', '-o', 'out'],
  ['make', '-s', '-f', 'rules'],
  ['jq', '-R', '.', 'in.txt'],
  ['openssl', 'genrsa', '-out', 'key', '1024'],
  ['git', 'init', '-q', 'repository'],
  ['xz', '-k', 'in.txt'],
  ['flock', 'lock', 'true'],
  ['touch', '-d', '2020-01-01', 'in.txt'],
  ['sh', '-c', 'seq 100000 | tac | head -n 1'],
  // These ask for the name of their user, whom a sandbox does not name.
  ['curl', '-s', 'file:///etc/hostname'],
  ['vim', '-es', '-u', 'NONE', '-c', 'qa!'],
]

const exists = (name: string): boolean =>
  spawnSync('sh', ['-c', 'command -v "$0"', name], { stdio: 'ignore' }).status === 0

for (const [name, ...args] of PROGRAMS) {
  const skip = exists(name) ? false : `needs ${name}`
  test(`${[name, ...args].join(' ')} runs under what was learned of it`, { skip }, async context => {
    const cwd = temporaryDirectory(context)
    for (const [path, { contents }] of Object.entries(FILES)) writeFileSync(join(cwd, path), contents)
    const file = join(temporaryDirectory(context), 'policy.json')
    const native = glassbox(['policy', 'learn', '--output', file, '--', name, ...args], { cwd })
    assert.deepEqual([native.code, native.err], [0, ''])
    const policy = await loadPolicy(file)
    const again = await run(name, args, { runner: 'ptrace', policy, files: FILES })
    const { status, exitCode, violation, stdout, stderr } = again
    assert.deepEqual([status, exitCode, violation, stdout], ['exited', 0, undefined, native.out], stderr)
  })
}

test('what was not seen is denied', async context => {
  const file = join(temporaryDirectory(context), 'policy.json')
  glassbox(['policy', 'learn', '--output', file, '--', 'cat', '/etc/hostname'])
  const policy = await loadPolicy(file)
  const other = await run('cat', ['/etc/passwd'], { runner: 'ptrace', policy })
  assert.equal(other.exitCode, 1)
  assert.deepEqual([other.denials?.[0]?.syscall, other.denials?.[0]?.rule], ['openat', 'read: /etc/passwd'])
  const calls = program('calls')
  const mine = join(temporaryDirectory(context), 'calls.json')
  glassbox(['policy', 'learn', '--output', mine, '--', calls, '39'])
  const { status, violation } = await run(calls, ['161'], {
    runner: 'ptrace',
    policy: await loadPolicy(mine),
  })
  assert.deepEqual([status, violation?.syscall], ['syscall-denied', 'chroot'])
})

test('many files of a directory become the directory, unless that is not wanted', context => {
  const cwd = temporaryDirectory(context)
  const names = Array.from({ length: 8 }, (_, index) => `${index}.txt`)
  for (const name of names) writeFileSync(join(cwd, name), name)
  const learned = (...options: readonly string[]): readonly string[] => {
    const { out } = glassbox(['policy', 'learn', ...options, '--', 'cat', ...names], { cwd })
    return (JSON.parse(out) as Policy).paths?.read?.filter(pattern => pattern.startsWith('{work}')) ?? []
  }
  assert.deepEqual(learned(), ['{work}/'])
  assert.deepEqual(
    learned('--files', '0'),
    names.map(name => `{work}/${name}`),
  )
})

test('the policy alone is on stdout; notes and the output of the program are on stderr', () => {
  const { code, out, err } = glassbox(['policy', 'learn', '--', 'sh', '-c', 'echo mine; exit 3'])
  assert.equal(code, 0)
  assert.equal((JSON.parse(out) as Policy).name, 'sh')
  assert.match(err, /^mine\nglassbox: The program exited with 3; the policy has what it did until then\.\n$/)
})

for (const [what, words, code, message] of [
  ['no program', [], 125, /No program was given/],
  ['a program that does not exist', ['--', 'no-such-program'], 127, /no-such-program/],
  [
    'a directory that does not exist',
    ['--output', '/none/x.json', '--', 'true'],
    125,
    /Cannot write the policy \/none\/x\.json: ENOENT/,
  ],
  ['another number', ['--files', 'many', '--', 'true'], 125, /--files: expected a whole number, got many/],
  ['a variable without value', ['--env', 'X', '--', 'true'], 125, /--env: expected NAME=VALUE/],
] as const) {
  test(`${what}: one sentence, and exit code ${code}`, () => {
    const ended = glassbox(['policy', 'learn', ...words])
    assert.deepEqual([ended.code, ended.out], [code, ''])
    assert.match(ended.err, message)
  })
}

test('variables are those of glassbox run', context => {
  const cwd = temporaryDirectory(context)
  const command = ['policy', 'learn', '--env', 'MINE=1', '--output', join(cwd, 'p.json'), '--', 'env']
  const { out } = glassbox(command, { cwd, env: { OTHER: '1' } })
  assert.match(out, /^MINE=1$/m)
  assert.match(out, /^LANG=C\.UTF-8$/m)
  assert.ok(!out.includes('OTHER'))
  assert.ok(readFileSync(join(cwd, 'p.json'), 'utf8').startsWith('{\n  "name": "env"'))
})
