/** Memory on the scripted platform: copies after fork, mappings, faults, and pages given back. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  MADV_DONTNEED,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_MAYMOVE,
  O_CREAT,
  O_RDWR,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  SHM_HUGETLB,
} from '#glassbox/linux/constants.js'
import { EINVAL, ENOMEM, EPERM } from '#glassbox/linux/errno-numbers.js'
import { SIGNAL } from '#glassbox/kernel/task/signals/numbers.js'
import type { Guest } from '../../support/kernel/scripted/guest.js'
import type { Script, Steps } from '../../support/kernel/scripted/steps.js'
import { play } from '../../support/kernel/scripted/world.js'

const PAGE = 4096
const RW = PROT_READ | PROT_WRITE
const AT_FDCWD = -100
const { SIGSEGV, SIGBUS } = SIGNAL

/** How a child that runs this ends: its wait status. */
function* endOf(guest: Guest, script: Script): Steps<number> {
  const child = yield* guest.fork(script)
  assert.equal(yield* guest.call('wait4', child, guest.room, 0, 0), child)
  return yield* guest.word(guest.room)
}

const reads = (address: number): Script =>
  function* (guest) {
    yield* guest.word(address)
  }

const writes = (address: number): Script =>
  function* (guest) {
    yield* guest.setWord(address, 1)
  }

