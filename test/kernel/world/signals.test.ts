/** Signals on the scripted platform: handlers with frames, masks, restarts, stops, queues. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  SA_NODEFER,
  SA_ONSTACK,
  SA_RESETHAND,
  SA_RESTART,
  SA_SIGINFO,
  WCONTINUED,
  WUNTRACED,
} from '#glassbox/linux/constants.js'
import { SIGNAL } from '#glassbox/kernel/task/signals/numbers.js'
import { bytesOf, type Guest, timespec } from '../../support/kernel/scripted/guest.js'
import { plainly, type Script, type Steps } from '../../support/kernel/scripted/steps.js'
import { play } from '../../support/kernel/scripted/world.js'

const { SIGUSR1, SIGUSR2, SIGCHLD, SIGCONT, SIGPIPE, SIGSEGV, SIGSTOP, SIGTERM, SIGTSTP, SIGALRM } = SIGNAL
const SIG_DFL = 0
const SIG_IGN = 1
const BLOCK = 0
const UNBLOCK = 1
const SIGSET_BYTES = 8
const REALTIME = 40
const SI_CODE = 8
const SI_PID = 16
const SI_VALUE = 24
const SI_ADDRESS = 16
const SECOND = 1e9

/** A handler that puts the number of its signal into a list. */
const noting = (list: number[]): Script => plainly(guest => void list.push(guest.handed(0)))

/** A child that sends a signal to its parent after a while. */
function* laterSignal(guest: Guest, signal: number, ns = SECOND): Steps<number> {
  return yield* guest.fork(function* (own) {
    yield* own.call('nanosleep', timespec(ns), 0)
    yield* own.call('kill', 2, signal)
  })
}

