/**
 * What the compiler says to callers: the type of captured output, and options that it refuses.
 * Compiled is passed.
 */
import { test } from 'node:test'
import { expectTypeOf } from 'expect-type'
import type {
  Box,
  Encoding,
  Pool,
  PooledOptions,
  PoolRunOptions,
  RunHandle,
  RunOptions,
  RunResult,
} from '#glassbox/index.js'
import { createPool, openBox, run } from '#glassbox/index.js'

/** Only its type is looked at: nothing below runs. */
declare const box: Box
declare const pool: Pool
declare const either: Encoding
declare const maybe: boolean

/** A body that is compiled and never called. */
const compiled = (name: string, body: () => unknown): void => void test(name, () => void body)

type Text = RunHandle
type Bytes = RunHandle<Uint8Array>
type Both = RunHandle<string | Uint8Array>

compiled('output is text unless bytes were asked for', () => {
  expectTypeOf(run('x')).toEqualTypeOf<Text>()
  expectTypeOf(run('x', [], {})).toEqualTypeOf<Text>()
  expectTypeOf(run('x', [], { limits: { cpuTimeMs: 1 } })).toEqualTypeOf<Text>()
  expectTypeOf(run('x', [], { encoding: 'utf8' })).toEqualTypeOf<Text>()
  expectTypeOf(box.run('x')).toEqualTypeOf<Text>()
  expectTypeOf(pool.run('x', [], { stdin: 'a' })).toEqualTypeOf<Text>()
  expectTypeOf(run('x', [], { pool })).toEqualTypeOf<Text>()
})

compiled('bytes, as a literal', () => {
  expectTypeOf(run('x', [], { encoding: 'buffer' })).toEqualTypeOf<Bytes>()
  expectTypeOf(box.run('x', [], { encoding: 'buffer' })).toEqualTypeOf<Bytes>()
  expectTypeOf(pool.run('x', [], { encoding: 'buffer' })).toEqualTypeOf<Bytes>()
  expectTypeOf(run('x', [], { pool, encoding: 'buffer' })).toEqualTypeOf<Bytes>()
  expectTypeOf<Awaited<ReturnType<typeof bytes>>>().toEqualTypeOf<RunResult<Uint8Array>>()
})
const bytes = () => run('x', [], { encoding: 'buffer' })

compiled('options in a variable may ask for either', async () => {
  const options: RunOptions = { encoding: 'buffer' }
  expectTypeOf(run('x', [], options)).toEqualTypeOf<Both>()
  expectTypeOf((await run('x', [], options)).stdout).toEqualTypeOf<string | Uint8Array>()
  // @ts-expect-error -- it may be bytes
  ;(await run('x', [], options)).stdout.toUpperCase()
  const pooled: PooledOptions = { pool }
  expectTypeOf(run('x', [], pooled)).toEqualTypeOf<Both>()
  const ofPool: PoolRunOptions = {}
  expectTypeOf(pool.run('x', [], ofPool)).toEqualTypeOf<Both>()
})

compiled('a variable that says which has that type', () => {
  const inferred = { encoding: 'buffer' } as const
  expectTypeOf(run('x', [], inferred)).toEqualTypeOf<Bytes>()
  const text: RunOptions<'utf8'> = { limits: {} }
  expectTypeOf(run('x', [], text)).toEqualTypeOf<Text>()
  const satisfied = { encoding: 'buffer', limits: {} } satisfies RunOptions
  expectTypeOf(run('x', [], satisfied)).toEqualTypeOf<Bytes>()
  const plain = { limits: { cpuTimeMs: 5 } }
  expectTypeOf(run('x', [], plain)).toEqualTypeOf<Text>()
})

compiled('bytes that may be left out are refused: the output could be either', () => {
  const bytesOrNothing: { encoding?: 'buffer' } = {}
  // @ts-expect-error -- its type would be wrong
  run('x', [], bytesOrNothing)
  // @ts-expect-error -- its type would be wrong
  box.run('x', [], bytesOrNothing)
  // @ts-expect-error -- its type would be wrong
  pool.run('x', [], bytesOrNothing)
  const typed: RunOptions<'buffer'> = { limits: {} }
  // @ts-expect-error -- its type would be wrong
  run('x', [], typed)
  const known: RunOptions = bytesOrNothing
  expectTypeOf(run('x', [], known)).toEqualTypeOf<Both>()
  const textOrNothing: { encoding?: 'utf8' } = {}
  expectTypeOf(run('x', [], textOrNothing)).toEqualTypeOf<Text>()
  expectTypeOf(run('x', [], { ...bytesOrNothing, encoding: 'buffer' })).toEqualTypeOf<Bytes>()
  const runner = maybe ? box : pool
  expectTypeOf(runner.run('x', [], { encoding: 'buffer' })).toEqualTypeOf<Bytes>()
})

compiled('a union gives a union', () => {
  expectTypeOf(run('x', [], { encoding: either })).toEqualTypeOf<Both>()
  expectTypeOf(box.run('x', [], { encoding: either })).toEqualTypeOf<Both>()
  expectTypeOf(pool.run('x', [], { encoding: maybe ? 'utf8' : 'buffer' })).toEqualTypeOf<Both>()
  const options = maybe ? ({ encoding: 'buffer' } as const) : { limits: {} }
  // @ts-expect-error -- bytes that may be left out
  run('x', [], options)
})

compiled('the events of a run end with a result of the same type', async () => {
  for await (const event of run('x', [], { encoding: 'buffer' }).events())
    if (event.type === 'end') expectTypeOf(event.result.stdout).toEqualTypeOf<Uint8Array>()
})

compiled('env takes process.env', () => {
  run('x', [], { env: process.env })
  run('x', [], { env: { ...process.env, A: undefined, B: 'b' } })
  // @ts-expect-error -- a number is no text
  run('x', [], { env: { PORT: 80 } })
})

compiled('what is no option is no option for the compiler', () => {
  // @ts-expect-error -- limits.wallTimeMs
  run('x', [], { timeout: 5 })
  // @ts-expect-error -- limits.memoryBytes
  run('x', [], { limits: { memory: 5 } })
  // @ts-expect-error -- writable
  run('x', [], { binds: [{ source: '/tmp', rw: true }] })
  // @ts-expect-error -- a list
  run('x', '-la')
  // @ts-expect-error -- the second argument is a list
  run('x', { limits: {} })
  // @ts-expect-error -- no encoding of Node's
  run('x', [], { encoding: 'latin1' })
  // @ts-expect-error -- there is no other one
  run('x', [], { runner: 'docker' })
  // @ts-expect-error -- its signal
  run('x', [], { signal: new AbortController() })
  // @ts-expect-error -- fixed when the pool is created
  pool.run('x', [], { net: 'host' })
  // @ts-expect-error -- fixed when the pool is created
  run('x', [], { pool, net: 'host' })
  // @ts-expect-error -- fixed when the box is opened
  box.run('x', [], { files: {} })
  // @ts-expect-error -- it needs a size
  createPool({})
  // @ts-expect-error -- given to each run
  createPool({ size: 1, files: {} })
  // @ts-expect-error -- given to each command
  openBox({ limits: {} })
  // @ts-expect-error -- an object
  run('x', [], { trace: true })
})
