/**
 * What handlers of a trace may do to the tasks of a world, on the scripted platform: skip and
 * change calls, set results, write memory, send and replace signals, delay, let go, kill. And what
 * a handler that throws does.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MAP_SHARED, PROT_READ, SA_RESTART } from '#glassbox/linux/constants.js'
import { SIGNAL } from '#glassbox/kernel/task/signals/numbers.js'
import { syscallByNumber, syscallNumber } from '#glassbox/linux/syscalls.js'
import { WorldTrace } from '#glassbox/runners/kernel/tracing/world-trace.js'
import { Control } from '#glassbox/trace/control.js'
import type { LeftCall, TraceHandlers } from '#glassbox/trace/handlers.js'
import { type Guest, timespec } from '../../../support/kernel/scripted/guest.js'
import { plainly, type Script, type Steps } from '../../../support/kernel/scripted/steps.js'
import { play, type Played, type PlayOptions } from '../../../support/kernel/scripted/world.js'

const SECOND = 1e9
const { SIGUSR1, SIGUSR2, SIGKILL } = SIGNAL
const nr = syscallNumber

interface Traced extends Played {
  readonly failure: unknown
}

interface TracedOptions extends PlayOptions {
  readonly follow?: boolean
}

async function traced(script: Script, handlers: TraceHandlers, options: TracedOptions = {}): Promise<Traced> {
  let trace: WorldTrace | undefined
  const played = await play(script, {
    ...options,
    ready(world, platform) {
      const { state } = world
      const observed = {
        cancel: () => world.cancel(),
        leave: () => void (state.observer = undefined),
        now: () => platform.now(),
        isBusy: () => platform.running > 0,
      }
      trace = new WorldTrace(
        { handlers, control: new Control(), onPid: () => {} },
        observed,
        options.follow ?? true,
      )
      state.observer = trace
      const task = state.first?.leader
      assert.ok(task)
      trace.begin(task, { path: '/bin/first', argv: ['first'], env: {} })
    },
  })
  return { ...played, failure: trace?.failure?.error }
}

/** The names of the calls that have returned, with their results. */
function results(list: string[]): Pick<TraceHandlers, 'exit'> {
  return {
    exit: call =>
      void list.push(`${nameOf(call)} ${call.failed ? call.value : '+'}${call.tampered ? ' tampered' : ''}`),
  }
}

const nameOf = (call: LeftCall): string => syscallByNumber(call.nr)?.name ?? `${call.nr}`

/** Writes a message and says what became of it: the result and what arrived. */
function* message(guest: Guest): Steps<{ result: number | string; text: string }> {
  yield* guest.call('pipe2', guest.room, 0x800)
  const [input, output] = [yield* guest.word(guest.room), yield* guest.word(guest.room + 4)]
  const result = yield* guest.try('write', output, 'message', 7)
  const count = Math.max(0, yield* guest.call('read', input, guest.room, 100))
  return { result, text: yield* guest.text(guest.room, count) }
}

