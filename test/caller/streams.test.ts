/**
 * Streams of callers that fail, close, end early or give what they should not, in every phase of a
 * run: above a runner that is played from TypeScript, so each case says which phase it is in.
 */
import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { Duplex, PassThrough, pipeline, Readable, Writable } from 'node:stream'
import { before as beforeAll, test } from 'node:test'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { type CommandOptions, GlassboxError, InvalidOptionError, type RunHandle } from '#glassbox/index.js'
import type { AnyResult } from '#glassbox/job/result.js'
import { Pool } from '#glassbox/pool/pool.js'
import { Box } from '#glassbox/run/box.js'
import { runOnce } from '#glassbox/run/run.js'
import { startCall } from '#glassbox/run/start-call.js'
import { failOnFaults } from '../support/faults.js'
import { assertNothingLeft, surroundings } from '../support/left.js'
import { type Script, scriptedRunner, type ScriptedRunner } from '../support/scripted-runner.js'

failOnFaults()
// What Node opens once.
beforeAll(async () => void (await call(async () => (await sleep(20), {}), {}).handle))

type Handle = RunHandle<string | Uint8Array>

/** A call of run() on a runner that plays `script`. */
function call(script: Script, options: CommandOptions): { handle: Handle; runner: ScriptedRunner } {
  const runner = scriptedRunner(script)
  // as one that makes boxes
  const open: ScriptedRunner['open'] = async spec => (await setImmediate(), runner.open(spec))
  const handle = startCall(begun => runOnce(() => ({ ...runner, open }), 'true', [], options, begun))
  return { handle, runner }
}

/** Without what is not given. */
const given = ({ stdin }: { stdin: CommandOptions['stdin'] | undefined }): CommandOptions =>
  stdin === undefined ? {} : { stdin }

/** Runs until it is told to stop. */
const untilStopped: Script = async ({ stopped }) => ({ cause: await stopped })
const started = (runner: ScriptedRunner): number => runner.sandboxes.flatMap(({ jobs }) => jobs).length

async function outcome(handle: Handle): Promise<AnyResult | GlassboxError> {
  try {
    return await handle
  } catch (error) {
    assert.ok(error instanceof GlassboxError, `a GlassboxError, not ${String(error)}`)
    assert.ok(error.hint, 'it says what to do next')
    return error
  }
}

const codeOf = (result: AnyResult | GlassboxError): string =>
  result instanceof GlassboxError ? result.code : result.status

/** Names of events that something listens to. */
const listened = (stream: NodeJS.EventEmitter, before: readonly (string | symbol)[]): (string | symbol)[] =>
  stream.eventNames().filter(name => !before.includes(name))

const WRONG: readonly (readonly [option: string, options: object, message: RegExp])[] = [
  ['stdin', { stdin: 5 }, /something to read from, got 5\./],
  ['stdin', { stdin: null }, /got null/],
  ['stdin', { stdin: true }, /got true/],
  ['stdin', { stdin: 10n }, /got 10n/],
  ['stdin', { stdin: () => 'x' }, /got a function/],
  ['stdin', { stdin: { path: 'x' } }, /got \{ path: "x" \}/],
  ['stdin', { stdin: { inherit: true } }, /got \{ inherit: true \}/],
  ['stdin', { stdin: {} }, /got \{\}/],
  ['stdin', { stdin: new Writable() }, /something to read from/],
  ['stdin', { stdin: 'capture' }, /cannot be 'capture'/],
  ['stdin', { stdin: 'stdout' }, /cannot be 'stdout'/],
  ['stdin', { stdin: 'overlapped' }, /cannot be 'overlapped'/],
  ['stdin[1]', { stdin: ['a', 1] }, /to be text or bytes, got 1/],
  ['stdin.file', { stdin: { file: 5 } }, /the path of a file, got 5/],
  ['stdin.file', { stdin: { file: new URL('https://example.com/a') } }, /the path of a file, got/],
  ['stdin.file', { stdin: { file: 'a\0b' } }, /the path of a file/],
  ['stdin.mode', { stdin: { file: 'a', mode: 1 } }, /no option called stdin\.mode/],
  ['stdin.text', { stdin: { text: 5 } }, /stdin\.text to be a string/],
  ['stdout', { stdout: 1 }, /something to write to, got 1/],
  ['stdout', { stdout: null }, /got null/],
  ['stdout', { stdout: true }, /got true/],
  ['stdout', { stdout: 'captur' }, /got "captur"/],
  ['stdout', { stdout: 'out.txt' }, /got "out.txt"/],
  ['stdout', { stdout: 'stdout' }, /got "stdout"/],
  ['stdout', { stdout: [] }, /got \[\]/],
  ['stdout', { stdout: Readable.from(['x']) }, /something to write to/],
  ['stdout.file', { stdout: { file: '' } }, /the path of a file, got ""/],
  ['stderr.end', { stderr: { stream: new PassThrough(), end: 1 } }, /stderr\.end to be true or false/],
  ['stderr.stream', { stderr: { stream: 5, end: false } }, /stderr\.stream to be a Writable/],
  ['stderr', { stderr: { path: 'x' } }, /got \{ path: "x" \}/],
  ['limits.outputBytes', { limits: { outputBytes: 2 ** 30 } }, /while stdout is captured as text/],
  [
    'limits.outputBytes',
    { limits: { outputBytes: Infinity }, stdout: 'ignore' },
    /while stderr is captured as text/,
  ],
]

