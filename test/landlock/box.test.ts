/** Policies with paths inside a box: the silent tier of the namespace runner. */
import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { test } from 'node:test'
import { createPool, openBox, type Policy, run } from '#glassbox/index.js'
import { landlock } from '#glassbox/landlock/abi.js'
import { assertNothingLeft, surroundings } from '../support/left.js'
import { program } from '../support/programs.js'

const { EACCES } = constants.errno
const skip = 'abi' in landlock() ? false : 'needs Landlock'
const paths = program('paths')
const binds = [{ source: paths }]

/** The preset, and what the test adds. */
const policy = (rules: Policy['paths'] = {}, name = 'test'): Policy => ({
  ...{ name, extends: 'default' },
  paths: { execute: ['/usr/', '/bin/'], ...rules },
})

test('files of the working directory are usable, others are not', { skip }, async () => {
  const calls = ['create,/box/new', 'read,/box/new', 'read,in.txt', 'unlink,/box/new', 'create,/tmp/new']
  const more = ['read,/etc/passwd', 'list,/', 'list,/box', 'read,/proc/self/status', 'read,/proc/1/status']
  const files = { 'in.txt': 'in' }
  const ended = await run(paths, [...calls, ...more], { files, policy: policy() })
  const answers = [0, 0, 0, 0, EACCES, EACCES, EACCES, 0, 0, EACCES].map(String)
  assert.deepEqual([ended.status, ended.stdout.trim().split('\n')], ['exited', answers])
  const control = await run(paths, [...calls, ...more], { files })
  assert.deepEqual(
    control.stdout.trim().split('\n'),
    answers.map(() => '0'),
    'the control: no paths',
  )
})

test('a box runs programs with and without a wall, each with its own', { skip }, async () => {
  const before = surroundings()
  {
    await using box = await openBox({ binds })
    const read = async (what?: Policy): Promise<string> => {
      const options = what ? { policy: what } : {}
      return (await box.run(paths, ['read,/etc/passwd', 'create,/box/x', 'unlink,/box/x'], options)).stdout
    }
    const [wall, wider] = [policy(), policy({ read: ['/etc/passwd'] })]
    const denied = `${EACCES}\n0\n0\n`
    assert.deepEqual([await read(wall), await read(wall), await read(wall)], [denied, denied, denied])
    assert.deepEqual([await read(), await read(wider), await read(wall)], ['0\n0\n0\n', '0\n0\n0\n', denied])
  }
  await assertNothingLeft(before)
})

test('a wall goes with another directory, with a trace, and with a pool', { skip }, async () => {
  const calls = ['create,new', 'unlink,new', 'read,/etc/passwd']
  const expected = `0\n0\n${EACCES}\n`
  const execs: string[] = []
  const traced = await run(paths, calls, {
    policy: policy({ write: ['/tmp/'] }),
    cwd: '/tmp',
    trace: {
      events: ['exec'],
      reader: async events => {
        for await (const event of events) execs.push(event.type)
      },
    },
  })
  assert.deepEqual([traced.stdout, execs], [expected, ['exec']])
  await using pool = await createPool({ size: 1, binds })
  for (let round = 0; round < 3; round++)
    assert.equal((await run(paths, calls, { pool, policy: policy() })).stdout, expected)
})

test('a link that an earlier program left leads nowhere', { skip }, async () => {
  await using box = await openBox({ binds, files: { 'data/x': 'x' } })
  const read = async (rules: Policy['paths'], calls: string[]): Promise<string> =>
    (await box.run(paths, calls, { policy: policy(rules) })).stdout
  assert.equal(
    await read({ read: ['/box/link/', '{work}/link/passwd'] }, ['read,/etc/passwd']),
    `${EACCES}\n`,
  )
  await box.run('ln', ['-s', '/etc', 'link'])
  await box.run('ln', ['-s', '/', 'root'])
  await box.run('ln', ['-s', 'data', 'inside'])
  const calls = ['read,/etc/passwd', 'read,/box/link/passwd', 'list,/', 'read,/box/inside/x']
  const rules = { read: ['/box/link/', '{work}/link/passwd', '{work}/root/', '{work}/*/*', '{work}/inside/'] }
  assert.equal(await read(rules, calls), `${EACCES}\n${EACCES}\n${EACCES}\n0\n`)
  assert.equal(await read({ read: ['/etc/'] }, ['read,/box/link/passwd']), '0\n', 'the control')
})

test('a wildcard grants the files that are there at the start', { skip }, async () => {
  const files = { 'a.txt': 'a', 'b.csv': 'b', 'sub/c.txt': 'c', 'sub/deep/d.txt': 'd', '.hidden.txt': 'h' }
  await using box = await openBox({ binds, files })
  const names = Object.keys(files)
  const read = async (...patterns: string[]): Promise<string[]> => {
    // Without the preset, which grants the whole directory.
    const strict: Policy = {
      otherwise: { kind: 'allow' },
      paths: { execute: ['{program}', '/usr/', '/lib/', '/lib64/'], read: patterns },
    }
    const { stdout } = await box.run(
      paths,
      names.map(name => `read,${name}`),
      { policy: strict },
    )
    return names.filter((_, index) => stdout.split('\n')[index] === '0')
  }
  assert.deepEqual(await read(), [])
  assert.deepEqual(await read('{work}/*'), ['a.txt', 'b.csv', '.hidden.txt'])
  assert.deepEqual(await read('{work}/?.txt'), ['a.txt'])
  assert.deepEqual(await read('/box/*/*.txt'), ['sub/c.txt'])
  assert.deepEqual(await read('{work}/**/*.txt'), ['a.txt', 'sub/c.txt', 'sub/deep/d.txt', '.hidden.txt'])
  assert.deepEqual(await read('{work}/sub/**'), ['sub/c.txt', 'sub/deep/d.txt'])
  assert.deepEqual(await read('{work}/sub'), [], 'a directory without a slash grants nothing in it')
  assert.deepEqual(await read('{work}/sub/'), ['sub/c.txt', 'sub/deep/d.txt'])
})

test('a wildcard that matches too much is an error, and nothing is started', { skip }, async () => {
  await using box = await openBox()
  await box.run('sh', ['-c', 'for i in $(seq 4097); do : > $i; done'])
  await assert.rejects(async () => box.run('true', [], { policy: policy({ read: ['{work}/*'] }) }), {
    code: 'ERR_GLASSBOX_INVALID_OPTION',
    option: 'policy.paths',
    message: /"read: \{work\}\/\*" .* 4096 files/,
    hint: /final slash/,
  })
  assert.equal((await box.run('true')).ok, true, 'the box works on')
})

test('a program that the policy does not let run is an error that says so', { skip }, async () => {
  const strict: Policy = { otherwise: { kind: 'allow' }, paths: { read: ['/usr/'] } }
  await assert.rejects(async () => run('true', [], { policy: strict }), {
    code: 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE',
    errno: EACCES,
    hint: /The policy must let it be executed, and also its dynamic loader/,
  })
})

test('what needs a tracer is refused with the runner that has one', async () => {
  const kinds: readonly Policy['paths'][] = [
    { tier: 'named' },
    { denied: { kind: 'kill' } },
    { stat: ['/usr/'] },
  ]
  for (const wanted of kinds)
    await assert.rejects(async () => run('true', [], { policy: policy(wanted) }), {
      code: 'ERR_GLASSBOX_INVALID_OPTION',
      hint: /runner: 'ptrace'/,
    })
})
