/** What the options of run() mean to the ptrace runner, and those that it refuses. */
import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  createPool,
  GlassboxError,
  InvalidOptionError,
  MissingFeatureError,
  openBox,
  run,
  type RunOptions,
} from '#glassbox/index.js'
import { startError } from '#glassbox/runners/ptrace/missing.js'
import { program } from '../../support/programs.js'
import { ownTemporary, temporaryDirectory } from '../../support/temporary.js'

const runner = 'ptrace'
const GETPPID = '110'

const REFUSED: readonly (readonly [option: string, options: RunOptions])[] = [
  ['binds', { binds: [{ source: '/usr' }] }],
  ['hostname', { hostname: 'glassbox' }],
  ['diskBytes', { diskBytes: 256 * 2 ** 20 }],
  ['diskFiles', { diskFiles: 16_384 }],
]

for (const [option, options] of REFUSED)
  test(`${option} is refused if it is given, even with its default of the other runner`, async () => {
    const refused = (error: unknown): boolean =>
      error instanceof InvalidOptionError &&
      error.option === option &&
      error.message.startsWith(`The ptrace runner has no option ${option}: `) &&
      error.hint !== undefined
    const { signal: _, ...ofPool } = options
    await assert.rejects(async () => run('true', [], { ...options, runner }), refused)
    await assert.rejects(openBox({ ...options, runner } as object), refused)
    await assert.rejects(createPool({ size: 1, ...(ofPool as object), runner }), refused)
  })

test('trace is refused with the reason, before anything starts', async context => {
  const base = ownTemporary(context)
  const trace = { reader: async () => assert.fail('no trace begins') }
  const refused = (error: unknown): boolean =>
    error instanceof MissingFeatureError && error.feature === 'trace' && /only one tracer/.test(error.message)
  await assert.rejects(async () => run('true', [], { runner, trace }), refused)
  assert.deepEqual(readdirSync(base), [])
  await using box = await openBox({ runner })
  await assert.rejects(async () => box.run('true', [], { trace }), refused)
  assert.equal((await box.run('true')).exitCode, 0, 'the box is still usable')
  assert.equal(readdirSync(base).length, 1, 'only the directory of the box')
})

const shell = { extends: 'default', paths: { execute: ['/usr/bin/'] } } as const

test('/box means the private directory in cwd, HOME, TMPDIR and the path of the program', async () => {
  const files = {
    'sub/tool.sh': { contents: '#!/bin/sh\npwd; echo "$HOME" "$TMPDIR" "$OTHER" "$0" "$1"\n', mode: 0o755 },
  }
  const policy = { extends: shell, paths: { execute: ['{work}/', '/bin/sh'] } } as const
  const env = { HOME: '/box/sub', OTHER: '/box/other' }
  const options = { runner, files, policy, env, cwd: '/box/sub' } as const
  for (const [name, work] of [
    ['./tool.sh', 2],
    ['/box/sub/tool.sh', 2],
  ] as const) {
    const { stdout, stderr, exitCode } = await run(name, ['/box/argument'], options)
    assert.equal(exitCode, 0, stderr)
    const [cwd = '', line = ''] = stdout.trim().split('\n')
    const base = cwd.split('/').slice(0, -1).join('/')
    assert.equal(cwd.split('/').slice(-work).join('/'), 'box/sub')
    assert.deepEqual(line.split(' '), [cwd, base, '/box/other', `${cwd}/tool.sh`, '/box/argument'])
  }
})

test('without a policy the preset default applies, and the files beside the program may be read', async context => {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o755)
  const cat = join(directory, 'my-cat')
  copyFileSync(realpathSync('/bin/cat'), cat)
  writeFileSync(join(directory, 'beside'), 'beside\n')
  const { stdout, exitCode, denials } = await run(cat, [join(directory, 'beside'), '/etc/hostname'], {
    runner,
  })
  assert.equal(stdout, 'beside\n')
  assert.equal(exitCode, 1)
  const paths = denials?.map(({ path, rule }) => [path, rule])
  assert.deepEqual(
    paths?.filter(([path]) => path === '/etc/hostname'),
    [['/etc/hostname', 'read: /etc/hostname']],
  )
  // With a policy, only what it grants.
  const { stdout: strict } = await run(cat, [join(directory, 'beside')], { runner, policy: 'default' })
  assert.equal(strict, '')
})

test('with policy null files are not restricted', async () => {
  const { stdout, denials } = await run('head', ['-c4', '/etc/passwd'], { runner, policy: null })
  assert.equal(stdout, 'root')
  assert.deepEqual(denials, [])
})