for (const [option, options, message] of WRONG) {
  test(`${option}: ${message.source} is refused by name before anything is started`, async () => {
    const { handle, runner } = call(untilStopped, options)
    const error = await outcome(handle)
    assert.ok(error instanceof InvalidOptionError)
    assert.equal(error.option, option)
    assert.match(error.message, message)
    assert.deepEqual(runner.sandboxes, [])
  })
}

test('as much output as is no string is captured as bytes, or goes elsewhere', async () => {
  const limits = { outputBytes: 2 ** 30 }
  for (const options of [
    { limits, encoding: 'buffer' },
    { limits, stdout: 'ignore', stderr: 'ignore' },
  ] as const)
    assert.equal(codeOf(await outcome(call(() => ({}), options).handle)), 'exited')
})

test('a word that is meant as data is said so', async () => {
  for (const text of ['inherit', 'pipe', 'capture', 'stdout']) {
    const { handle } = call(({ read, write }) => (write(1, read(100)), {}), { stdin: { text } })
    assert.equal((await handle).stdout, text)
  }
})

const INPUTS: readonly (readonly [kind: string, input: () => CommandOptions['stdin'], text: string])[] = [
  ['text', () => 'text', 'text'],
  ['{ text }', () => ({ text: 'text' }), 'text'],
  ['bytes', () => Buffer.from('bytes'), 'bytes'],
  ['a view of some bytes', () => new Uint16Array(Buffer.from('xxabcd').buffer.slice(0, 0)), ''],
  ['an ArrayBuffer', () => new Uint8Array([97, 98]).buffer, 'ab'],
  ['an array', () => ['a', Buffer.from('b'), new Uint8Array([99]).buffer], 'abc'],
  ['an empty array', () => [], ''],
  ['a Blob', () => new Blob(['blob']), 'blob'],
  ['a web stream', () => new Blob(['web']).stream(), 'web'],
  ['a Readable', () => Readable.from(['a', Buffer.from('b')]), 'ab'],
  ['a Duplex', () => Duplex.from(['dup', 'lex']), 'duplex'],
  ['a Set', () => new Set(['a', 'b']), 'ab'],
  [
    'a generator',
    () =>
      (function* () {
        yield 'a'
        yield new Uint8Array([98])
      })(),
    'ab',
  ],
  [
    'an async generator',
    () =>
      (async function* () {
        yield 'a'
        await sleep(5)
        yield 'b'
      })(),
    'ab',
  ],
  ["'ignore'", () => 'ignore', ''],
  ['nothing', () => undefined, ''],
]

for (const [kind, input, text] of INPUTS) {
  test(`stdin may be ${kind}`, async () => {
    const before = surroundings()
    const script: Script = async ({ readLater, write }) => {
      for (let piece = await readLater(100); piece !== ''; piece = await readLater(100)) write(1, piece)
      return {}
    }
    const { stdout } = await call(script, given({ stdin: input() })).handle
    assert.equal(stdout, text)
    await assertNothingLeft(before)
  })
}

