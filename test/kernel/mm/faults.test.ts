/** Which signal a wrong access is, and which accesses are none. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { noneUnexplained } from '#glassbox/kernel/mm/fault.js'
import { FilePages } from '#glassbox/kernel/mm/files/file-pages.js'
import { Guest, type PageSpace, testWorld } from '../../support/kernel/memory-platform.js'
import { MemoryTask } from '../../support/kernel/memory-task.js'

const PAGE = 4096
const START = 0x10_0000_0000
const ANONYMOUS = 0x32
const GROWS_DOWN = 0x132
const PRIVATE_FILE = 0x12
const SHARED_FILE = 0x11
const RLIMIT_STACK = 3
const O_RDWR = 2

function guest(): ReturnType<typeof testWorld> & { task: MemoryTask; guest: Guest } {
  const both = testWorld()
  const task = new MemoryTask(both.world)
  return { ...both, task, guest: new Guest(both.platform, task.space) }
}

describe('a fault', () => {
  test('outside all mappings is MAPERR, against rights ACCERR', () => {
    const { task, guest: one } = guest()
    task.call('mmap', START, PAGE, 1, ANONYMOUS, -1, 0)
    task.call('mmap', START + PAGE, PAGE, 0, ANONYMOUS, -1, 0)
    assert.equal(one.signal(START), undefined)
    assert.equal(one.signal(START, true), 'SIGSEGV 2')
    assert.equal(one.signal(START + PAGE), 'SIGSEGV 2')
    assert.equal(one.signal(START + 2 * PAGE), 'SIGSEGV 1')
    assert.equal(one.signal(0), 'SIGSEGV 1')
  })

  test('beyond the end of a file is SIGBUS, in its last page it is none', () => {
    const { world, task, guest: one } = guest()
    const file = new FilePages(world.world)
    file.resize(PAGE + 10)
    task.open(3, file, O_RDWR)
    for (const flags of [SHARED_FILE, PRIVATE_FILE]) {
      task.call('mmap', START, 4 * PAGE, 3, flags, 3, 0)
      assert.equal(one.signal(START + PAGE + 500, true), undefined)
      assert.equal(one.signal(START + 2 * PAGE), 'SIGBUS 2')
      assert.equal(task.space.memory.readInt32(START + 2 * PAGE), NaN)
    }
  })

  test('in a file that became shorter is SIGBUS, and its pages come back when it grows', () => {
    const { world, task, guest: one } = guest()
    const file = new FilePages(world.world)
    file.resize(4 * PAGE)
    task.open(3, file, O_RDWR)
    task.call('mmap', START, 4 * PAGE, 3, SHARED_FILE, 3, 0)
    one.write(START + 3 * PAGE, 7)
    one.write(START + 20, 6)
    file.resize(10)
    assert.equal(one.signal(START + 3 * PAGE), 'SIGBUS 2')
    file.resize(4 * PAGE)
    assert.deepEqual([one.read(START + 3 * PAGE), one.read(START + 20)], [0, 0])
    task.call('munmap', START, 4 * PAGE)
    file.free()
    assert.equal(world.world.pagesInUse, 0)
  })

  test('private pages of a file stay over a hole, and go with what is truncated', () => {
    const { world, task, guest: one } = guest()
    const file = new FilePages(world.world)
    file.resize(100 * PAGE)
    task.open(3, file, O_RDWR)
    task.call('mmap', START, 100 * PAGE, 3, PRIVATE_FILE, 3, 0)
    one.write(START + 90 * PAGE, 7)
    file.punch(0, 100 * PAGE)
    assert.equal(one.read(START + 90 * PAGE), 7)
    file.resize(PAGE)
    assert.equal(one.signal(START + 90 * PAGE), 'SIGBUS 2')
    assert.equal(one.signal(START + 91 * PAGE), 'SIGBUS 2')
  })

  test('below a stack makes it grow, down to the limit and not into a neighbour', () => {
    const { task, guest: one } = guest()
    const top = START + 1024 * PAGE
    task.call('mmap', top - 4 * PAGE, 4 * PAGE, 3, GROWS_DOWN, -1, 0)
    const limit = task.limits[RLIMIT_STACK]
    assert.ok(limit)
    limit.soft = 600 * PAGE
    one.write(top - 5 * PAGE, 1)
    one.write(top - 599 * PAGE, 1)
    assert.equal(one.signal(top - 601 * PAGE), 'SIGSEGV 1')
    limit.soft = Infinity
    task.call('mmap', top - 900 * PAGE, PAGE, 3, ANONYMOUS, -1, 0)
    assert.equal(one.signal(top - 700 * PAGE), 'SIGSEGV 1', 'the guard gap is kept')
    one.write(top - 640 * PAGE, 1)
    assert.equal(task.space.memory.writeInt32(top - 641 * PAGE, 5), 0, 'the kernel grows it as well')
  })

  test('that is only behind in the queue is tried again', () => {
    const { task } = guest()
    task.call('mmap', START, PAGE, 3, ANONYMOUS, -1, 0)
    const fault = { signal: 11, code: 1, address: START, error: -1 }
    const last = noneUnexplained()
    assert.equal(task.space.fault(fault, last), undefined, 'the mapping is queued')
    const host = task.space.space as PageSpace
    host.flush()
    assert.equal(task.space.fault(fault, last), undefined, 'it may be older than the mapping')
    assert.equal(task.space.fault(fault, last)?.code, 2, 'a page that is there refused the access')
  })

  test('that another thread or a child has mended since is tried again, by each thread', () => {
    const { task } = guest()
    task.call('mmap', START, PAGE, 3, ANONYMOUS, -1, 0)
    assert.equal(task.space.memory.writeInt32(START, 5), 0)
    const child = task.space.fork(false)
    assert.ok(child)
    const host = task.space.space as PageSpace
    host.flush()
    // Two threads of the parent write the shared page now; before they are served, the child ends.
    child.drop()
    host.flush()
    const fault = { signal: 11, code: 2, address: START, error: -1 }
    const threads = [noneUnexplained(), noneUnexplained()] as const
    for (const last of threads) assert.equal(task.space.fault(fault, last), undefined)
    for (const last of threads) assert.equal(task.space.fault(fault, last)?.code, 2, 'it is the same again')
  })

  test('of another kind is given on as it is', () => {
    const { task } = guest()
    const division = { signal: 8, code: 1, address: 77, error: -1 }
    assert.deepEqual(task.space.fault(division, noneUnexplained()), division)
    const general = { signal: 11, code: 128, address: 0, error: -1 }
    assert.deepEqual(task.space.fault(general, noneUnexplained()), general)
  })

  test('without memory is SIGBUS', () => {
    const { platform, world } = testWorld(1024 * 1024)
    const task = new MemoryTask(world)
    const one = new Guest(platform, task.space)
    task.call('mmap', START, 200 * PAGE, 3, ANONYMOUS, -1, 0)
    task.call('mmap', START + 300 * PAGE, 200 * PAGE, 3, ANONYMOUS | 0x4000, -1, 0)
    assert.equal(one.signal(START + 300 * PAGE), 'SIGBUS 2')
  })
})

describe('what is very large', () => {
  test('is mapped without pages, and gets them where it is touched', () => {
    const { world, task, guest: one } = guest()
    const terabyte = 2 ** 40
    assert.equal(task.call('mmap', START, terabyte, 3, ANONYMOUS | 0x4000, -1, 0), START)
    assert.equal(world.world.pagesInUse, 0)
    one.write(START + terabyte / 2, 5)
    assert.equal(one.read(START + terabyte / 2), 5)
    assert.equal(world.world.pagesInUse, 8192)
    task.call('munmap', START, terabyte)
    assert.equal(world.world.pagesInUse, 0)
  })
})