describe('handlers change what tasks do', () => {
  test('a skipped call is not made, and has the result that the handler gives', async () => {
    for (const [outcome, wanted] of [
      [{ errno: 28 }, 'ENOSPC'],
      [{ value: 3n }, 3],
      [{ value: -1n }, 'EPERM'],
    ] as const) {
      const told: string[] = []
      const { failure } = await traced(
        function* (guest) {
          assert.deepEqual(yield* message(guest), { result: wanted, text: '' })
        },
        {
          enter: (call, tracee) => void (call.nr === nr('write') && tracee.skip(outcome)),
          ...results(told),
        },
      )
      assert.equal(failure, undefined)
      assert.match(told.find(line => line.startsWith('write')) ?? '', /tampered$/)
    }
  })

  test('a result of all 64 bits arrives whole', async () => {
    await traced(
      function* (guest) {
        assert.equal(yield* guest.call('getpid'), 0x1234_5678_9000)
        assert.equal(yield* guest.call('getppid'), -(2 ** 62))
      },
      {
        enter(call, tracee) {
          if (call.nr === nr('getpid')) tracee.skip({ value: 0x1234_5678_9000n })
          if (call.nr === nr('getppid')) tracee.skip({ value: 0xc000_0000_0000_0000n })
        },
      },
    )
  })

  test('arguments, the number, memory, and the result', async () => {
    await traced(
      function* (guest) {
        assert.deepEqual(yield* message(guest), { result: 7, text: 'MESS' })
        assert.equal(yield* guest.call('getuid'), 2)
      },
      {
        enter(call, tracee) {
          if (call.nr === nr('write')) {
            assert.equal(tracee.write(call.args[1] ?? 0n, Buffer.from('MESS')), 4)
            tracee.setArgument(2, 4n)
            assert.throws(() => tracee.setArgument(6, 0n), RangeError)
          }
          if (call.nr === nr('getuid')) tracee.setNumber(nr('getpid'))
        },
        exit(call, tracee) {
          if (call.nr === nr('write')) tracee.setResult({ value: 7n })
        },
      },
    )
  })

  test('memory is written over the rights of its pages, which stay; a shared mapping is not', async () => {
    let written: number[] = []
    await traced(
      function* (guest) {
        const alone = yield* guest.pages(2)
        const shared = yield* guest.pages(1, MAP_SHARED)
        yield* guest.setWord(alone + 4096, 5)
        for (const at of [alone, alone + 4096, shared]) yield* guest.call('mprotect', at, 4096, PROT_READ)
        yield* guest.call('getpgid', alone + 4094, shared)
        assert.equal(yield* guest.text(alone + 4094, 4), 'abcd')
        assert.equal(yield* guest.word(shared), 0)
        assert.equal(yield* guest.try('pipe2', alone, 0), 'EFAULT', 'it still may not write')
      },
      {
        enter(call, tracee) {
          if (call.nr !== nr('getpgid')) return
          written = [call.args[0] ?? 0n, call.args[1] ?? 0n].map(at => tracee.write(at, Buffer.from('abcd')))
        },
      },
    )
    assert.deepEqual(written, [4, 0])
  })

  test('a delay at the entry, and one at the exit, of this thread alone', async () => {
    const order: string[] = []
    const { ns } = await traced(
      function* (guest) {
        yield* guest.fork(function* (own) {
          yield* own.compute(2 * SECOND)
          order.push('child')
        })
        yield* guest.call('getppid')
        order.push('parent')
        yield* guest.call('wait4', -1, 0, 0, 0)
      },
      {
        enter: (call, tracee) => void (call.nr === nr('getppid') && tracee.delay(3e6)),
        exit: (call, tracee) => void (call.nr === nr('getppid') && tracee.delay(4e6)),
      },
    )
    assert.deepEqual(order, ['child', 'parent'])
    assert.ok(ns >= 7 * SECOND && ns < 7.1 * SECOND, `${ns}`)
  })

  test('a delayed thread is killed at once, and is not let go by a stop and a continuation', async () => {
    const { ns } = await traced(
      function* (guest) {
        const child = yield* guest.fork(function* (own) {
          yield* own.call('getppid')
          assert.fail('it is killed before')
        })
        yield* guest.call('nanosleep', timespec(SECOND), 0)
        for (const signal of [SIGNAL.SIGSTOP, SIGNAL.SIGCONT, SIGKILL]) {
          yield* guest.call('kill', child, signal)
          yield* guest.call('nanosleep', timespec(SECOND), 0)
        }
        assert.equal(yield* guest.call('wait4', child, guest.room, 0, 0), child)
        assert.equal(yield* guest.word(guest.room), SIGKILL)
      },
      { enter: (call, tracee) => void (call.nr === nr('getppid') && tracee.delay(100e6)) },
    )
    assert.ok(ns < 10 * SECOND)
  })

  test('a signal that a handler sends interrupts the call at whose entry it was sent', async () => {
    await traced(
      function* (guest) {
        const seen: number[] = []
        yield* guest.handle(
          SIGUSR1,
          plainly(own => void seen.push(own.handed(0))),
        )
        assert.equal(yield* guest.try('pause'), 'EINTR')
        assert.deepEqual(seen, [SIGUSR1])
      },
      { enter: (call, tracee) => void (call.nr === nr('pause') && tracee.signal(SIGUSR1)) },
    )
  })

  test('another signal, none, or the original is delivered, as the handler says', async () => {
    for (const [answer, wanted] of [
      [SIGUSR2, [SIGUSR2]],
      [0, []],
      [undefined, [SIGUSR1]],
    ] as const) {
      const seen: number[] = []
      await traced(
        function* (guest) {
          for (const signal of [SIGUSR1, SIGUSR2])
            yield* guest.handle(
              signal,
              plainly(own => void seen.push(own.handed(0))),
            )
          yield* guest.call('kill', 2, SIGUSR1)
        },
        { signal: () => answer },
      )
      assert.deepEqual(seen, wanted)
    }
  })

  test('a result for an interrupted call is its end: it does not begin again', async () => {
    const told: string[] = []
    await traced(
      function* (guest) {
        yield* guest.handle(
          SIGUSR1,
          function* () {
            yield* guest.compute(1)
          },
          SA_RESTART,
        )
        yield* guest.call('pipe2', guest.room, 0)
        const input = yield* guest.word(guest.room)
        yield* guest.fork(function* (own) {
          yield* own.call('nanosleep', timespec(SECOND), 0)
          yield* own.call('kill', 2, SIGUSR1)
        })
        assert.equal(yield* guest.call('read', input, guest.room, 5), 5)
      },
      {
        exit(call, tracee) {
          if (call.nr !== nr('read')) return
          told.push(`${call.value}`)
          tracee.setResult({ value: 5n })
        },
      },
    )
    assert.deepEqual(told, ['-512'])
  })

  test('an interrupted sleep has stored what was left of it when the handler looks', async () => {
    let left = -1
    await traced(
      function* (guest) {
        yield* guest.handle(SIGUSR1, function* () {
          yield* guest.compute(1)
        })
        yield* guest.fork(function* (own) {
          yield* own.call('nanosleep', timespec(SECOND), 0)
          yield* own.call('kill', 2, SIGUSR1)
        })
        yield* guest.call('nanosleep', timespec(10 * SECOND), guest.room)
      },
      {
        exit(call, tracee) {
          if (call.pid === 2 && call.nr === nr('nanosleep') && left < 0)
            left = Buffer.from(tracee.read(call.args[1] ?? 0n, 8)).readInt32LE()
        },
      },
    )
    assert.ok(left === 8 || left === 9, `${left}`)
  })

  test('kill ends the process inside its call', async () => {
    const events: string[] = []
    const { signal } = await traced(
      function* (guest) {
        yield* guest.call('getppid')
        assert.fail('it is dead')
      },
      {
        enter: (call, tracee) => void (call.nr === nr('getppid') && tracee.kill()),
        exit: call => void events.push(nameOf(call)),
        exiting: ({ insideCall }) => void events.push(`inside a call: ${insideCall}`),
        killed: stop => void events.push(`killed by ${stop.signal}`),
      },
    )
    assert.equal(signal, SIGKILL)
    assert.deepEqual(events, ['execve', 'inside a call: true', `killed by ${SIGKILL}`])
  })

  test('without follow, children and threads are not told of; a process that is let go neither', async () => {
    const script: Script = function* (guest) {
      yield* guest.fork(function* (own) {
        yield* own.call('execve', '/bin/other', 0, 0)
      })
      yield* guest.call('wait4', -1, 0, 0, 0)
    }
    const programs = {
      '/bin/other': function* (guest: Guest): Steps {
        yield* guest.call('getuid')
      },
    }
    const pids = async (follow: boolean, letGo: boolean): Promise<string[]> => {
      const told: string[] = []
      await traced(
        script,
        {
          exit: call => void told.push(`${call.pid} ${nameOf(call)}`),
          exec: (stop, tracee) => {
            if (letGo && stop.pid === 3) tracee.detach()
          },
          detached: stop => void told.push(`${stop.pid} detached inside a call: ${stop.insideCall}`),
        },
        { follow, programs },
      )
      return told
    }
    assert.deepEqual(await pids(true, false), ['2 execve', '2 fork', '3 execve', '3 getuid', '2 wait4'])
    assert.deepEqual(await pids(false, false), ['2 execve', '2 fork', '2 wait4'])
    assert.deepEqual(await pids(true, true), [
      ...['2 execve', '2 fork', '3 detached inside a call: true', '2 wait4'],
    ])
  })

  test('the first execve can fail, and then no program runs; it cannot be another call', async () => {
    const never = plainly(() => assert.fail('it does not run'))
    const told: string[] = []
    const enter = (
      how: (tracee: Parameters<NonNullable<TraceHandlers['enter']>>[1]) => void,
    ): TraceHandlers => ({
      enter: (_call, tracee) => how(tracee),
      ...results(told),
    })
    const failed = await traced(
      never,
      enter(tracee => tracee.skip({ errno: 13 })),
    )
    assert.equal((failed.failure as { errno?: number }).errno, 13)
    assert.deepEqual(told, ['execve -13 tampered'])
    for (const change of [
      enter(tracee => tracee.setNumber(0)),
      enter(tracee => tracee.setArgument(0, 0n)),
      enter(tracee => tracee.skip({ value: 0n })),
    ])
      assert.match(String((await traced(never, change)).failure), /execve that starts the program/)
  })

  test('an error of a handler ends the world, is kept, and no handler is called after it', async () => {
    for (const name of ['enter', 'exit', 'signal', 'newChild', 'exiting', 'idle'] as const) {
      let calls = 0
      const handlers: TraceHandlers = {
        [name]: () => {
          calls++
          throw new RangeError(name)
        },
      }
      const { failure, end } = await traced(function* (guest) {
        yield* guest.fork(function* (own) {
          yield* own.call('kill', 2, SIGUSR1)
        })
        yield* guest.call('pause')
      }, handlers)
      assert.equal((failure as Error).message, name)
      assert.equal(calls, 1)
      assert.equal(end.faultCount, 0, 'the kernel did not take it for its own')
    }
  })
})