/** Ways in which a source fails; each returns the source and makes it fail when it is called. */
interface FailingSource {
  readonly name: string
  readonly make: () => { readonly stdin: NonNullable<CommandOptions['stdin']>; readonly fail: () => void }
  /** What the cause's message is. */
  readonly cause?: string
  /** Before the call it would be an exception of its own. */
  readonly tellsAtOnce?: boolean
}

const passThrough = (fail: (stream: PassThrough) => void): ReturnType<FailingSource['make']> => {
  const stdin = new PassThrough()
  stdin.write('part')
  return { stdin, fail: () => fail(stdin) }
}

const SOURCES: readonly FailingSource[] = [
  {
    name: 'is destroyed with an error',
    make: () => passThrough(s => s.destroy(new Error('broke'))),
    cause: 'broke',
  },
  { name: 'is destroyed without an error', make: () => passThrough(s => s.destroy()) },
  {
    name: 'emits an error and stays open',
    make: () => {
      const stdin = new Readable({ autoDestroy: false, read: () => {} })
      return { stdin, fail: () => stdin.emit('error', new Error('told')) }
    },
    cause: 'told',
    tellsAtOnce: true,
  },
  {
    name: 'is a web stream that errors',
    make: () => {
      let fail = (): void => {}
      const stdin = new ReadableStream({ start: c => void (fail = () => c.error(new Error('web broke'))) })
      return { stdin, fail: () => fail() }
    },
    cause: 'web broke',
  },
  {
    name: 'is a pipeline whose source fails',
    make: () => {
      const [source, stdin] = [new PassThrough(), new PassThrough()]
      pipeline(source, stdin, () => {})
      return { stdin, fail: () => void source.destroy(new Error('upstream')) }
    },
    cause: 'upstream',
  },
]

function assertSourceFailure(error: AnyResult | GlassboxError, cause: string | undefined): void {
  assert.ok(error instanceof GlassboxError, `it rejects, and is not ${codeOf(error)}`)
  assert.equal(error.code, 'ERR_GLASSBOX_STREAM')
  assert.match(error.message, /given as stdin/)
  if (cause !== undefined) assert.equal((error.cause as Error).message, cause)
}

for (const { name, make, cause, tellsAtOnce = false } of SOURCES) {
  test(`stdin that ${name}: before the call nothing is started`, {
    skip: tellsAtOnce && 'nothing listens to it then',
  }, async () => {
    const before = surroundings()
    const { stdin, fail } = make()
    fail()
    const { handle, runner } = call(untilStopped, { stdin })
    assertSourceFailure(await outcome(handle), cause)
    assert.equal(started(runner), 0)
    await assertNothingLeft(before)
  })

  test(`stdin that ${name}: between the call and the start nothing is started`, async () => {
    const { stdin, fail } = make()
    const { handle, runner } = call(untilStopped, { stdin })
    fail()
    assertSourceFailure(await outcome(handle), cause)
    // A pipeline tells its failure a turn later: then the program was started, and is ended.
    assert.ok(started(runner) <= 1)
    assert.ok(runner.sandboxes.every(({ closed }) => closed))
  })

  test(`stdin that ${name}: while the program runs it is ended, and the run rejects`, async () => {
    const before = surroundings()
    const { stdin, fail } = make()
    const names = stdin instanceof PassThrough ? stdin.eventNames() : []
    const { handle, runner } = call(async stage => (setTimeout(fail, 5), untilStopped(stage)), { stdin })
    assertSourceFailure(await outcome(handle), cause)
    assert.equal(started(runner), 1)
    await assertNothingLeft(before)
    if (stdin instanceof PassThrough) assert.deepEqual(listened(stdin, names), [])
  })

  test(`stdin that ${name}: in the queue of a pool the run rejects at once and takes no box`, async () => {
    const runner = scriptedRunner(untilStopped)
    const pool = await Pool.create({ size: 1 }, () => runner)
    const first = pool.run('true')
    const { stdin, fail } = make()
    const second = pool.run('true', [], { stdin })
    await sleep(5)
    fail()
    assertSourceFailure(await outcome(second), cause)
    first.kill()
    assert.equal((await first).status, 'canceled')
    assert.equal(started(runner), 1)
    await pool.close()
  })

  test(`stdin that ${name}: in the queue of a box it rejects at once and is not started`, async () => {
    const runner = scriptedRunner(untilStopped)
    const box = await Box.open({}, () => runner)
    const first = box.run('true')
    const { stdin, fail } = make()
    const second = outcome(box.run('true', [], { stdin }))
    await sleep(5)
    fail()
    assertSourceFailure(await second, cause) // at once: the first one still runs
    first.kill()
    await first
    assert.equal(started(runner), 1)
    await box.close()
  })

  test(`stdin that ${name}: a program that had ended by itself keeps its ending`, async () => {
    const { stdin, fail } = make()
    let ended = (): void => {}
    const end = new Promise<void>(resolve => (ended = resolve))
    const script: Script = async () => {
      setTimeout(() => (fail(), ended()), 5)
      await end
      return { exit: { code: 3 } }
    }
    const result = await outcome(call(script, { stdin }).handle)
    assert.equal(codeOf(result), 'exited')
  })
}

