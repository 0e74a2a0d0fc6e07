/**
 * Boxes and pools of the ptrace runner: what one program leaves for the next, and what it must not
 * leave.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createPool, openBox, run } from '#glassbox/index.js'
import { assertNothingLeft, surroundings } from '../../support/left.js'
import { program } from '../../support/programs.js'

const runner = 'ptrace'
const policy = { extends: 'default', paths: { execute: ['/usr/bin/'] } } as const
const initial = surroundings()

before(async () => {
  await Promise.all(Array.from({ length: 4 }, () => run('true', [], { runner })))
  Object.assign(initial, surroundings())
})
after(() => assertNothingLeft(initial))

test('files stay from one command of a box to the next, and so does its user', async () => {
  await using box = await openBox({ runner, files: { 'main.c': 'int main(void) { return 42; }\n' } })
  const first = await box.run('sh', ['-c', 'id -u; echo 1 > kept; mkdir d; chmod 000 d kept; chmod 000 .'], {
    policy,
  })
  const second = await box.run('sh', ['-c', 'id -u; chmod 600 kept; cat kept main.c'], { policy })
  assert.equal(first.exitCode, 0, first.stderr)
  assert.equal(second.stdout, `${first.stdout}1\nint main(void) { return 42; }\n`)
  await box.writeFile('kept', 'changed\n')
  assert.equal(Buffer.from(await box.readFile('kept')).toString(), 'changed\n')
  assert.deepEqual(
    (await box.readDirectory()).map(({ name }) => name),
    ['d', 'kept', 'main.c'],
  )
  await box.remove('d')
  const { stdout } = await box.run('cat', ['kept'])
  assert.equal(stdout, 'changed\n')
})

test('what a command left running is dead when it ends', async () => {
  await using box = await openBox({ runner })
  const leave = 'echo x > alive; (while :; do date > alive; done) & sleep 0.2; exit 3'
  assert.equal((await box.run('sh', ['-c', leave], { policy })).exitCode, 3)
  await box.writeFile('alive', 'quiet')
  await sleep(100)
  assert.equal(Buffer.from(await box.readFile('alive')).toString(), 'quiet')
})

test('a box that is closed while its program runs kills it, and the run rejects', async () => {
  const box = await openBox({ runner })
  const handle = box.run('sh', ['-c', 'echo on; exec sleep 30'], { policy })
  handle.catch(() => {})
  for await (const line of handle.stdout) if (String(line).includes('on')) break
  await box.close()
  await assert.rejects(async () => handle, { code: 'ERR_GLASSBOX_BOX_CLOSED' })
  await assert.rejects(async () => box.run('true'), { code: 'ERR_GLASSBOX_BOX_CLOSED' })
})

test('each program of a pool finds an empty directory with its usual mode', async () => {
  const pool = await createPool({ size: 2, runner })
  try {
    const script = `ls -A; stat -c %a .
      mkdir -p a/b; echo x > a/b/c; chmod 000 a; setfacl -d -m u::rwx . 2>/dev/null; chmod 000 .`
    const options = { policy, files: { given: 'x' } }
    const results = await Promise.all(
      Array.from({ length: 12 }, () => pool.run('sh', ['-c', script], options)),
    )
    for (const { stdout, stderr } of results) assert.equal(stdout, 'given\n700\n', stderr)
    assert.equal(pool.replaced, 0)
  } finally {
    await pool.close()
  }
})

test('a sandbox is replaced after a program that may have left something elsewhere', async () => {
  const pool = await createPool({ size: 1, runner })
  try {
    const uid = async (given: object): Promise<string> => (await pool.run('id', ['-u'], given)).stdout
    const first = await uid({})
    assert.equal(await uid({ policy }), first)
    assert.equal(pool.replaced, 0)
    await uid({ policy: null })
    const next = await uid({})
    assert.equal(pool.replaced, 1)
    await uid({ policy: { extends: 'default', paths: { write: ['/tmp/'] } } })
    await uid({})
    assert.equal(pool.replaced, 2)
    if (process.getuid?.() === 0) assert.notEqual(next, first)
  } finally {
    await pool.close()
  }
})

test('20 programs at a time end in 20 ways', async () => {
  const kinds = [
    ['end', ['exit', '3'], 'exited'],
    ['end', ['null'], 'signaled'],
    ['burn', ['one', '20000'], 'cpu-time-limit'],
    ['end', ['stop'], 'wall-time-limit'],
  ] as const
  const limits = { cpuTimeMs: 50, wallTimeMs: 5000 }
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) => {
      const [guest, args] = kinds[index % kinds.length] ?? kinds[0]
      return run(program(guest), args, { runner, limits })
    }),
  )
  assert.deepEqual(
    results.map(({ status }) => status),
    results.map((_, index) => kinds[index % kinds.length]?.[2]),
  )
})
