/**
 * Files on the scripted platform: descriptors, pipes, directories, locks, and waiting for them.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  AF_UNIX,
  EPOLL_CTL_ADD,
  EPOLLET,
  EPOLLIN,
  F_SETFL,
  LOCK_EX,
  LOCK_NB,
  LOCK_UN,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  POLLHUP,
  POLLIN,
  S_IFIFO,
  SEEK_END,
  SOCK_STREAM,
} from '#glassbox/linux/constants.js'
import { type Guest, timespec } from '../../support/kernel/scripted/guest.js'
import type { Steps } from '../../support/kernel/scripted/steps.js'
import { play } from '../../support/kernel/scripted/world.js'

const HERE = -100
const SECOND = 1e9

function* pipe(guest: Guest, flags = 0): Steps<readonly [number, number]> {
  assert.equal(yield* guest.call('pipe2', guest.room, flags), 0)
  return [yield* guest.word(guest.room), yield* guest.word(guest.room + 4)]
}

function* readAll(guest: Guest, fd: number): Steps<string> {
  let text = ''
  for (;;) {
    const count = yield* guest.call('read', fd, guest.room, 100)
    if (count <= 0) return text
    text += yield* guest.text(guest.room, count)
  }
}

describe('files on the scripted platform', () => {
  test('descriptors: the lowest free one, dup, close-on-exec, and one position for copies', async () => {
    await play(
      function* (guest) {
        const fd = yield* guest.call('openat', HERE, '/tmp/a', O_RDWR | O_CREAT, 0o600)
        assert.equal(fd, 0)
        assert.equal(yield* guest.call('dup', fd), 1)
        assert.equal(yield* guest.call('dup3', fd, 5, O_CLOEXEC), 5)
        yield* guest.call('write', 1, 'abc', 3)
        assert.equal(yield* guest.call('lseek', 5, 0, 1), 3)
        yield* guest.call('close', 0)
        assert.equal(yield* guest.call('openat', HERE, '/tmp', O_DIRECTORY), 0)
        assert.equal(yield* guest.try('close', 9), 'EBADF')
        yield* guest.call('execve', '/bin/other', 0, 0)
      },
      {
        programs: {
          *'/bin/other'(guest) {
            assert.equal(yield* guest.try('lseek', 1, 0, 1), 3)
            assert.equal(yield* guest.try('lseek', 5, 0, 1), 'EBADF')
          },
        },
      },
    )
  })

  test('a pipe between processes: the reader waits, gets all in order, and then the end', async () => {
    await play(function* (guest) {
      const [input, output] = yield* pipe(guest)
      yield* guest.fork(function* (own) {
        yield* own.call('close', input)
        for (const part of ['one ', 'two ', 'three']) {
          yield* own.call('nanosleep', timespec(SECOND), 0)
          yield* own.call('write', output, part, part.length)
        }
      })
      yield* guest.call('close', output)
      assert.equal(yield* readAll(guest, input), 'one two three')
    })
  })

  test('a full pipe: the writer waits for room, or gets EAGAIN; small writes are whole', async () => {
    await play(function* (guest) {
      const [input, output] = yield* pipe(guest)
      yield* guest.call('fcntl', output, F_SETFL, O_NONBLOCK)
      const page = yield* guest.pages(1)
      let count = 0
      while ((yield* guest.call('write', output, page, 4096)) === 4096) count++
      assert.equal(count, 16)
      assert.equal(yield* guest.try('write', output, page, 4096), 'EAGAIN')
      yield* guest.call('fcntl', output, F_SETFL, 0)
      const order: string[] = []
      yield* guest.fork(function* (own) {
        yield* own.call('nanosleep', timespec(SECOND), 0)
        order.push('read')
        yield* own.call('read', input, page, 4096)
      })
      assert.equal(yield* guest.call('write', output, page, 4096), 4096)
      order.push('written')
      assert.deepEqual(order, ['read', 'written'])
    })
  })

  test('poll and epoll: what is ready, what becomes ready, and edges', async () => {
    await play(function* (guest) {
      const [input, output] = yield* pipe(guest)
      const entry = new Uint8Array(Int32Array.of(input, POLLIN).buffer)
      assert.equal(yield* guest.call('poll', entry, 1, 0), 0)
      const epoll = yield* guest.call('epoll_create1', 0)
      const wanted = Buffer.alloc(12)
      wanted.writeUInt32LE((EPOLLIN | EPOLLET) >>> 0, 0)
      wanted.writeInt32LE(77, 4)
      yield* guest.call('epoll_ctl', epoll, EPOLL_CTL_ADD, input, wanted)
      const child = yield* guest.fork(function* (own) {
        yield* own.call('nanosleep', timespec(SECOND), 0)
        yield* own.call('write', output, 'x', 1)
      })
      assert.equal(yield* guest.call('epoll_wait', epoll, guest.room, 4, -1), 1)
      assert.equal(yield* guest.word(guest.room + 4), 77)
      assert.equal(yield* guest.call('epoll_wait', epoll, guest.room, 4, 0), 0, 'an edge is told once')
      assert.equal(yield* guest.call('poll', entry, 1, -1), 1)
      yield* guest.call('wait4', child, 0, 0, 0)
      yield* guest.call('close', output)
      yield* guest.call('read', input, guest.room, 9)
      const hung = yield* guest.pages(1)
      yield* guest.put(hung, entry)
      assert.equal(yield* guest.call('poll', hung, 1, -1), 1)
      assert.equal((yield* guest.word(hung + 4)) >>> 16, POLLHUP)
    })
  })

  test('a FIFO: each end waits for the other one to be opened', async () => {
    await play(function* (guest) {
      assert.equal(yield* guest.call('mknodat', HERE, '/tmp/fifo', S_IFIFO | 0o600, 0), 0)
      assert.equal(yield* guest.try('openat', HERE, '/tmp/fifo', O_WRONLY | O_NONBLOCK, 0), 'ENXIO')
      yield* guest.fork(function* (own) {
        yield* own.call('nanosleep', timespec(SECOND), 0)
        const fd = yield* own.call('openat', HERE, '/tmp/fifo', O_WRONLY, 0)
        yield* own.call('write', fd, 'by name', 7)
      })
      const from = guest.now()
      const fd = yield* guest.call('openat', HERE, '/tmp/fifo', O_RDONLY, 0)
      assert.ok(guest.now() - from >= SECOND)
      assert.equal(yield* readAll(guest, fd), 'by name')
    })
  })

  test('names: directories, links, renames, and a file that is open without a name', async () => {
    await play(function* (guest) {
      yield* guest.call('chdir', '/w')
      assert.equal(yield* guest.try('mkdirat', HERE, 'd', 0o755), 0)
      assert.equal(yield* guest.try('mkdirat', HERE, 'd', 0o755), 'EEXIST')
      const fd = yield* guest.call('openat', HERE, 'd/file', O_RDWR | O_CREAT | O_EXCL, 0o644)
      yield* guest.call('write', fd, 'kept', 4)
      assert.equal(yield* guest.try('unlinkat', HERE, 'd', 0x200), 'ENOTEMPTY')
      assert.equal(yield* guest.try('linkat', HERE, 'd/file', HERE, 'd/second', 0), 0)
      assert.equal(yield* guest.try('symlinkat', 'd/second', HERE, 'link'), 0)
      assert.equal(yield* guest.try('renameat2', HERE, 'd/file', HERE, 'd/second', 0), 0)
      assert.equal(yield* guest.try('readlinkat', HERE, 'link', guest.room, 100), 8)
      assert.equal(yield* guest.text(guest.room, 8), 'd/second')
      const through = yield* guest.call('openat', HERE, 'link', O_RDONLY, 0)
      for (const name of ['d/file', 'd/second']) yield* guest.call('unlinkat', HERE, name, 0)
      assert.equal(yield* guest.try('openat', HERE, 'link', O_RDONLY, 0), 'ENOENT')
      assert.equal(yield* readAll(guest, through), 'kept')
      assert.equal(yield* guest.try('unlinkat', HERE, 'd', 0x200), 0)
    })
  })

  test('two writers with O_APPEND never overwrite each other, in any order of their threads', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      let state = seed
      const order = (count: number): number => (state = (state * 48_271) % 0x7fff_ffff) % count
      await play(
        function* (guest) {
          for (const letter of ['a', 'b'])
            yield* guest.fork(function* (own) {
              const fd = yield* own.call('openat', HERE, '/tmp/log', O_WRONLY | O_APPEND | O_CREAT, 0o600)
              for (let i = 0; i < 20; i++) {
                yield* own.call('write', fd, letter.repeat(4), 4)
                yield* own.compute(1 + order(2e6))
              }
            })
          for (let i = 0; i < 2; i++) yield* guest.call('wait4', -1, 0, 0, 0)
          const fd = yield* guest.call('openat', HERE, '/tmp/log', O_RDWR, 0)
          assert.equal(yield* guest.call('lseek', fd, 0, SEEK_END), 160)
          yield* guest.call('lseek', fd, 0, 0)
          assert.match(yield* readAll(guest, fd), /^(?:aaaa|bbbb){40}$/)
        },
        { order },
      )
    }
  })

  test('flock: one holder, who is waited for, and whose death gives the lock back', async () => {
    await play(function* (guest) {
      const fd = yield* guest.call('openat', HERE, '/tmp/lock', O_RDWR | O_CREAT, 0o600)
      yield* guest.fork(function* (own) {
        const mine = yield* own.call('openat', HERE, '/tmp/lock', O_RDWR, 0)
        assert.equal(yield* own.call('flock', mine, LOCK_EX), 0)
        yield* own.call('nanosleep', timespec(5 * SECOND), 0)
      })
      yield* guest.call('nanosleep', timespec(SECOND), 0)
      assert.equal(yield* guest.try('flock', fd, LOCK_EX | LOCK_NB), 'EAGAIN')
      const from = guest.now()
      assert.equal(yield* guest.call('flock', fd, LOCK_EX), 0)
      assert.ok(guest.now() - from > 3.9 * SECOND)
      assert.equal(yield* guest.call('flock', fd, LOCK_UN), 0)
    })
  })

  test('an eventfd counts, and its reader waits for more than nothing', async () => {
    await play(function* (guest) {
      const fd = yield* guest.call('eventfd2', 0, 0)
      yield* guest.fork(function* (own) {
        for (const count of [3n, 4n])
          yield* own.call('write', fd, Buffer.from(BigInt64Array.of(count).buffer), 8)
      })
      let sum = 0
      while (sum < 7) {
        assert.equal(yield* guest.call('read', fd, guest.room, 8), 8)
        sum += yield* guest.word(guest.room)
      }
      assert.equal(sum, 7)
    })
  })

  test('a socket pair: bytes both ways, the end, and descriptors that stay open in the child', async () => {
    await play(function* (guest) {
      yield* guest.call('socketpair', AF_UNIX, SOCK_STREAM, 0, guest.room)
      const [one, two] = [yield* guest.word(guest.room), yield* guest.word(guest.room + 4)]
      yield* guest.fork(function* (own) {
        yield* own.call('close', one)
        assert.equal(yield* own.call('read', two, own.room, 9), 4)
        yield* own.call('write', two, 'pong', 4)
      })
      yield* guest.call('close', two)
      yield* guest.call('write', one, 'ping', 4)
      assert.equal(yield* readAll(guest, one), 'pong')
    })
  })

  test('/proc/self knows the process that reads it', async () => {
    await play(function* (guest) {
      const fd = yield* guest.call('openat', HERE, '/proc/self/comm', O_RDONLY, 0)
      assert.equal(yield* readAll(guest, fd), 'first\n')
      const length = yield* guest.call('readlinkat', HERE, '/proc/self/exe', guest.room, 100)
      assert.equal(yield* guest.text(guest.room, length), '/bin/first')
    })
  })
})
