/** What fork(2) costs: faults, changes of mappings, and memory that comes back. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileOf, Guest, type PageSpace, testWorld } from '../../support/kernel/memory-platform.js'
import { MemoryTask } from '../../support/kernel/memory-task.js'

const PAGE = 4096
const START = 0x10_0000_0000
const ANONYMOUS = 0x32 // private, fixed
const SHARED = 0x31
const FILE = 0x12 // private, fixed

/** A shell: a heap of 400 pages, of which it and its children write some again and again. */
function shell(): ReturnType<typeof testWorld> & { task: MemoryTask; guest: Guest } {
  const both = testWorld()
  const task = new MemoryTask(both.world)
  task.call('mmap', START, 400 * PAGE, 3, ANONYMOUS, -1, 0)
  const guest = new Guest(both.platform, task.space)
  for (let page = 0; page < 400; page++) guest.write(START + page * PAGE, 1)
  return { ...both, task, guest }
}

const WRITTEN = [3, 4, 70, 71, 200, 399]

describe('fork', () => {
  test('after the second round a child that writes the same pages does not fault', () => {
    const { platform, task, guest } = shell()
    const faults: number[] = []
    for (let round = 0; round < 4; round++) {
      const space = task.space.fork(true)
      assert.ok(space)
      const child = new Guest(platform, space)
      for (const page of WRITTEN) child.write(START + page * PAGE, round)
      space.drop()
      task.space.settle()
      const before = guest.faults
      for (const page of WRITTEN) guest.write(START + page * PAGE, 2)
      faults.push(child.faults + guest.faults - before)
    }
    assert.deepEqual(faults, [6, 0, 0, 0])
  })

  test('a parent that waited for its child changes no mapping', () => {
    const { task } = shell()
    const host = task.space.space as PageSpace
    host.flush()
    const before = host.operations
    for (let round = 0; round < 3; round++) {
      const child = task.space.fork(true)
      child?.drop()
      task.space.settle()
    }
    host.flush()
    assert.equal(host.operations - before, 0)
    assert.equal(task.space.areas.all.length, 1)
  })

  test('a parent that goes on while its child lives cannot write what they share', () => {
    const { platform, task, guest } = shell()
    const space = task.space.fork(true)
    assert.ok(space)
    const child = new Guest(platform, space)
    task.space.settle()
    guest.write(START, 9)
    assert.deepEqual([guest.read(START), child.read(START)], [9, 1])
    child.write(START + PAGE, 8)
    assert.deepEqual([guest.read(START + PAGE), child.read(START + PAGE)], [1, 8])
    space.drop()
    const before = guest.faults
    for (let page = 0; page < 400; page++) guest.write(START + page * PAGE, 3)
    assert.equal(guest.faults - before, 0, 'it got its pages back in one batch')
  })

  test('copies of the child go, and shared memory stays', () => {
    const { world, task } = shell()
    task.call('mmap', START + 500 * PAGE, 20 * PAGE, 3, SHARED, -1, 0)
    const before = world.world.pagesInUse
    for (let round = 0; round < 50; round++) {
      const child = task.space.fork(round % 2 === 0)
      child?.memory.write(START + round * PAGE, new Uint8Array(3 * PAGE), 0, 3 * PAGE)
      child?.memory.writeInt32(START + 500 * PAGE, round)
      child?.drop()
      task.space.settle()
    }
    assert.equal(world.world.pagesInUse, before)
    assert.equal(task.space.memory.readInt32(START + 500 * PAGE), 49)
  })

  test('600 children and programs leave the memory file as it was', () => {
    const { world, task } = shell()
    for (let round = 0; round < 600; round++) {
      const child = task.space.fork(true)
      child?.memory.writeInt32(START + (round % 400) * PAGE, round)
      const program = new MemoryTask(world, child?.exec())
      program.call('mmap', START, 30 * PAGE, 3, ANONYMOUS, -1, 0)
      program.space.memory.writeInt32(START, 1)
      program.space.drop()
      task.space.settle()
      if (round === 100) world.world.tidy()
    }
    assert.ok(world.world.pagesEver < 1200, `${world.world.pagesEver} pages`)
    assert.ok(task.space.areas.all.length < 4)
  })

  test('without memory for a copy, the child is not made, and nothing is lost', () => {
    const { platform, world } = testWorld(2 * 1024 * 1024)
    const task = new MemoryTask(world)
    for (let area = 0; area < 60; area++)
      task.call('mmap', START + area * 10 * PAGE, 8 * PAGE, 3, ANONYMOUS, -1, 0)
    assert.equal(task.space.fork(false), undefined)
    assert.equal(platform.spaces.length, 2)
    assert.ok(platform.spaces[1]?.released)
    assert.equal(world.world.pagesInUse, 480)
  })

  test('MADV_DONTFORK and MADV_WIPEONFORK are kept', () => {
    const { platform, task } = shell()
    assert.equal(task.call('madvise', START, PAGE, 10), 0)
    assert.equal(task.call('madvise', START + PAGE, PAGE, 18), 0)
    const space = task.space.fork(false)
    assert.ok(space)
    const child = new Guest(platform, space)
    assert.equal(child.signal(START), 'SIGSEGV 1')
    assert.deepEqual([child.read(START + PAGE), child.read(START + 2 * PAGE)], [0, 1])
  })

  test('a child sees what it only reads of a file at its first fault; the next one has it at once', () => {
    const { platform, world, task } = shell()
    const { mappable } = fileOf(world, new Uint8Array(8 * PAGE).fill(7), '/locale')
    task.open(3, mappable, 0)
    task.call('mmap', START + 1000 * PAGE, 8 * PAGE, 1, FILE, 3, 0)
    const faults: number[] = []
    for (let round = 0; round < 3; round++) {
      const space = task.space.fork(true)
      assert.ok(space)
      const child = new Guest(platform, space)
      assert.equal(child.read(START + 1000 * PAGE + 5), 7)
      assert.equal(child.signal(START + 1008 * PAGE), 'SIGSEGV 1')
      faults.push(child.faults)
      space.drop()
      task.space.settle()
    }
    assert.equal((faults[0] ?? 0) - (faults[1] ?? 0), 1)
    assert.equal(faults[2], faults[1])
  })

  test('what a child did not read yet can still be unmapped, protected and moved', () => {
    const { platform, world, task } = shell()
    const { mappable } = fileOf(world, new Uint8Array(8 * PAGE).fill(7), '/locale')
    task.open(3, mappable, 0)
    const place = START + 1000 * PAGE
    task.call('mmap', place, 8 * PAGE, 1, FILE, 3, 0)
    const space = task.space.fork(true)
    assert.ok(space)
    const calls = new MemoryTask(world, space)
    const child = new Guest(platform, space)
    assert.equal(calls.call('munmap', place, PAGE), 0)
    assert.equal(child.signal(place), 'SIGSEGV 1')
    assert.equal(calls.call('mprotect', place + PAGE, PAGE, 0), 0)
    assert.equal(child.signal(place + PAGE), 'SIGSEGV 2')
    assert.equal(calls.call('mprotect', place + 2 * PAGE, PAGE, 3), 0)
    child.write(place + 2 * PAGE, 9)
    assert.deepEqual([child.read(place + 2 * PAGE), child.read(place + 3 * PAGE)], [9, 7])
    const target = START + 2000 * PAGE
    assert.equal(calls.call('mremap', place + 4 * PAGE, PAGE, PAGE, 3, target), target)
    assert.deepEqual([child.read(target), child.signal(place + 4 * PAGE)], [7, 'SIGSEGV 1'])
  })

  test('short areas that a child writes are copied as one, and stay its own', () => {
    const { platform, world } = testWorld()
    const task = new MemoryTask(world)
    task.call('mmap', START, 40 * PAGE, 3, ANONYMOUS, -1, 0)
    const guest = new Guest(platform, task.space)
    for (let page = 0; page < 40; page++) guest.write(START + page * PAGE, page)
    let areas = 0
    for (let round = 0; round < 4; round++) {
      const space = task.space.fork(false)
      assert.ok(space)
      areas = space.areas.all.length
      const child = new Guest(platform, space)
      for (const page of [1, 9, 17, 25]) child.write(START + page * PAGE, 200 + round)
      for (const page of [1, 30]) guest.write(START + page * PAGE, 100 + round)
      const pages = [1, 9, 30].map(page => START + page * PAGE)
      assert.deepEqual(
        pages.map(at => child.read(at)),
        [200 + round, 200 + round, round === 0 ? 30 : 99 + round],
      )
      assert.deepEqual(
        pages.map(at => guest.read(at)),
        [100 + round, 9, 100 + round],
      )
      space.drop()
      task.space.settle()
    }
    assert.equal(areas, 1)
    assert.equal(world.world.pagesInUse, 40)
  })
})
