/** Bad input: one clear sentence that names the option, nothing started. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_LIMITS, GlassboxError, InvalidOptionError, openBox, run } from '#glassbox/index.js'
import type { RunOptions } from '#glassbox/index.js'
import { resolveLimits } from '#glassbox/job/limits.js'

const rejected = async (options: object, program = 'true'): Promise<InvalidOptionError> => {
  const error: unknown = await run(program, [], options as RunOptions).then(
    () => assert.fail('it ran'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof GlassboxError)
  return error as InvalidOptionError
}

test('an unknown option is an error with a suggestion', async () => {
  const error = await rejected({ limit: {} })
  assert.deepEqual(
    [error.code, error.option, error.hint],
    ['ERR_GLASSBOX_INVALID_OPTION', 'limit', 'Did you mean limits?'],
  )
})

for (const [name, value] of Object.entries({
  cpuTimeMs: 0,
  wallTimeMs: -1,
  memoryBytes: Number.NaN,
  processes: 1.5,
  outputBytes: '5',
  cputime: 1,
})) {
  test(`limits.${name} = ${value} is refused by its name`, async () => {
    const error = await rejected({ limits: { [name]: value } })
    assert.equal(error.option, `limits.${name}`)
    assert.match(error.message, new RegExp(name))
  })
}

for (const [options, option] of [
  [{ net: 'some' }, 'net'],
  [{ diskBytes: 0 }, 'diskBytes'],
  [{ hostname: 'a b' }, 'hostname'],
  [{ cwd: 'relative' }, 'cwd'],
  [{ env: { 'A=B': 'c' } }, 'env["A=B"]'],
  [{ env: { A: 'b\0c' } }, 'env["A"]'],
  [{ binds: [{ source: '/nonexistent' }] }, 'binds[0].source'],
  [{ binds: [{ source: '/etc/passwd/x', target: '/x' }] }, 'binds[0].source'],
  [{ binds: [{ source: '/tmp', target: '/proc/x' }] }, 'binds[0].target'],
  [{ binds: [{ source: '/tmp', target: '/usr/no-such-directory' }] }, 'binds[0].target'],
  [{ binds: [{ source: '/tmp', target: '/usr/bin/env' }] }, 'binds[0].target'],
  [{ binds: [{ source: '/etc/passwd', target: '/usr/bin' }] }, 'binds[0].target'],
  [
    { policy: { rules: [{ syscalls: ['opn'], action: { kind: 'kill' } }], otherwise: { kind: 'allow' } } },
    'policy.rules[0].syscalls[0]',
  ],
  [{ policy: { rules: [] } }, 'policy.otherwise'],
  [{ encoding: 'latin1' }, 'encoding'],
] as const) {
  test(`${JSON.stringify(options)} is refused as ${option}`, async () => {
    assert.equal((await rejected(options)).option, option)
  })
}

test('a runner that there is none of is refused by its name, and nothing else runs instead', async () => {
  for (const runner of ['Kernel', 'docker']) {
    const error = await rejected({ runner })
    assert.deepEqual([error.code, error.option], ['ERR_GLASSBOX_INVALID_OPTION', 'runner'])
    assert.match(error.message, new RegExp(`namespace.*${runner}`))
  }
})

test('a program that is not there, not executable, a directory, or without its interpreter', async () => {
  assert.equal((await rejected({}, 'no-such-program')).code, 'ERR_GLASSBOX_PROGRAM_NOT_FOUND')
  assert.equal((await rejected({}, './no-such-file')).code, 'ERR_GLASSBOX_PROGRAM_NOT_FOUND')
  assert.equal((await rejected({}, '/etc/passwd')).code, 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE')
  assert.equal((await rejected({}, '/usr')).code, 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE')
  assert.equal((await rejected({}, '')).code, 'ERR_GLASSBOX_PROGRAM_NOT_FOUND')
  const box = await openBox({ files: { script: '#!/no/such/interpreter\n' } })
  await box.run('chmod', ['755', 'script'])
  await assert.rejects(async () => box.run('./script'), { code: 'ERR_GLASSBOX_PROGRAM_NOT_FOUND' })
  await box.close()
})

test('a working directory that is missing is an error that names the step', async () => {
  await assert.rejects(async () => run('true', [], { cwd: '/missing' }), {
    code: 'ERR_GLASSBOX_STEP_FAILED',
    syscall: 'openat2',
  })
})

test('two copies of the package agree on what is an error of theirs', () => {
  const foreign = Object.assign(new Error('x'), { [Symbol.for('glassbox.error')]: true })
  assert.ok(foreign instanceof GlassboxError)
  assert.ok(!(foreign instanceof InvalidOptionError))
})

test('defaults: the wall limit follows the CPU limit and is never raised above what was asked', () => {
  assert.equal(resolveLimits().memoryBytes, DEFAULT_LIMITS.memoryBytes)
  assert.equal(resolveLimits({ cpuTimeMs: 20_000 }).wallTimeMs, 60_000)
  assert.equal(resolveLimits({ cpuTimeMs: 100 }).wallTimeMs, 10_000)
  assert.equal(resolveLimits({ cpuTimeMs: 5000, wallTimeMs: 100 }).wallTimeMs, 100)
  assert.equal(resolveLimits({ memoryBytes: Infinity }).memoryBytes, Infinity)
})
