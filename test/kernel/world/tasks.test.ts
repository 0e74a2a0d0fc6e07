/** Tasks on the scripted platform: fork, wait, exec, threads, groups and sessions. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CLONE_PARENT,
  FUTEX_WAIT,
  FUTEX_WAKE,
  MAP_SHARED,
  SIGCHLD,
  WEXITED,
  WNOHANG,
  WNOWAIT,
} from '#glassbox/linux/constants.js'
import { SIGNAL } from '#glassbox/kernel/task/signals/numbers.js'
import type { Guest } from '../../support/kernel/scripted/guest.js'
import { plainly, type Script, type Steps } from '../../support/kernel/scripted/steps.js'
import { play } from '../../support/kernel/scripted/world.js'

const P_PID = 1
const { SIGKILL, SIGTERM } = SIGNAL

/** Waits for a child: its id and wait status. */
function* wait(guest: Guest, pid = -1, options = 0): Steps<{ pid: number | string; status: number }> {
  const found = yield* guest.try('wait4', pid, guest.room, options, 0)
  return { pid: found, status: yield* guest.word(guest.room) }
}

const exits = (code: number): Script => plainly(() => code)

describe('tasks on the scripted platform', () => {
  test('the first program is process 2 and leads its session; what it returns is its exit code', async () => {
    const { code } = await play(function* (guest) {
      const ids = [
        yield* guest.call('getpid'),
        yield* guest.call('gettid'),
        yield* guest.call('getppid'),
        yield* guest.call('getsid', 0),
        yield* guest.call('getpgid', 0),
      ]
      assert.deepEqual(ids, [2, 2, 1, 2, 2])
      return 7
    })
    assert.equal(code, 7)
  })

  test('a child has its own id, and its parent gets its exit code once', async () => {
    await play(function* (guest) {
      const seen: number[] = []
      const child = yield* guest.fork(function* (own) {
        seen.push(yield* own.call('getpid'), yield* own.call('getppid'))
        return 42
      })
      assert.deepEqual(yield* wait(guest), { pid: child, status: 42 << 8 })
      assert.deepEqual(seen, [child, 2])
      assert.equal((yield* wait(guest)).pid, 'ECHILD')
    })
  })

  test('wait: WNOHANG, a chosen child, WNOWAIT, and death by a signal', async () => {
    await play(function* (guest) {
      const sleeper = yield* guest.fork(function* (own) {
        yield* own.call('pause')
      })
      const quick = yield* guest.fork(exits(3))
      assert.equal((yield* wait(guest, sleeper, WNOHANG)).pid, 0)
      assert.equal(yield* guest.try('waitid', P_PID, quick, guest.room, WEXITED + WNOWAIT, 0), 0)
      assert.deepEqual(yield* wait(guest, quick), { pid: quick, status: 3 << 8 })
      assert.equal(yield* guest.try('kill', sleeper, SIGKILL), 0)
      assert.deepEqual(yield* wait(guest), { pid: sleeper, status: SIGKILL })
    })
  })

  test('an orphan is given to init, or to the nearest subreaper', async () => {
    await play(function* (guest) {
      const PR_SET_CHILD_SUBREAPER = 36
      yield* guest.call('prctl', PR_SET_CHILD_SUBREAPER, 1)
      const parents: number[] = []
      yield* guest.fork(function* (middle) {
        yield* middle.fork(function* (orphan) {
          yield* orphan.call('nanosleep', Buffer.from(BigInt64Array.of(1n, 0n).buffer), 0)
          parents.push(yield* orphan.call('getppid'))
          return 5
        })
      })
      yield* wait(guest)
      assert.equal((yield* wait(guest)).status, 5 << 8)
      assert.deepEqual(parents, [2])
    })
  })

  test('the parent of a vfork waits until its child executes a program', async () => {
    const order: string[] = []
    await play(
      function* (guest) {
        yield* guest.vfork(function* (child) {
          yield* child.compute(50e6)
          order.push('child')
          yield* child.call('execve', '/bin/other', 0, 0)
          assert.fail('it is another program')
        })
        order.push('parent')
        yield* wait(guest)
      },
      {
        programs: {
          *'/bin/other'(guest) {
            yield* guest.compute(1e6)
            order.push('other')
          },
        },
      },
    )
    assert.deepEqual(order, ['child', 'parent', 'other'])
  })

  test('exec replaces the program and keeps the process; a failed one changes nothing', async () => {
    const { code } = await play(
      function* (guest) {
        assert.equal(yield* guest.try('execve', '/bin/nothing', 0, 0), 'ENOENT')
        assert.equal(yield* guest.try('execve', '/tmp', 0, 0), 'EACCES')
        yield* guest.call('execve', '/bin/other', 0, 0)
      },
      {
        programs: {
          *'/bin/other'(guest) {
            assert.equal(yield* guest.call('getpid'), 2)
            return 9
          },
        },
      },
    )
    assert.equal(code, 9)
  })

  test('threads share memory and an id; the last exit of exit_group counts', async () => {
    const { code } = await play(function* (guest) {
      const shared = yield* guest.pages(1)
      const id = yield* guest.thread(function* (own) {
        assert.equal(yield* own.call('getpid'), 2)
        yield* own.setWord(shared + 8, 77)
      }, shared)
      yield* join(guest, shared)
      assert.equal(yield* guest.word(shared + 8), 77)
      assert.equal(id, 3)
      yield* guest.thread(function* (own) {
        yield* own.call('exit_group', 4)
      }, shared)
      yield* guest.call('pause')
    })
    assert.equal(code, 4)
  })

  test('exec in a thread ends the others, and has the id of the process', async () => {
    const { code } = await play(
      function* (guest) {
        const shared = yield* guest.pages(1)
        yield* guest.thread(function* (own) {
          yield* own.call('execve', '/bin/other', 0, 0)
        }, shared)
        yield* guest.call('pause')
        assert.fail('this thread is gone')
      },
      {
        programs: {
          *'/bin/other'(guest) {
            assert.equal(yield* guest.call('gettid'), 2)
            return 6
          },
        },
      },
    )
    assert.equal(code, 6)
  })

  test('groups and sessions: who may join what', async () => {
    await play(function* (guest) {
      assert.equal(yield* guest.try('setsid'), 'EPERM')
      const child = yield* guest.fork(function* (own) {
        assert.equal(yield* own.call('getpgid', 0), 2)
        const sid = yield* own.call('setsid')
        assert.equal(sid, yield* own.call('getpid'))
        assert.equal(yield* own.try('setpgid', 0, 2), 'EPERM')
        yield* own.call('pause')
      })
      yield* guest.compute(10e6)
      assert.equal(yield* guest.try('setpgid', child, 2), 'EPERM')
      assert.equal(yield* guest.try('kill', -child, SIGTERM), 0)
      assert.deepEqual(yield* wait(guest), { pid: child, status: SIGTERM })
    })
  })

  test('CLONE_PARENT makes a brother, and only the signal of a child is a child’s end', async () => {
    await play(function* (guest) {
      yield* guest.fork(function* (own) {
        yield* own.clone(CLONE_PARENT, exits(8))
        yield* own.compute(1e6)
      })
      const ends = [yield* wait(guest), yield* wait(guest)].map(({ status }) => status >> 8)
      assert.deepEqual(
        ends.toSorted((a, b) => a - b),
        [0, 8],
      )
      assert.equal(yield* guest.call('kill', 2, SIGCHLD), 0)
    })
  })

  test('a limit of processes refuses a child with EAGAIN', async () => {
    const { end } = await play(
      function* (guest) {
        yield* guest.fork(function* (own) {
          yield* own.call('pause')
        })
        assert.ok((yield* guest.fork(exits(0))) < 0)
      },
      { processes: 2 },
    )
    assert.equal(end.refusedProcesses, 1)
    assert.equal(end.peakTasks, 2)
  })

  test('a futex: waiting, waking, a changed word, and a word that processes share', async () => {
    await play(function* (guest) {
      const shared = yield* guest.pages(1, MAP_SHARED)
      assert.equal(yield* guest.try('futex', shared, FUTEX_WAIT, 1, 0), 'EAGAIN')
      assert.equal(yield* guest.try('futex', shared, FUTEX_WAKE, 9), 0)
      const results: (number | string)[] = []
      for (let i = 0; i < 3; i++)
        yield* guest.fork(function* (own) {
          results.push(yield* own.try('futex', shared, FUTEX_WAIT, 0, 0))
        })
      yield* guest.compute(50e6)
      assert.equal(yield* guest.call('futex', shared, FUTEX_WAKE, 2), 2)
      yield* wait(guest)
      yield* wait(guest)
      assert.deepEqual(results, [0, 0])
      assert.equal(yield* guest.call('futex', shared, FUTEX_WAKE, 9), 1)
      yield* wait(guest)
    })
  })
})

/** Waits until the thread whose id is there has ended: CLONE_CHILD_CLEARTID. */
function* join(guest: Guest, at: number): Steps {
  for (let id = yield* guest.word(at); id !== 0; id = yield* guest.word(at))
    yield* guest.call('futex', at, FUTEX_WAIT, id, 0)
}
