/** The allocator of pages: against a simple model, and at its limits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NO_PAGES, PageAllocator } from '#glassbox/kernel/mm/pages/page-allocator.js'
import { ArrayMemory } from '../../support/kernel/memory-platform.js'

const PAGE = 4096

function allocator(pages = 256, chunkPages = 64): { memory: ArrayMemory; pages: PageAllocator } {
  const memory = new ArrayMemory(pages * PAGE, chunkPages * PAGE)
  return { memory, pages: new PageAllocator('world', memory) }
}

/** Writes something into each page, as a guest does behind the allocator's back. */
function scribble(memory: ArrayMemory, offset: number, count: number): void {
  for (let page = 0; page < count; page++) {
    const at = offset + page * PAGE
    memory.present.add(at / PAGE)
    memory.chunk(at).bytes[at % memory.chunkSize] = 255
  }
}

const step = fc.oneof(
  fc.record({
    kind: fc.constant('take' as const),
    pages: fc.integer({ min: 1, max: 40 }),
    zero: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('share' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('release' as const), pick: fc.nat(), from: fc.nat(), count: fc.nat() }),
  fc.record({ kind: fc.constant('tidy' as const) }),
)

test('pages in use never overlap, zero pages are zero, and freed ones come back', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const { memory, pages } = allocator()
      /** References by page, of pages in use. */
      const model = new Map<number, number>()
      for (const action of steps) {
        const used = [...model.keys()]
        if (action.kind === 'tidy') pages.tidy()
        else if (action.kind === 'take') {
          const offset = pages.allocate(action.pages, action.zero ? 'zero' : 'any')
          if (offset === NO_PAGES) continue
          for (let page = offset / PAGE; page < offset / PAGE + action.pages; page++) {
            assert.ok(page > 0 && page < 256 && !model.has(page), `page ${page} was free`)
            if (action.zero)
              assert.equal(memory.chunk(page * PAGE).bytes[(page * PAGE) % memory.chunkSize], 0)
            model.set(page, 1)
          }
          scribble(memory, offset, action.pages)
        } else if (used.length > 0) {
          const page = used[action.pick % used.length] as number
          const count = model.get(page) as number
          if (action.kind === 'share') {
            pages.share(page * PAGE, 1)
            model.set(page, count + 1)
          } else {
            pages.release(page * PAGE, 1)
            if (count > 1) model.set(page, count - 1)
            else model.delete(page)
          }
        }
        assert.equal(pages.pagesInUse, model.size)
      }
      for (const [page, count] of model) assert.equal(pages.references(page * PAGE), count)
      for (const [page, count] of model) for (let i = 0; i < count; i++) pages.release(page * PAGE, 1)
      pages.tidy()
      assert.deepEqual([pages.pagesInUse, memory.usage()], [0, 0])
    }),
    { numRuns: 150 },
  )
})

test('no page beyond the end of the file is given out', () => {
  const { pages } = allocator(64, 64)
  assert.notEqual(pages.allocate(60, 'zero'), NO_PAGES)
  assert.equal(pages.allocate(4, 'zero'), NO_PAGES)
  assert.notEqual(pages.allocate(3, 'any'), NO_PAGES)
  assert.equal(pages.allocate(1, 'any'), NO_PAGES)
})

test('a run follows its neighbour where that is free', () => {
  const { pages } = allocator()
  const first = pages.allocate(3, 'zero')
  assert.equal(pages.allocate(2, 'zero', first + 3 * PAGE), first + 3 * PAGE)
  pages.release(first + 3 * PAGE, 2)
  pages.tidy()
  assert.equal(pages.allocate(1, 'zero', first + 3 * PAGE), first + 3 * PAGE)
})

test('a host without memory is told from one with it, and nothing is touched', () => {
  const { memory, pages } = allocator()
  memory.room = 2
  const offset = pages.allocate(4, 'zero')
  assert.equal(pages.ensure(offset, 2 * PAGE), true)
  assert.equal(pages.ensure(offset, 4 * PAGE), false)
})

test('many takings and givings back do not make the file longer', () => {
  const { memory, pages } = allocator(4096, 1024)
  for (let round = 0; round < 1000; round++) {
    const taken = [1, 3, 8, 20, 64].map(count => [pages.allocate(count, 'zero'), count] as const)
    for (const [offset, count] of taken) scribble(memory, offset, count)
    for (const [offset, count] of taken) pages.release(offset, count)
  }
  assert.ok(pages.pagesEver < 1500, `${pages.pagesEver} pages`)
})

test('what pages in use hold is told before they go back to the host, free pages apart', () => {
  const { memory, pages } = allocator(4096, 4096)
  const told: number[] = []
  pages.onShrink = freeBytes => told.push((memory.usage() - freeBytes) / PAGE)
  const take = (count: number): number => {
    const offset = pages.allocate(count, 'zero')
    scribble(memory, offset, count)
    return offset
  }
  const small = take(500)
  const kept = take(10)
  const large = take(2000)
  pages.release(small, 500)
  assert.deepEqual(told, [], 'free pages are kept')
  pages.release(large, 2000)
  assert.deepEqual([told, memory.usage() / PAGE], [[2010], 10])
  pages.discard(kept, 10)
  assert.deepEqual([told, memory.usage()], [[2010, 10], 0])
})