test('programs of the host are found without binds, also in an open box', async context => {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o755)
  const copy = join(directory, 'end')
  copyFileSync(program('end'), copy)
  assert.equal((await run(copy, ['exit', '4'], { runner })).exitCode, 4)
  await using box = await openBox({ runner, files: { here: { file: copy, mode: 0o755 } } })
  assert.equal((await box.run(copy, ['exit', '5'])).exitCode, 5)
  assert.equal((await box.run('./here', ['exit', '6'], { policy: null })).exitCode, 6)
  assert.equal((await box.run('end', ['exit', '7'], { env: { PATH: directory } })).exitCode, 7)
  await assert.rejects(async () => box.run('./not-here'), { code: 'ERR_GLASSBOX_PROGRAM_NOT_FOUND' })
})

test('net: none refuses the host’s network, and net: host allows it', async () => {
  const loopback = (net?: 'host'): Promise<number | undefined> =>
    run(program('network'), ['loopback', '1'], { runner, policy: null, ...(net ? { net } : {}) }).then(
      ({ exitCode }) => exitCode,
    )
  assert.notEqual(await loopback(), 0)
  assert.equal(await loopback('host'), 0)
})

test('a handler of the policy decides calls', async () => {
  const asked: string[] = []
  const policy = {
    extends: 'default',
    rules: [
      {
        syscalls: ['getppid'],
        action: {
          kind: 'decide',
          handler: ({ syscall }: { readonly syscall: string }) => {
            asked.push(syscall)
            return asked.length > 1 ? 'kill' : { errno: 5 }
          },
        },
      },
    ],
  } as const
  const script = 'import os; print(os.getppid()); print(os.getppid())'
  const python = { ...policy, extends: { extends: 'default', paths: { read: ['/usr/', '/etc/'] } } } as const
  const { status, violation } = await run('python3', ['-c', script], { runner, policy: python })
  assert.deepEqual(asked, ['getppid', 'getppid'])
  assert.equal(status, 'syscall-denied')
  assert.equal(violation?.syscall, 'getppid')
})

test('an answer of a handler that is none ends the program, and other programs go on', async () => {
  const answering = (answer: unknown) =>
    ({
      extends: 'default',
      rules: [{ syscalls: ['getppid'], action: { kind: 'decide', handler: async () => answer as 'allow' } }],
    }) as const
  const asking = (answer: unknown) => run(program('calls'), [GETPPID], { runner, policy: answering(answer) })
  const other = run('sleep', ['0.2'], { runner })
  for (const answer of [undefined, null, 'perhaps', 7, {}, { errno: -1 }, { errno: 1.5 }, { errno: '13' }])
    await assert.rejects(async () => asking(answer), /handler's answer about getppid/, JSON.stringify(answer))
  assert.equal((await asking('allow')).exitCode, 0)
  assert.equal((await other).exitCode, 0)
})

test('a host that refuses ptrace is a missing feature, with what would help', () => {
  const refused = new MissingFeatureError('ptrace', 'attach: ptrace(PTRACE_SEIZE, 7): EPERM', 'Run as root.')
  for (const [scope, help] of [
    ['', /seccomp profile/],
    ['2', /ptrace_scope is 2/],
    ['3', /ptrace_scope is 3/],
  ] as const) {
    const error = startError(refused, scope) as MissingFeatureError
    assert.equal(error.feature, 'ptrace')
    assert.match(error.hint ?? '', help)
  }
  const other = new GlassboxError('ERR_GLASSBOX_SYSTEM', 'another')
  assert.equal(startError(other), other)
})

test('files go in and out, and links of a program are not followed', async () => {
  const script = 'cat in/a; echo out > result; ln -s /etc/passwd link'
  const { stdout, files, fileErrors } = await run('sh', ['-c', script], {
    runner,
    policy: shell,
    files: { 'in/a': 'in\n' },
    collect: ['result', 'link', 'in'],
  })
  assert.equal(stdout, 'in\n')
  assert.deepEqual(Object.keys(files).toSorted(), ['in/a', 'result'])
  assert.equal(fileErrors['link']?.code, 'ELOOP')
})

test('the first process reads its own entries in /proc, also if a child made the first decided call', async () => {
  const script = '/bin/true; read line < /proc/self/status && echo "$line"'
  const { stdout, stderr } = await run('sh', ['-c', script], { runner, policy: shell })
  assert.equal(stdout, 'Name:\tsh\n', stderr)
})
