/** How a program ends under a supervisor, beside how it ends natively. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { compilePolicy } from '#glassbox/seccomp/compile.js'
import { assertNothingLeft, type Surroundings, surroundings } from '../support/left.js'
import { native, program } from '../support/programs.js'
import { supervise, warmUp } from './support/supervise.js'

let start: Surroundings
before(async () => {
  await warmUp()
  start = surroundings()
})
after(() => assertNothingLeft(start))

for (const [kind, number] of [
  ['exit', '3'],
  ['signal', '15'],
  ['null', '0'],
  ['abort', '0'],
  ['exec', '0'],
  ['thread', '0'],
] as const)
  test(`a program that ends by "${kind} ${number}" ends as it does natively`, async () => {
    const { code, signal } = native('end', [kind, number])
    const { ending } = await supervise(program('end'), [kind, number])
    assert.equal(ending.cause, 'itself')
    const { exit } = ending
    assert.ok(exit)
    assert.deepEqual(
      'code' in exit ? [exit.code, false] : [null, true],
      [code, signal !== null],
      JSON.stringify(exit),
    )
  })

test('a file that does not exist is refused with the error of every launch', async () => {
  await assert.rejects(supervise('/bin/no-such-program'), { code: 'ERR_GLASSBOX_PROGRAM_NOT_FOUND' })
})

test('a file that cannot be executed is refused with the error of every launch', async () => {
  await assert.rejects(supervise('/etc/passwd'), { code: 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE' })
})

for (const [what, refused] of [
  ['write', ['write']],
  ['every exit', ['exit_group', 'exit']],
  ['every call but execve', undefined],
] as const)
  test(`a failed start is reported under a filter that refuses ${what}`, async () => {
    const errno = { kind: 'errno', errno: 1 } as const
    const allow = { kind: 'allow' } as const
    const filter = refused
      ? compilePolicy({ rules: [{ syscalls: refused, action: errno }], otherwise: allow })
      : compilePolicy({ rules: [{ syscalls: ['execve'], action: allow }], otherwise: errno })
    const run = (path: string): Promise<unknown> => supervise(path, [], { spec: () => ({ filter }) })
    await assert.rejects(run('/missing'), { code: 'ERR_GLASSBOX_PROGRAM_NOT_FOUND' })
    await assert.rejects(run('/etc/passwd'), { code: 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE' })
  })

test('twenty programs at a time end each in its own way', async () => {
  const ends = await Promise.all(
    Array.from({ length: 20 }, (_, code) => supervise(program('end'), ['exit', String(code)])),
  )
  assert.deepEqual(
    ends.map(({ ending }) => ending.exit),
    Array.from({ length: 20 }, (_, code) => ({ code })),
  )
})

test('a program ends with its first process: what it left running is killed', async () => {
  const { ending, stdout, wallTimeMs } = await supervise('/bin/sh', [
    '-c',
    '(sleep 5; echo late) & echo early; exit 4',
  ])
  assert.deepEqual(ending.exit, { code: 4 })
  assert.equal(ending.cause, 'itself')
  assert.equal(stdout, 'early\n')
  assert.ok(wallTimeMs < 4000, `${wallTimeMs} ms`)
  assert.ok((ending.usage.processes ?? 0) >= 2)
})

test('a stopped program is stopped, and goes on when it is continued', async () => {
  const script = 'sh -c "kill -STOP \\$\\$; echo on" & sleep 0.3; kill -CONT $!; wait'
  const { stdout } = await supervise('/bin/sh', ['-c', script])
  assert.equal(stdout, 'on\n')
})

test('threads that execute a program at the same time leave one process', async () => {
  const { ending } = await supervise(program('spend'), ['threadexec', '100'])
  assert.deepEqual(ending.exit, { code: 0 })
})
