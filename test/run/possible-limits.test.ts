/**
 * A limit that refuses something by an error or a signal is named in the result: programs that
 * meet each of them, after the same program without the limit.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createPool, type Limits, type RunOptions, run } from '#glassbox/index.js'
import { glassbox } from '../support/command.js'
import { assertNothingLeft, surroundings } from '../support/left.js'
import { native, program } from '../support/programs.js'

const initial = surroundings()
before(async () => {
  await run('true') // what a process keeps once it has run a box
  Object.assign(initial, surroundings())
})
after(() => assertNothingLeft(initial))

const meet = (kind: string): readonly [string, readonly string[]] => [program('limits'), [kind]]

const CASES: readonly {
  readonly name: string
  readonly runs: readonly [string, readonly string[]]
  readonly options: RunOptions<'utf8'> & { readonly limits?: Limits }
  readonly kinds: readonly string[]
}[] = [
  { name: 'open files', runs: meet('files'), options: { limits: { openFiles: 20 } }, kinds: ['openFiles'] },
  { name: 'bytes', runs: meet('bytes'), options: { diskBytes: 2 ** 20 }, kinds: ['diskBytes'] },
  { name: 'names', runs: meet('names'), options: { diskFiles: 50 }, kinds: ['diskFiles'] },
  {
    name: 'the size of a file, with SIGXFSZ ignored',
    runs: meet('size'),
    options: { limits: { fileSizeBytes: 2 ** 20 } },
    kinds: ['fileSizeBytes'],
  },
  {
    name: 'the stack',
    runs: meet('stack'),
    options: { limits: { stackBytes: 2 ** 20 } },
    kinds: ['stackBytes'],
  },
  { name: 'nothing: a null pointer', runs: meet('null'), options: {}, kinds: [] },
  { name: 'nothing: its own failure', runs: ['sh', ['-c', 'exit 3']], options: {}, kinds: [] },
]

for (const { name, runs, options, kinds } of CASES)
  test(`what a program met is named as possible: ${name}`, async () => {
    const [file, args] = runs
    const generous = { limits: { stackBytes: 2 ** 26 } }
    const { possibleLimits = [], ok, status, stderr } = await run(file, args, options)
    assert.equal(ok, false, stderr)
    assert.ok(status === 'exited' || status === 'signaled')
    assert.deepEqual(
      possibleLimits.map(({ kind }) => kind),
      kinds,
    )
    if (kinds.length > 0) assert.equal((await run(file, args, generous)).possibleLimits, undefined)
  })

test('natively the guest meets no limit', () => {
  for (const kind of ['files', 'bytes', 'names', 'size', 'stack'])
    assert.deepEqual(native('limits', [kind]), { code: 0, signal: null }, kind)
})

test('a program of a pool that filled its directories does not make the next one a suspect', async () => {
  await using pool = await createPool({ size: 1, diskFiles: 50, binds: [{ source: program('limits') }] })
  const full = await pool.run(program('limits'), ['names'])
  assert.deepEqual(
    full.possibleLimits?.map(({ kind, limit }) => [kind, limit]),
    [['diskFiles', 50]],
  )
  assert.equal((await pool.run('false')).possibleLimits, undefined)
})

test('the command has a sentence for it, and JSON a member', () => {
  const words = ['run', '--open-files', '20', program('limits'), 'files']
  const { err } = glassbox(words)
  assert.match(err, /a limit may be the reason: 20 open files in each process \(--open-files\); stderr says/)
  const { out } = glassbox(['run', '--json', ...words.slice(1)])
  const { possibleLimits } = JSON.parse(out) as { possibleLimits: unknown }
  assert.deepEqual(possibleLimits, [
    { kind: 'openFiles', limit: 20, sign: 'stderr says "Too many open files"' },
  ])
})
