/**
 * The streams of a handle: nothing is lost, nothing grows without end, and an end is never told
 * where there was a failure.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CommandOptions, GlassboxError, type RunHandle } from '#glassbox/index.js'
import { runOnce } from '#glassbox/run/run.js'
import { startCall } from '#glassbox/run/start-call.js'
import { failOnFaults } from '../support/faults.js'
import { type Script, scriptedRunner } from '../support/scripted-runner.js'

failOnFaults()

const call = (script: Script, options: CommandOptions = {}): RunHandle<string | Uint8Array> => {
  const runner = scriptedRunner(script)
  return startCall(begun => runOnce(() => runner, 'true', [], options, begun))
}

const text = async (stream: AsyncIterable<unknown>): Promise<string> => {
  let all = ''
  for await (const chunk of stream) all += (chunk as Buffer).toString()
  return all
}

const failing: Script = async ({ write }) => {
  write(1, 'part')
  await sleep(20)
  throw new GlassboxError('ERR_GLASSBOX_INTERNAL', 'lost', { hint: 'none' })
}

for (const stdout of ['capture', 'pipe'] as const) {
  test(`handle.stdout of '${stdout}' has what was written before it was read`, async () => {
    const handle = call(({ write }) => (write(1, 'early'), {}), { stdout })
    await handle
    assert.equal(await text(handle.stdout), 'early')
    assert.equal((await handle).stdout, stdout === 'capture' ? 'early' : '')
  })

  test(`handle.stdout of '${stdout}' fails if the run rejects, and no pipeline takes it for complete`, async () => {
    const handle = call(failing, { stdout })
    await assert.rejects(pipeline(handle.stdout, new PassThrough().resume()), { message: 'lost' })
    await assert.rejects(async () => handle, { message: 'lost' })
    await assert.rejects(text(handle.stdout), { message: /lost|destroyed/i })
    const late = call(failing, { stdout })
    await late.catch(() => {})
    await assert.rejects(text(late.stdout), { message: 'lost' })
  })

  test(`handle.stdout of '${stdout}' that is slow makes the program wait, and memory is bounded`, async () => {
    const total = 3_000_000
    let written = 0
    const script: Script = async ({ write, waitUntilTaken }) => {
      for (; written < total; written += 10_000) {
        await waitUntilTaken(1)
        write(1, 'x'.repeat(10_000))
      }
      return {}
    }
    const handle = call(script, { stdout })
    let read = 0
    let most = 0
    for await (const chunk of handle.stdout) {
      read += (chunk as Buffer).length
      most = Math.max(most, written - read)
      if (read < 300_000) await sleep(2)
    }
    assert.equal(read, total)
    assert.ok(most < 500_000, `at most ${most} bytes were under way`)
    await handle
  })
}

test('a captured output that nobody reads holds up nothing, also if the stream was looked at', async () => {
  const handle = call(({ write }) => (write(1, 'x'.repeat(60_000)), {}))
  assert.equal(handle.stdout.readable, true)
  assert.equal((await handle).stdout.length, 60_000)
})

test('leaving a captured stream loses nothing of the result', async () => {
  const handle = call(async ({ write }) => (write(1, 'a\n'), await sleep(20), write(1, 'b\n'), {}))
  for await (const line of handle) {
    assert.equal(line, 'a')
    break
  }
  assert.equal((await handle).stdout, 'a\nb\n')
})

test('a program whose piped output nobody reads any more gets EPIPE', async () => {
  const script: Script = async ({ write }) => {
    for (let i = 0; i < 500; i++, await sleep(1)) {
      try {
        write(1, 'x')
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'EPIPE')
        return { exit: { signal: 13 } }
      }
    }
    return {}
  }
  const handle = call(script, { stdout: 'pipe' })
  handle.stdout.once('data', () => handle.stdout.destroy())
  assert.equal((await handle).signal, 'SIGPIPE')
})

test('lines come without their ends, whole, whatever pieces they are written in', async () => {
  const pieces = ['on', 'e\ntwo\r\n', '\n', 'hä'.slice(0, 1), 'ä', '\nlast']
  const handle = call(async ({ write }) => {
    for (const piece of pieces) {
      write(1, piece)
      await sleep(5)
    }
    return {}
  })
  const lines: string[] = []
  for await (const line of handle) lines.push(line)
  assert.deepEqual(lines, ['one', 'two', '', 'hä', 'last'])
})

test('lines of a run that rejects reject', async () => {
  await assert.rejects(
    async () => {
      for await (const line of call(failing)) assert.fail(line)
    },
    { message: 'lost' },
  )
})

test('events are listened to from the call of events() on', async () => {
  const handle = call(({ write }) => (write(1, 'early'), {}))
  const events = handle.events()
  await handle
  const types: string[] = []
  for await (const event of events) types.push(event.type)
  assert.deepEqual(types, ['stdout', 'end'])
})

test('who changes the bytes of an event, or of a stream, changes neither the result nor what others are told', async () => {
  const handle = call(async ({ write }) => (write(1, 'good'), await sleep(20), write(1, ' too'), {}))
  const [first, second] = [handle.events(), handle.events()]
  handle.stdout.on('data', (chunk: Buffer) => chunk.fill(0))
  for await (const event of first) if (event.type === 'stdout') event.chunk.fill(0)
  let seen = ''
  for await (const event of second) if (event.type === 'stdout') seen += Buffer.from(event.chunk).toString()
  assert.deepEqual([seen, (await handle).stdout], ['good too', 'good too'])
})

test('what is written one after the other is told in that order, to one who listens', async () => {
  const handle = call(async ({ write }) => {
    for (let i = 0; i < 5; i++) {
      write(i % 2 === 0 ? 1 : 2, `${i}`)
      await sleep(2)
    }
    return {}
  })
  let order = ''
  for await (const event of handle.events())
    if (event.type !== 'end') order += Buffer.from(event.chunk).toString()
  assert.equal(order, '01234')
})

test('stderr in the pipe of stdout: one order, one limit, and an empty stderr', async () => {
  const handle = call(({ write }) => (write(1, 'a'), write(2, 'b'), write(1, 'c'), {}), { stderr: 'stdout' })
  const { stdout, stderr, stderrTruncated } = await handle
  assert.deepEqual([stdout, stderr, stderrTruncated], ['abc', '', false])
  assert.equal(await text(handle.stderr), '')
  const over = await call(
    async ({ write, stopped }) => (write(1, 'aaa'), write(2, 'bbb'), { cause: await stopped }),
    {
      stderr: 'stdout',
      limits: { outputBytes: 5 },
    },
  )
  assert.deepEqual([over.status, over.stdout, over.stdoutTruncated], ['output-limit', 'aaabb', true])
})

test('one Writable for both outputs is one pipe', async () => {
  const both = new PassThrough()
  const reading = text(both)
  await call(({ write }) => (write(1, '1 '), write(2, '2 '), write(1, '3'), {}), {
    stdout: both,
    stderr: both,
  })
  assert.equal(await reading, '1 2 3')
})

test('stdin as a pipe: a dialogue, line by line', async () => {
  const handle = call(
    async ({ readLater, write }) => {
      for (let i = 0; i < 3; i++) {
        write(1, `${(await readLater(100)).trim()}!\n`)
      }
      return {}
    },
    { stdin: 'pipe' },
  )
  handle.stdin.write('0\n')
  const answers: string[] = []
  for await (const line of handle) {
    answers.push(line)
    if (answers.length < 3) handle.stdin.write(`${answers.length}\n`)
  }
  assert.deepEqual(answers, ['0!', '1!', '2!'])
})

test('stdin as a pipe has back-pressure, and is destroyed with the program', async () => {
  const handle = call(async () => (await sleep(30), {}), { stdin: 'pipe' })
  let accepted = 0
  while (handle.stdin.write('x'.repeat(10_000))) accepted += 10_000
  assert.ok(accepted < 1_000_000)
  await handle
  assert.equal(handle.stdin.destroyed, true)
  handle.stdin.write('more')
  handle.stdin.end()
})

test('a program that has closed its stdin: the writer is told EPIPE, and nothing is thrown', async () => {
  const handle = call(
    async ({ closeStdin }) => {
      closeStdin()
      await sleep(30)
      return {}
    },
    { stdin: 'pipe' },
  )
  await sleep(15)
  handle.stdin.write('into the void')
  const [error] = (await once(handle.stdin, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'EPIPE')
  assert.equal((await handle).status, 'exited')
})

for (const error of [undefined, new Error('given up')]) {
  test(`stdin as a pipe that is destroyed ${error ? 'with' : 'without'} an error ends the program, and the run rejects`, async () => {
    const handle = call(async ({ stopped }) => ({ cause: await stopped }), { stdin: 'pipe' })
    setTimeout(() => handle.stdin.destroy(error), 10)
    await assert.rejects(async () => handle, {
      code: 'ERR_GLASSBOX_STREAM',
      ...(error ? { cause: error } : {}),
    })
  })
}

test('handle.stdin says why it cannot be written to', async () => {
  const handle = call(() => ({}))
  assert.throws(() => handle.stdin, { code: 'ERR_GLASSBOX_INVALID_OPTION', hint: /stdin: 'pipe'/ })
  await handle
})

test('the stream of an output that goes elsewhere has a copy of it, or nothing', async () => {
  const out = new PassThrough().resume()
  const handle = call(({ write }) => (write(1, 'copy'), {}), { stdout: out, stderr: 'ignore' })
  assert.equal(await text(handle.stdout), 'copy')
  assert.equal(await text(handle.stderr), '')
})
