/** Time on the scripted platform, whose clock moves only by what guests do and wait for. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CLOCK_MONOTONIC,
  CLOCK_REALTIME,
  FUTEX_WAIT,
  POLLIN,
  TIMER_ABSTIME,
} from '#glassbox/linux/constants.js'
import { SIGNAL } from '#glassbox/kernel/task/signals/numbers.js'
import { bytesOf, type Guest, timespec } from '../../support/kernel/scripted/guest.js'
import type { Steps } from '../../support/kernel/scripted/steps.js'
import { play } from '../../support/kernel/scripted/world.js'

const SECOND = 1e9
const SLACK_NS = 1e6

function* clock(guest: Guest, id: number): Steps<number> {
  assert.equal(yield* guest.call('clock_gettime', id, guest.room), 0)
  const bytes = yield* guest.get(guest.room, 16)
  return Number(bytes.readBigInt64LE(0)) * SECOND + Number(bytes.readBigInt64LE(8))
}

/** How long something takes by the monotonic clock. */
function* timed(guest: Guest, steps: Steps<unknown>): Steps<number> {
  const from = yield* clock(guest, CLOCK_MONOTONIC)
  yield* steps
  return (yield* clock(guest, CLOCK_MONOTONIC)) - from
}

function near(found: number, wanted: number): void {
  assert.ok(found >= wanted && found < wanted + SLACK_NS, `${found} ns is ${wanted} ns`)
}

describe('time on the scripted platform', () => {
  test('ten minutes of sleep take ten minutes of the world, and none of the host', async () => {
    const { ns } = await play(
      function* (guest) {
        near(yield* timed(guest, guest.call('nanosleep', timespec(600 * SECOND), 0)), 600 * SECOND)
      },
      { wallTimeMs: 1_200_000 },
    )
    near(ns, 600 * SECOND)
  })

  test('the same world twice has the same clock to the nanosecond', async () => {
    const run = async (): Promise<number> =>
      (
        await play(function* (guest) {
          yield* guest.fork(function* (own) {
            yield* own.compute(123_456)
          })
          yield* guest.compute(7_654_321)
          yield* guest.call('wait4', -1, 0, 0, 0)
        })
      ).ns
    assert.equal(await run(), await run())
  })

  test('an absolute time, one that has passed, and the real-time clock', async () => {
    await play(function* (guest) {
      const now = yield* clock(guest, CLOCK_MONOTONIC)
      const until = timespec(now + 5 * SECOND)
      const sleep = guest.call('clock_nanosleep', CLOCK_MONOTONIC, TIMER_ABSTIME, until, 0)
      const took = yield* timed(guest, sleep)
      assert.ok(took > 4.9 * SECOND && took < 5.1 * SECOND)
      near(yield* timed(guest, guest.call('clock_nanosleep', CLOCK_MONOTONIC, TIMER_ABSTIME, until, 0)), 0)
      assert.ok((yield* clock(guest, CLOCK_REALTIME)) > 1_700_000_000 * SECOND)
    })
  })

  test('time-outs of poll, futex and epoll end in time', async () => {
    await play(function* (guest) {
      yield* guest.call('pipe2', guest.room, 0)
      const input = yield* guest.word(guest.room)
      const poll = new Uint8Array(Int32Array.of(input, POLLIN).buffer)
      near(yield* timed(guest, guest.call('poll', poll, 1, 2000)), 2 * SECOND)
      const word = yield* guest.pages(1)
      const wait = guest.try('futex', word, FUTEX_WAIT, 0, timespec(3 * SECOND))
      const from = guest.now()
      assert.equal(yield* wait, 'ETIMEDOUT')
      near(guest.now() - from, 3 * SECOND)
      const epoll = yield* guest.call('epoll_create1', 0)
      near(yield* timed(guest, guest.call('epoll_wait', epoll, guest.room, 1, 1500)), 1.5 * SECOND)
    })
  })

  test('a timerfd counts its expirations', async () => {
    await play(function* (guest) {
      const fd = yield* guest.call('timerfd_create', CLOCK_MONOTONIC, 0)
      const every = bytesOf([1n, 0n, 1n, 0n])
      assert.equal(yield* guest.call('timerfd_settime', fd, 0, every, 0), 0)
      yield* guest.call('nanosleep', timespec(3.5 * SECOND), 0)
      assert.equal(yield* guest.call('read', fd, guest.room, 8), 8)
      assert.equal(yield* guest.word(guest.room), 3)
      near(yield* timed(guest, guest.call('read', fd, guest.room, 8)), 0.5 * SECOND - SLACK_NS / 2)
    })
  })

  test('alarm ends a program that waits forever, after what was left of it', async () => {
    const { signal, ns } = await play(function* (guest) {
      yield* guest.call('alarm', 100)
      yield* guest.call('nanosleep', timespec(10 * SECOND), 0)
      assert.equal(yield* guest.call('alarm', 20), 90)
      yield* guest.call('pause')
    })
    assert.equal(signal, SIGNAL.SIGALRM)
    near(ns, 30 * SECOND)
  })

  test('children that compute take turns, and all are waited for', async () => {
    const order: string[] = []
    await play(function* (guest) {
      for (const name of ['one', 'two', 'three'])
        yield* guest.fork(function* (own) {
          yield* own.compute(10e6)
          order.push(name)
        })
      for (let i = 0; i < 3; i++) yield* guest.call('wait4', -1, 0, 0, 0)
    })
    assert.deepEqual(order.toSorted(), ['one', 'three', 'two'])
  })

  test('the wall-time limit ends a world that waits for itself', async () => {
    const { end } = await play(
      function* (guest) {
        yield* guest.call('pause')
      },
      { wallTimeMs: 5000 },
    )
    assert.equal(end.cause, 'wall')
  })
})
