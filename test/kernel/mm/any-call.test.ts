/**
 * Calls about memory with any arguments: none throws, and after each of them the areas, the pages
 * and what the host has mapped agree.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FilePages } from '#glassbox/kernel/mm/files/file-pages.js'
import { type PageSpace, testWorld } from '../../support/kernel/memory-platform.js'
import { MemoryTask } from '../../support/kernel/memory-task.js'

const PAGE = 4096
const BASE = 0x10_0000_0000
const O_RDWR = 2

const address = fc.oneof(
  { weight: 12, arbitrary: fc.nat(24).map(page => BASE + page * PAGE) },
  fc.constantFrom(0, 1, -1, -4096, 4096, 0x10000, BASE + 7, 2 ** 47 - 8192, 2 ** 47, 2 ** 62, -(2 ** 63)),
)
const length = fc.oneof(
  { weight: 12, arbitrary: fc.nat(12).map(pages => pages * PAGE) },
  fc.constantFrom(0, 1, 4095, 4097, -1, -4096, 2 ** 31, 2 ** 40, 2 ** 47, 2 ** 62),
)
const bits = fc.oneof({ weight: 6, arbitrary: fc.nat(7) }, fc.integer())
const mapFlags = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(0x22, 0x21, 0x32, 0x31, 0x12, 0x11, 0x4022, 0x4032, 0x132, 0x8022),
  },
  fc.integer(),
)
const fd = fc.constantFrom(-1, 3, 3, 4, 5)
const advice = fc.oneof({ weight: 6, arbitrary: fc.nat(25) }, fc.integer())

const call = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('mmap'), address, length, bits, mapFlags, fd, length) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('munmap'), address, length) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('mprotect'), address, length, bits) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('mremap'), address, length, length, bits, address) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('madvise'), address, length, advice) },
  fc.tuple(fc.constant('brk'), address),
  fc.tuple(fc.constantFrom('mlock', 'munlock'), address, length),
  fc.tuple(fc.constant('mlock2'), address, length, bits),
  fc.tuple(fc.constantFrom('mlockall', 'munlockall'), bits),
  fc.tuple(fc.constant('msync'), address, length, bits),
  fc.tuple(fc.constant('mincore'), address, length, address),
  fc.tuple(fc.constant('membarrier'), fc.integer(), bits),
  fc.tuple(fc.constantFrom('pkey_alloc', 'pkey_free'), bits, bits),
  fc.tuple(fc.constant('process_vm_readv'), bits, address, bits, address, bits, bits),
  fc.tuple(fc.constantFrom('cut', 'grow', 'write'), address, length),
)

function agree(task: MemoryTask): void {
  const { space } = task
  const host = space.space as PageSpace
  host.flush()
  let end = 0
  let total = 0
  let locked = 0
  let mapped = 0
  for (const area of space.areas.all) {
    assert.ok(area.start >= end && area.end > area.start && area.start % PAGE === 0 && area.end % PAGE === 0)
    end = area.end
    total += area.pages
    if ((area.flags & 8) !== 0) locked += area.pages
    if (area.backing === undefined || area.protection === 0) assert.equal(area.hostProtection, -1)
    if (area.hostProtection < 0) continue
    mapped += area.pages
    for (let page = 0; page < area.pages; page++) {
      const shown = host.pages.get(area.start / PAGE + page)
      const { backing, offset, hostProtection } = area
      assert.deepEqual(shown, { file: backing, offset: offset + page * PAGE, protection: hostProtection })
      if (area.owned) assert.ok(space.world.world.references(offset + page * PAGE) > 0)
    }
  }
  assert.deepEqual([space.totalPages, space.lockedPages, host.pages.size], [total, locked, mapped])
}

test('no call about memory throws, and nothing comes apart', () => {
  fc.assert(
    fc.property(fc.array(call, { minLength: 3, maxLength: 40 }), calls => {
      const { world } = testWorld(4 * 1024 * 1024)
      const task = new MemoryTask(world)
      task.space.program.heapStart = BASE + 30 * PAGE
      task.space.program.heapEnd = BASE + 30 * PAGE
      const file = new FilePages(world.world)
      const cached = new FilePages(world.cache, { load: (_offset, _target, _at, count) => count }, 9 * PAGE)
      file.resize(8 * PAGE + 5)
      task.open(3, file, O_RDWR)
      task.open(4, cached, 0)
      for (const [name, ...args] of calls) {
        if (name === 'cut' || name === 'grow') file.resize(Math.abs(args[1] ?? 0) % (16 * PAGE))
        else if (name === 'write')
          task.space.memory.write(args[0] ?? 0, new Uint8Array(3 * PAGE), 0, 3 * PAGE)
        else {
          const result = task.call(name, ...args)
          assert.ok(Number.isInteger(result), `${name} gives ${result}`)
        }
        agree(task)
      }
      task.space.drop()
      file.free()
      cached.free()
      assert.deepEqual([world.world.pagesInUse, world.cache.pagesInUse], [0, 0])
    }),
    { numRuns: 80 },
  )
})