describe('signals on the scripted platform', () => {
  test('what a script throws is the result of the world', async () => {
    await assert.rejects(
      play(function* (guest) {
        yield* guest.handle(SIGUSR1, function* () {
          yield* guest.compute(1)
          throw new RangeError('in a handler')
        })
        yield* guest.call('kill', 2, SIGUSR1)
      }),
      /in a handler/,
    )
  })

  test('a handler runs once, with its siginfo, and the call before it keeps its result', async () => {
    await play(function* (guest) {
      const seen: number[] = []
      yield* guest.handle(
        SIGUSR1,
        function* (own) {
          const info = own.handed(1)
          seen.push(own.handed(0), yield* own.word(info), yield* own.word(info + SI_PID))
        },
        SA_SIGINFO,
      )
      assert.equal(yield* guest.call('kill', 2, SIGUSR1), 0)
      assert.deepEqual(seen, [SIGUSR1, SIGUSR1, 2])
      assert.equal(yield* guest.call('getpid'), 2)
    })
  })

  test('a signal is blocked in its handler, unless it is SA_NODEFER', async () => {
    for (const [flags, wanted] of [
      [0, ['begin', 'end', 'begin', 'end']],
      [SA_NODEFER, ['begin', 'begin', 'end', 'end']],
    ] as const) {
      const order: string[] = []
      await play(function* (guest) {
        let times = 0
        yield* guest.handle(
          SIGUSR1,
          function* (own) {
            order.push('begin')
            if (times++ === 0) yield* own.call('kill', 2, SIGUSR1)
            order.push('end')
          },
          flags,
        )
        yield* guest.call('kill', 2, SIGUSR1)
      })
      assert.deepEqual(order, wanted)
    }
  })

  test('blocked signals wait, one of each; real-time signals all, in order; the lowest first', async () => {
    await play(function* (guest) {
      const seen: number[] = []
      for (const signal of [SIGUSR1, SIGUSR2])
        yield* guest.handle(signal, noting(seen), 0, [SIGUSR1, SIGUSR2])
      yield* guest.handle(
        REALTIME,
        function* (own) {
          seen.push(yield* own.word(own.handed(1) + SI_VALUE))
        },
        SA_SIGINFO,
        [SIGUSR1, SIGUSR2],
      )
      yield* guest.mask(BLOCK, [SIGUSR1, SIGUSR2, REALTIME])
      for (const value of [101, 102, 103]) {
        const info = Buffer.alloc(128)
        info.writeInt32LE(-1, SI_CODE)
        info.writeInt32LE(value, SI_VALUE)
        assert.equal(yield* guest.call('rt_sigqueueinfo', 2, REALTIME, info), 0)
      }
      for (const signal of [SIGUSR2, SIGUSR2, SIGUSR1]) yield* guest.call('kill', 2, signal)
      yield* guest.call('rt_sigpending', guest.room, SIGSET_BYTES)
      assert.equal(yield* guest.word(guest.room), (1 << (SIGUSR1 - 1)) | (1 << (SIGUSR2 - 1)))
      yield* guest.mask(UNBLOCK, [SIGUSR1, SIGUSR2, REALTIME])
      // The last frame runs first, and all three were pushed at once.
      assert.deepEqual(
        seen.toSorted((a, b) => a - b),
        [SIGUSR1, SIGUSR2, 101, 102, 103],
      )
      assert.deepEqual(
        seen.filter(value => value > 100),
        [101, 102, 103],
      )
    })
  })

  test('a call that waits: EINTR after a handler, a new start with SA_RESTART, on after an ignored one', async () => {
    for (const [flags, wanted] of [
      [0, 'EINTR'],
      [SA_RESTART, 3],
    ] as const)
      await play(function* (guest) {
        yield* guest.handle(SIGUSR1, noting([]), flags)
        yield* guest.call('pipe2', guest.room, 0)
        const [input, output] = [yield* guest.word(guest.room), yield* guest.word(guest.room + 4)]
        yield* laterSignal(guest, SIGUSR1)
        yield* guest.fork(function* (own) {
          yield* own.call('nanosleep', timespec(2 * SECOND), 0)
          yield* own.call('write', output, 'abc', 3)
        })
        assert.equal(yield* guest.try('read', input, guest.room, 10), wanted)
      })
    await play(function* (guest) {
      yield* guest.handle(SIGUSR1, SIG_IGN)
      yield* laterSignal(guest, SIGUSR1)
      const from = guest.now()
      assert.equal(yield* guest.try('nanosleep', timespec(3 * SECOND), 0), 0)
      assert.ok(guest.now() - from >= 3 * SECOND)
    })
  })

  test('nanosleep says how much time is left', async () => {
    await play(function* (guest) {
      yield* guest.handle(SIGUSR1, noting([]), SA_RESTART)
      yield* laterSignal(guest, SIGUSR1)
      assert.equal(yield* guest.try('nanosleep', timespec(10 * SECOND), guest.room), 'EINTR')
      const left = yield* guest.word(guest.room)
      assert.ok(left === 8 || left === 9, `${left} s`)
    })
  })

  test('rt_sigsuspend waits with another mask, which is gone in the program afterwards', async () => {
    await play(function* (guest) {
      const seen: number[] = []
      yield* guest.handle(SIGUSR1, noting(seen))
      yield* guest.mask(BLOCK, [SIGUSR1])
      yield* guest.call('kill', 2, SIGUSR1)
      assert.deepEqual(seen, [])
      assert.equal(yield* guest.try('rt_sigsuspend', bytesOf([0n]), SIGSET_BYTES), 'EINTR')
      assert.deepEqual(seen, [SIGUSR1])
      yield* guest.call('kill', 2, SIGUSR1)
      assert.deepEqual(seen, [SIGUSR1], 'it is blocked again')
    })
  })

  test('sigtimedwait takes a blocked signal without a handler, and gives up in time', async () => {
    await play(function* (guest) {
      yield* guest.mask(BLOCK, [SIGUSR1])
      const set = bytesOf([1n << BigInt(SIGUSR1 - 1)])
      const from = guest.now()
      assert.equal(yield* guest.try('rt_sigtimedwait', set, 0, timespec(SECOND), SIGSET_BYTES), 'EAGAIN')
      assert.ok(guest.now() - from >= SECOND)
      yield* laterSignal(guest, SIGUSR1)
      assert.equal(yield* guest.call('rt_sigtimedwait', set, 0, 0, SIGSET_BYTES), SIGUSR1)
    })
  })

  test('default actions: ignored, deadly, and a handler that is reset after its first use', async () => {
    const { signal } = await play(function* (guest) {
      const seen: number[] = []
      yield* guest.handle(SIGTERM, noting(seen), SA_RESETHAND)
      yield* guest.call('kill', 2, SIGCHLD)
      yield* guest.call('kill', 2, SIGTERM)
      assert.deepEqual(seen, [SIGTERM])
      yield* guest.call('kill', 2, SIGTERM)
      assert.fail('the second one is deadly')
    })
    assert.equal(signal, SIGTERM)
  })

  test('stop and continue: the parent learns of both, and the child stands still between', async () => {
    await play(function* (guest) {
      const steps: string[] = []
      const child = yield* guest.fork(function* (own) {
        for (;;) {
          yield* own.call('nanosleep', timespec(SECOND), 0)
          steps.push('step')
        }
      })
      yield* guest.call('kill', child, SIGSTOP)
      assert.equal(yield* guest.call('wait4', child, guest.room, WUNTRACED, 0), child)
      assert.equal(yield* guest.word(guest.room), (SIGSTOP << 8) | 0x7f)
      yield* guest.call('nanosleep', timespec(100 * SECOND), 0)
      assert.deepEqual(steps, [])
      yield* guest.call('kill', child, SIGCONT)
      assert.equal(yield* guest.call('wait4', child, guest.room, WCONTINUED, 0), child)
      assert.equal(yield* guest.word(guest.room), 0xffff)
      yield* guest.call('nanosleep', timespec(10.5 * SECOND), 0)
      assert.ok(steps.length >= 9 && steps.length <= 11, `${steps.length}`)
      yield* guest.call('kill', child, SIGTSTP)
      yield* guest.call('kill', child, SIGTERM)
      yield* guest.call('kill', child, SIGCONT)
      assert.equal(yield* guest.call('wait4', child, guest.room, 0, 0), child)
      assert.equal(yield* guest.word(guest.room), SIGTERM)
    })
  })

  test('an alternate stack is used where it is asked for', async () => {
    await play(function* (guest) {
      const stack = yield* guest.pages(4)
      yield* guest.call('sigaltstack', bytesOf([BigInt(stack), 0n, BigInt(4 * 4096)]), 0)
      const seen: boolean[] = []
      const where = plainly(own => void seen.push(own.sp >= stack && own.sp < stack + 4 * 4096))
      yield* guest.handle(SIGUSR1, where, SA_ONSTACK)
      yield* guest.handle(SIGUSR2, where)
      yield* guest.call('kill', 2, SIGUSR1)
      yield* guest.call('kill', 2, SIGUSR2)
      assert.deepEqual(seen, [true, false])
    })
  })

  test('a fault: its handler sees the address and may map the page; without one it is deadly', async () => {
    const address = 0x10_0000
    const writes: Script = function* (guest) {
      yield* guest.setWord(address, 5)
      assert.equal(yield* guest.word(address), 5)
    }
    const { code } = await play(function* (guest) {
      yield* guest.handle(
        SIGSEGV,
        function* (own) {
          const at = own.handed(1) + SI_ADDRESS
          assert.equal(yield* own.word(at), address)
          yield* own.call('mmap', address, 4096, 3, 0x32, -1, 0)
        },
        SA_SIGINFO,
      )
      return yield* writes(guest)
    })
    assert.equal(code, 0)
    assert.equal((await play(writes)).signal, SIGSEGV)
    const blocked = await play(function* (guest) {
      yield* guest.mask(BLOCK, [SIGSEGV])
      yield* writes(guest)
    })
    assert.equal(blocked.signal, SIGSEGV, 'a blocked one cannot be put off')
  })

  test('a signal to a thread is its own; one to the process goes to a thread that takes it', async () => {
    await play(function* (guest) {
      const shared = yield* guest.pages(1)
      const takers: number[] = []
      yield* guest.handle(SIGUSR1, function* (own) {
        takers.push(yield* own.call('gettid'))
      })
      const thread = yield* guest.thread(function* (own) {
        yield* own.call('pause')
        yield* own.call('pause')
      }, shared)
      yield* guest.mask(BLOCK, [SIGUSR1])
      yield* guest.compute(10e6)
      yield* guest.call('tgkill', 2, thread, SIGUSR1)
      yield* guest.compute(10e6)
      yield* guest.call('kill', 2, SIGUSR1)
      yield* guest.compute(10e6)
      assert.deepEqual(takers, [thread, thread])
      yield* guest.call('tgkill', 2, 2, SIGUSR1)
      assert.deepEqual(takers, [thread, thread])
    })
  })

  test('a computing program is interrupted by a timer, and goes on where it was', async () => {
    const { ns } = await play(function* (guest) {
      const seen: number[] = []
      yield* guest.handle(SIGALRM, noting(seen))
      const interval = bytesOf([0n, 100_000n, 0n, 100_000n])
      yield* guest.call('setitimer', 0, interval, 0)
      yield* guest.compute(SECOND + 50e6)
      assert.equal(seen.length, 10)
    })
    assert.ok(ns >= SECOND && ns < 1.2 * SECOND, `${ns}`)
  })

  test('SIGPIPE of a write to a pipe without a reader; EPIPE where it is ignored', async () => {
    const writes = (action: 0 | 1): Script =>
      function* (guest) {
        yield* guest.handle(SIGPIPE, action)
        yield* guest.call('pipe2', guest.room, 0)
        const [input, output] = [yield* guest.word(guest.room), yield* guest.word(guest.room + 4)]
        yield* guest.call('close', input)
        assert.equal(yield* guest.try('write', output, 'x', 1), 'EPIPE')
      }
    assert.equal((await play(writes(SIG_DFL))).signal, SIGPIPE)
    assert.equal((await play(writes(SIG_IGN))).code, 0)
  })
})
