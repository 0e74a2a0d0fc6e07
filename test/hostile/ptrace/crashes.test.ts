/**
 * Faults of ../crashes.test.ts with the ptrace runner: a service that was started in odd ways,
 * that runs out of descriptors, or that runs beside another one.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guard, root } from '../../support/hostile.js'
import { HUNGRY, ODD, REMOVED, service, shareUser, startOddly, twoServices } from '../../support/services.js'

guard({ runners: ['namespace', 'ptrace'] })
const runner = 'ptrace'

for (const { name, script } of ODD.filter(odd => odd.script !== REMOVED)) {
  test(`a service that was started ${name} works, and its programs see defaults [RB-08, DX-19]`, context => {
    const { stdout = '', ...told } = startOddly(context, script, service(runner))
    assert.deepEqual(told, { status: 'exited', mode: 0o644 })
    assert.match(stdout, /^22 \/[^ ]*\/glassbox-[^/ ]*\/box\n$/)
  })
}

test('a service in a directory that was removed is told to leave it [RB-08]', context => {
  // Node starts no worker there.
  const told = startOddly(context, REMOVED, service(runner))
  assert.equal(told.error, 'ERR_GLASSBOX_SYSTEM')
  assert.match(told.hint ?? '', /process\.chdir/)
})

test('a service that runs out of descriptors fails only for that run, and recovers [RB-04]', context => {
  const told = startOddly(context, 'ulimit -n 128; "$0" "$@"', service(runner, HUNGRY))
  const codes = told.later?.split(',') ?? []
  context.diagnostic(codes.join(' '))
  // No blame for the program, and no fault of the supervisor.
  for (const code of codes) assert.match(code, /^(exited|ERR_GLASSBOX_(SYSTEM|FILE|CGROUP|STEP_FAILED))$/)
  assert.notEqual(codes[0], 'exited')
  assert.equal(codes.at(-1), 'exited')
  assert.deepEqual([told.error, told.status], [undefined, 'exited'])
})

test('a service without a writable directory for temporary files is told so [RB-04]', context => {
  const told = startOddly(context, '"$0" "$@"', service(runner), { TMPDIR: '/proc' })
  assert.match(told.error ?? '', /^ERR_GLASSBOX_/)
})

test('two services side by side do not affect each other [RB-11]', async context => {
  const { told, mine, lives } = await twoServices(context, runner)
  for (const { error, status } of told) assert.deepEqual([error, status], [undefined, 'exited'])
  assert.equal(mine.status, 'exited')
  assert.match(mine.stdout, /\nwell\n$/)
  assert.equal(lives.length, 21)
  if (!root) return
  const shared = lives.filter((life, index) => lives.slice(index + 1).some(other => shareUser(life, other)))
  assert.deepEqual(shared, [], 'each living program has a user of its own')
})