describe('memory on the scripted platform', () => {
  for (const faultAccess of ['known', 'unknown'] as const)
    test(`after a fork both write copies, whoever writes first (access ${faultAccess})`, async () => {
      await play(
        function* (guest) {
          const at = yield* guest.pages(3)
          for (let page = 0; page < 3; page++) yield* guest.setWord(at + page * PAGE, 10 + page)
          yield* guest.call('pipe2', guest.room, 0)
          const [input, output] = [yield* guest.word(guest.room), yield* guest.word(guest.room + 4)]
          const child = yield* guest.fork(function* (own) {
            yield* own.setWord(at, 100)
            yield* own.call('read', input, own.room, 1)
            assert.equal(yield* own.word(at), 100, 'its own')
            assert.equal(yield* own.word(at + PAGE), 11, 'as at the fork')
            assert.equal(yield* own.word(at + 2 * PAGE), 12)
          })
          yield* guest.setWord(at + PAGE, 200)
          assert.equal(yield* guest.word(at), 10)
          yield* guest.call('write', output, 'x', 1)
          yield* guest.call('wait4', child, guest.room, 0, 0)
          assert.equal(yield* guest.word(guest.room), 0)
          assert.equal(yield* guest.word(at + PAGE), 200)
        },
        { faultAccess },
      )
    })

  test('a shared mapping is one memory for parent and child', async () => {
    await play(function* (guest) {
      const at = yield* guest.pages(1, MAP_SHARED)
      assert.equal(
        yield* endOf(guest, function* (own) {
          yield* own.setWord(at, 31)
        }),
        0,
      )
      assert.equal(yield* guest.word(at), 31)
    })
  })

  test('a chain of forks, each of which writes the same page, keeps every copy apart', async () => {
    await play(function* (guest) {
      const at = yield* guest.pages(1)
      const generation = (depth: number): Script =>
        function* (own) {
          yield* own.setWord(at, depth)
          if (depth < 5) assert.equal(yield* endOf(own, generation(depth + 1)), 0)
          assert.equal(yield* own.word(at), depth)
        }
      assert.equal(yield* endOf(guest, generation(1)), 0)
      assert.equal(yield* guest.word(at), 0)
    })
  })

  test('rights: what is not allowed is SIGSEGV, and comes back by mprotect', async () => {
    await play(function* (guest) {
      const at = yield* guest.pages(2)
      yield* guest.setWord(at, 4)
      assert.equal(yield* guest.call('mprotect', at, PAGE, PROT_READ), 0)
      assert.equal(yield* endOf(guest, reads(at)), 0)
      assert.equal(yield* endOf(guest, writes(at)), SIGSEGV)
      assert.equal(yield* guest.call('mprotect', at, PAGE, PROT_NONE), 0)
      assert.equal(yield* endOf(guest, reads(at)), SIGSEGV)
      assert.equal(yield* guest.try('write', 1, at, 4), 'EBADF')
      assert.equal(yield* guest.call('mprotect', at, PAGE, RW), 0)
      assert.equal(yield* guest.word(at), 4)
      assert.equal(yield* guest.call('munmap', at, PAGE), 0)
      assert.equal(yield* endOf(guest, reads(at)), SIGSEGV)
      assert.equal(yield* endOf(guest, writes(at + PAGE)), 0)
    })
  })

  test('the kernel answers EFAULT where the guest would fault', async () => {
    await play(function* (guest) {
      const at = yield* guest.pages(2)
      yield* guest.call('pipe2', at, 0)
      const output = yield* guest.word(at + 4)
      yield* guest.call('munmap', at + PAGE, PAGE)
      assert.equal(yield* guest.try('write', output, at + PAGE, 1), 'EFAULT')
      assert.equal(yield* guest.try('write', output, at + PAGE - 2, 4), 2, 'what there is')
      yield* guest.call('mprotect', at, PAGE, PROT_READ)
      assert.equal(yield* guest.try('pipe2', at, 0), 'EFAULT')
    })
  })

  test('brk grows with zeros, shrinks, and forgets', async () => {
    await play(function* (guest) {
      const start = yield* guest.call('brk', 0)
      assert.equal(yield* guest.call('brk', start + 3 * PAGE), start + 3 * PAGE)
      yield* guest.setWord(start + 2 * PAGE, 9)
      assert.equal(yield* guest.call('brk', start + PAGE), start + PAGE)
      assert.equal(yield* endOf(guest, reads(start + 2 * PAGE)), SIGSEGV)
      yield* guest.call('brk', start + 3 * PAGE)
      assert.equal(yield* guest.word(start + 2 * PAGE), 0)
    })
  })

  test('mremap moves contents; MADV_DONTNEED and MAP_FIXED make zeros of them', async () => {
    await play(function* (guest) {
      const at = yield* guest.pages(1)
      yield* guest.setWord(at, 6)
      yield* guest.call('mmap', at + PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
      assert.equal(yield* guest.try('mremap', at, PAGE, 4 * PAGE, 0), 'ENOMEM')
      const moved = yield* guest.call('mremap', at, PAGE, 4 * PAGE, MREMAP_MAYMOVE)
      assert.notEqual(moved, at)
      assert.equal(yield* guest.word(moved), 6)
      assert.equal(yield* guest.word(moved + 3 * PAGE), 0)
      assert.equal(yield* endOf(guest, reads(at)), SIGSEGV)
      yield* guest.call('madvise', moved, PAGE, MADV_DONTNEED)
      assert.equal(yield* guest.word(moved), 0)
      yield* guest.setWord(moved, 7)
      yield* guest.call('mmap', moved, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
      assert.equal(yield* guest.word(moved), 0)
    })
  })

  test('a stack grows down to its guard, and no further', async () => {
    await play(function* (guest) {
      yield* guest.setWord(guest.sp - 64 * PAGE, 1)
      assert.equal(yield* endOf(guest, writes(guest.sp - 2 ** 30)), SIGSEGV)
      const at = yield* guest.pages(1, MAP_PRIVATE | MAP_GROWSDOWN)
      yield* guest.setWord(at - PAGE, 1)
      assert.equal(yield* guest.word(at - PAGE), 1)
    })
  })

  test('a file: shared writes are in it, private ones are not, and beyond its end is SIGBUS', async () => {
    await play(function* (guest) {
      const fd = yield* guest.call('openat', AT_FDCWD, '/tmp/file', O_RDWR | O_CREAT, 0o600)
      yield* guest.call('write', fd, 'contents', 8)
      const shared = yield* guest.call('mmap', 0, 2 * PAGE, RW, MAP_SHARED, fd, 0)
      const alone = yield* guest.call('mmap', 0, PAGE, RW, MAP_PRIVATE, fd, 0)
      yield* guest.put(shared, Buffer.from('C'))
      yield* guest.put(alone + 1, Buffer.from('O'))
      assert.equal(yield* guest.text(alone, 8), 'COntents')
      assert.equal(yield* guest.text(shared, 8), 'Contents')
      assert.equal(yield* guest.call('pread64', fd, guest.room, 8, 0), 8)
      assert.equal(yield* guest.text(guest.room, 8), 'Contents')
      assert.equal(yield* endOf(guest, reads(shared + PAGE)), SIGBUS)
      yield* guest.call('ftruncate', fd, 0)
      assert.equal(yield* endOf(guest, reads(shared)), SIGBUS)
    })
  })

  test('the memory limit ends the world; what is unmapped may be used again', async () => {
    const megabyte = 256
    const fills = (release: boolean): Script =>
      function* (guest) {
        for (let round = 0; round < 8; round++) {
          const at = yield* guest.pages(megabyte)
          for (let page = 0; page < megabyte; page++) yield* guest.setWord(at + page * PAGE, 1)
          yield* guest.compute(10e6)
          if (release) yield* guest.call('munmap', at, megabyte * PAGE)
        }
      }
    const limit = { memoryBytes: 4 << 20 }
    const over = await play(fills(false), limit)
    assert.equal(over.end.cause, 'memory')
    const under = await play(fills(true), limit)
    assert.deepEqual([under.end.cause, under.code], ['itself', 0])
    assert.ok(under.end.peakBytes <= 4 << 20)
  })

  test('a call that needs more memory than the limit ends the world, too', async () => {
    const { end } = await play(
      function* (guest) {
        const fd = yield* guest.call('openat', AT_FDCWD, '/tmp/file', O_RDWR | O_CREAT, 0o600)
        const at = yield* guest.pages(64)
        while ((yield* guest.call('write', fd, at, 64 * PAGE)) > 0);
        assert.fail('no call is refused')
      },
      { memoryBytes: 4 << 20 },
    )
    assert.equal(end.cause, 'memory')
  })

  test('huge pages are answered as by a host that has none', async () => {
    await play(function* (guest) {
      const anonymous = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB
      const map = (flags: number): Steps<number> => guest.call('mmap', 0, 2 ** 21, RW, flags, -1, 0)
      for (const size of [0, 21, 30])
        assert.equal(yield* map(anonymous | (size << 26)), -ENOMEM, `of 2^${size} bytes`)
      assert.equal(yield* map(anonymous | (16 << 26)), -EINVAL)
      const error = yield* guest.call('shmget', 0, 2 ** 21, SHM_HUGETLB | 0o600)
      assert.ok(error === -EPERM || error === -ENOMEM)
    })
  })

  test('memory that the host does not have is SIGBUS, and never a fault of the kernel', async () => {
    const pages = 1000
    const { end, signal } = await play(
      function* (guest) {
        const at = yield* guest.pages(2 * pages)
        assert.ok(at > 0)
        for (let page = 0; page < 2 * pages; page++) yield* guest.setWord(at + page * PAGE, 1)
      },
      { ready: (_world, { memory }) => void (memory.room = pages) },
    )
    assert.equal(signal, SIGBUS)
    assert.equal(end.faultCount, 0)
  })
})