const THROWING: readonly (readonly [
  name: string,
  stdin: () => CommandOptions['stdin'],
  cause: RegExp | undefined,
])[] = [
  [
    'a generator that throws',
    () =>
      (function* () {
        yield 'a'
        throw new Error('stop')
      })(),
    /stop/,
  ],
  [
    'an async generator that throws',
    () =>
      (async function* () {
        yield 'a'
        throw new Error('stop')
      })(),
    /stop/,
  ],
  [
    'an iterator without end that throws',
    () => ({
      [Symbol.iterator]: () => ({
        next: () => {
          throw new Error('next')
        },
      }),
    }),
    /next/,
  ],
  ['a file that is not there', () => createReadStream('/nonexistent'), /ENOENT/],
  ['a Readable of objects', () => Readable.from([{ a: 1 }]), undefined],
  ['a Readable of numbers', () => Readable.from([1, 2]), undefined],
  [
    'a generator of objects',
    () =>
      (function* () {
        yield {} as string
      })(),
    undefined,
  ],
  [
    'a generator of null',
    () =>
      (function* () {
        yield null as unknown as string
      })(),
    /null/,
  ],
  ['a web stream of objects', () => Readable.toWeb(Readable.from([{ a: 1 }])) as ReadableStream, undefined],
  [
    'a Readable whose read() throws',
    () =>
      new Readable({
        read: () => {
          throw new Error('read')
        },
      }),
    /read/,
  ],
  ['a Map', () => new Map([['a', 'b']]) as unknown as Iterable<string>, undefined],
]

for (const [name, stdin, cause] of THROWING) {
  test(`stdin that is ${name} rejects, and never ends in exited`, async () => {
    const before = surroundings()
    const error = await outcome(call(untilStopped, given({ stdin: stdin() })).handle)
    assertSourceFailure(error, undefined)
    if (cause) assert.match(((error as GlassboxError).cause as Error).message, cause)
    await assertNothingLeft(before)
  })
}

test('a source that had been read to its end, and one that is locked, are refused before the start', async () => {
  const read = Readable.from(['x'])
  for await (const piece of read) assert.equal(piece, 'x')
  const { handle, runner } = call(untilStopped, { stdin: read })
  assertSourceFailure(await outcome(handle), undefined)
  const locked = new Blob(['x']).stream()
  locked.getReader()
  const second = call(untilStopped, { stdin: locked })
  const error = await outcome(second.handle)
  assert.equal(codeOf(error), 'ERR_GLASSBOX_INVALID_OPTION')
  assert.equal(started(runner) + started(second.runner), 0)
})

test('a source that is left unread is left as it is: twelve runs, no listener, no warning', async () => {
  const stdin = new PassThrough()
  const before = stdin.eventNames()
  for (let i = 0; i < 12; i++) assert.equal((await call(() => ({}), { stdin }).handle).status, 'exited')
  assert.deepEqual(listened(stdin, before), [])
  assert.equal(stdin.destroyed, false)
})

