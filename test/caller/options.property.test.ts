/**
 * Whatever is given as options: it is refused by name, or it runs. Never a TypeError, never a
 * sandbox for what is refused.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GlassboxError, InvalidOptionError } from '#glassbox/index.js'
import { show } from '#glassbox/options/show.js'
import { beginCall } from '#glassbox/run/call.js'
import { runOnce } from '#glassbox/run/run.js'
import { scriptedRunner } from '../support/scripted-runner.js'

const NAMES = [
  ...['runner', 'binds', 'net', 'hostname', 'diskBytes', 'diskFiles', 'files', 'signal', 'limits', 'stdin'],
  ...['stdout', 'stderr', 'encoding', 'cwd', 'env', 'policy', 'trace', 'collect', 'collectBytes'],
]
const INNER = [
  ...[
    'cpuTimeMs',
    'wallTimeMs',
    'memoryBytes',
    'processes',
    'outputBytes',
    'source',
    'target',
    'writable',
    'file',
  ],
  ...[
    'mode',
    'inherit',
    'rules',
    'otherwise',
    'reader',
    'handlers',
    'module',
    'events',
    '__proto__',
    'toString',
  ],
]

/** Values that break what looks at them, and so also fast-check: it has their makers. */
class Hostile {
  readonly make: () => unknown

  constructor(make: () => unknown) {
    this.make = make
  }
}

/** The value with its hostile parts made. */
function made(value: unknown): unknown {
  if (value instanceof Hostile) return value.make()
  if (Array.isArray(value)) return value.map(made)
  if (typeof value !== 'object' || value === null) return value
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return value
  const copy = {}
  for (const [name, inner] of Object.entries(value))
    Object.defineProperty(copy, name, { value: made(inner), enumerable: true })
  return copy
}

const hostile = fc.constantFrom<(() => unknown)[]>(
  () => new Map([['a', 1]]),
  () => new Date(Number.NaN),
  () => Object.create({ net: 'host' }),
  () => new Proxy({}, { get: () => assert.fail('read'), ownKeys: () => assert.fail('listed') }),
  () => {
    const { proxy, revoke } = Proxy.revocable([], {})
    revoke()
    return proxy
  },
  () => ({
    get file(): string {
      throw new RangeError('no')
    },
  }),
  () => ({ toString: null, [Symbol.toPrimitive]: null }),
  () => {
    const self: unknown[] = []
    self.push(self)
    return self
  },
  () => Symbol('x'),
  () => () => 5,
  () => GlassboxError,
  () => new Uint8Array(3),
  () => new AbortController(),
  () => Promise.resolve(),
  () => 10n ** 400n,
  () => 'x'.repeat(300_000),
)

const value: fc.Arbitrary<unknown> = fc.oneof(
  { depthSize: 'small', withCrossShrink: true },
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSparseArray: true,
  }),
  hostile.map(make => new Hostile(make)),
  fc.constantFrom<unknown[]>(
    'none',
    'host',
    'utf8',
    'buffer',
    '/',
    '/tmp',
    'capture',
    'ignore',
    'namespace',
    1,
    1e9,
    Infinity,
  ),
  fc.dictionary(
    fc.constantFrom(...INNER),
    fc.oneof(
      fc.anything(),
      hostile.map(make => new Hostile(make)),
    ),
    { maxKeys: 3 },
  ),
  fc.array(fc.dictionary(fc.constantFrom(...INNER), fc.anything(), { maxKeys: 3 }), { maxLength: 3 }),
)

const options = fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string()), value, { maxKeys: 4 })

test('any object of options is refused by name, or runs', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(options, value), async generated => {
      const given = made(generated)
      const runner = scriptedRunner(() => ({}))
      try {
        await runOnce(() => runner, 'true', [], given, beginCall())
      } catch (error) {
        assert.ok(error instanceof GlassboxError, `${show(given)}: ${String((error as Error)?.stack)}`)
        assert.equal(runner.sandboxes.length, 0, `${error.message}: after a sandbox was opened`)
        if (error instanceof InvalidOptionError) assert.ok(error.message.length < 600, error.message)
      }
    }),
    { numRuns: 2000 },
  )
})

test('any list of arguments and any program likewise', async () => {
  await fc.assert(
    fc.asyncProperty(value, value, async (program, args) => {
      const runner = scriptedRunner(() => ({}))
      try {
        await runOnce(() => runner, made(program), made(args), undefined, beginCall())
      } catch (error) {
        assert.ok(error instanceof GlassboxError, String((error as Error)?.stack))
        assert.equal(runner.sandboxes.length, 0)
      }
    }),
    { numRuns: 1000 },
  )
})

test('any value can be shown, shortly and on one line', () => {
  fc.assert(
    fc.property(value, given => {
      const text = show(made(given))
      assert.ok(text.length < 700, text)
      assert.doesNotMatch(text, /[\p{Cc}\u2028\u202e]/u)
    }),
    { numRuns: 3000 },
  )
})