test('one sink of twelve runs at a time causes no warning', async () => {
  const stdout = new PassThrough()
  const before = stdout.eventNames()
  const options = { stdout: { stream: stdout, end: false } } as const
  await Promise.all(Array.from({ length: 12 }, () => call(() => ({}), options).handle))
  assert.deepEqual(listened(stdout, before), [])
})

test('an iterator that is left unread is returned, and a web stream is canceled', async () => {
  let returned = false
  async function* endless(): AsyncGenerator<string, void, void> {
    try {
      for (;;) yield 'x'.repeat(65_536)
    } finally {
      returned = true
    }
  }
  await call(async () => (await sleep(10), {}), { stdin: endless() }).handle
  let canceled = false
  const web = new ReadableStream({ cancel: () => void (canceled = true) })
  await call(() => ({}), { stdin: web }).handle
  await sleep(5)
  assert.deepEqual([returned, canceled], [true, true])
})

/** Writes until the reader is gone, as a program does that SIGPIPE ends. */
const writer: Script = async ({ write, stopped }) => {
  const stop = new AbortController()
  void stopped.then(() => stop.abort())
  for (let i = 0; i < 1000 && !stop.signal.aborted; i++) {
    try {
      write(1, 'x')
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'EPIPE')
      return { exit: { signal: 13 } }
    }
    await sleep(1)
  }
  return stop.signal.aborted ? { cause: await stopped } : { cause: 'wall' }
}

interface BadSink {
  readonly name: string
  readonly make: () => { readonly stdout: NonNullable<CommandOptions['stdout']>; readonly fail: () => void }
  /** How the run ends if it happens while the program writes. */
  readonly running: string
}

const sink = (fail: (stream: Writable) => void): ReturnType<BadSink['make']> => {
  const stdout = new Writable({ write: (_chunk, _encoding, done) => done() })
  return { stdout, fail: () => fail(stdout) }
}

const SINKS: readonly BadSink[] = [
  { name: 'is destroyed without an error', make: () => sink(s => s.destroy()), running: 'signaled' },
  { name: 'is ended by somebody else', make: () => sink(s => s.end()), running: 'signaled' },
  {
    name: 'fails with EPIPE',
    make: () => sink(s => s.destroy(Object.assign(new Error('gone'), { code: 'EPIPE' }))),
    running: 'signaled',
  },
  { name: 'fails', make: () => sink(s => s.destroy(new Error('disk full'))), running: 'ERR_GLASSBOX_FILE' },
  {
    name: 'is a PassThrough whose reader leaves',
    make: () => {
      const stdout = new PassThrough()
      stdout.resume()
      return { stdout, fail: () => void stdout.destroy() }
    },
    running: 'signaled',
  },
  {
    name: 'is a web stream whose reader cancels',
    make: () => {
      const { readable, writable } = new TransformStream()
      const reader = readable.getReader()
      void (async () => {
        while (!(await reader.read()).done);
      })().catch(() => {})
      return { stdout: writable, fail: () => void reader.cancel() }
    },
    running: 'signaled',
  },
  {
    name: 'is a web stream that fails',
    make: () => {
      let fail = (): void => {}
      const stdout = new WritableStream({ start: c => void (fail = () => c.error(new Error('web full'))) })
      return { stdout, fail: () => fail() }
    },
    running: 'ERR_GLASSBOX_FILE',
  },
]

for (const { name, make, running } of SINKS) {
  test(`stdout that ${name}: before the call nothing is started`, async () => {
    const { stdout, fail } = make()
    if (stdout instanceof Writable) stdout.on('error', () => {})
    fail()
    await setImmediate()
    const { handle, runner } = call(untilStopped, { stdout })
    const code = codeOf(await outcome(handle))
    assert.match(code, /^ERR_GLASSBOX_(STREAM|FILE)$/)
    assert.equal(started(runner), 0)
  })

  test(`stdout that ${name}: in the queue of a pool nothing is started`, async () => {
    const runner = scriptedRunner(untilStopped)
    const pool = await Pool.create({ size: 1 }, () => runner)
    const first = pool.run('true')
    const { stdout, fail } = make()
    const second = pool.run('true', [], { stdout })
    await sleep(5)
    fail()
    assert.match(codeOf(await outcome(second)), /^ERR_GLASSBOX_(STREAM|FILE)$/)
    first.kill()
    await first
    assert.equal(started(runner), 1)
    await pool.close()
  })

  test(`stdout that ${name}: while the program writes it ends as ${running}, by no limit`, async () => {
    const before = surroundings()
    const { stdout, fail } = make()
    const { handle } = call(stage => (setTimeout(fail, 20), writer(stage)), { stdout })
    assert.equal(codeOf(await outcome(handle)), running)
    if (stdout instanceof Writable) {
      const fresh = stdout instanceof PassThrough ? new PassThrough().eventNames() : []
      assert.deepEqual(listened(stdout, fresh), [])
    }
    await assertNothingLeft(before)
  })

  test(`stdout that ${name}: a program that writes nothing more keeps its ending, unless bytes were lost`, async () => {
    const { stdout, fail } = make()
    const script: Script = async () => (fail(), await sleep(10), { exit: { code: 4 } })
    const code = codeOf(await outcome(call(script, { stdout }).handle))
    assert.equal(code, running === 'signaled' ? 'exited' : running)
  })
}

test('a sink whose write() throws, or whose last write fails, rejects', async () => {
  const throwing = new Writable({
    write: () => {
      throw new Error('thrown')
    },
  })
  assert.equal(codeOf(await outcome(call(writer, { stdout: throwing }).handle)), 'ERR_GLASSBOX_FILE')
  const last = new Writable({
    write: (_chunk, _encoding, done) => done(),
    final: done => setTimeout(done, 5, new Error('no room')),
  })
  const error = await outcome(call(({ write }) => (write(1, 'x'), {}), { stdout: last }).handle)
  assert.equal(codeOf(error), 'ERR_GLASSBOX_FILE')
  assert.match((error as GlassboxError).message, /no room/)
})

test('a sink has every byte and its end when run() resolves, unless it is to stay open', async () => {
  for (const end of [true, false]) {
    let text = ''
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => ((text += chunk.toString()), void setTimeout(done, 5)),
    })
    const stdout = end ? stream : ({ stream, end } as const)
    await call(({ write }) => (write(1, 'all'), {}), { stdout }).handle
    assert.deepEqual([text, stream.writableFinished, stream.destroyed], ['all', end, end])
  }
})

test('a web sink is closed, or its lock is given back', async () => {
  let closed = false
  const web = new WritableStream({ close: () => void (closed = true) })
  await call(({ write }) => (write(1, 'x'), {}), { stdout: web }).handle
  assert.equal(closed, true)
  const kept = new WritableStream()
  await call(({ write }) => (write(1, 'x'), {}), { stdout: { stream: kept, end: false } }).handle
  assert.equal(kept.locked, false)
})

test('a sink whose reader never comes does not hold up the result', async () => {
  const stdout = new PassThrough()
  const { handle } = call(({ write }) => (write(1, 'x'.repeat(60_000)), {}), { stdout })
  assert.equal((await handle).status, 'exited')
  let length = 0
  for await (const chunk of stdout) length += (chunk as Buffer).length
  assert.equal(length, 60_000)
})

test('the reader of a sink is told when the run rejects', async () => {
  const stdout = new PassThrough()
  const { handle } = call(
    () => Promise.reject(new GlassboxError('ERR_GLASSBOX_INTERNAL', 'x', { hint: 'y' })),
    { stdout },
  )
  const reading = (async () => {
    for await (const chunk of stdout) assert.ok(chunk)
  })()
  await assert.rejects(reading, { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  assert.equal(codeOf(await outcome(handle)), 'ERR_GLASSBOX_INTERNAL')
})

test('a signal of the caller’s has no listener of ours after twelve runs, and a canceled run blames no stream', async () => {
  const controller = new AbortController()
  let listeners = 0
  const { signal } = controller
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args))
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args))
  for (let i = 0; i < 12; i++) await call(() => ({}), { signal }).handle
  await outcome(call(() => ({}), { signal, stdin: 'capture' }).handle)
  assert.equal(listeners, 0)
  const stdin = new PassThrough({ signal })
  const { handle } = call(untilStopped, { stdin, signal })
  await sleep(10)
  controller.abort()
  assert.equal(codeOf(await outcome(handle)), 'canceled')
})
