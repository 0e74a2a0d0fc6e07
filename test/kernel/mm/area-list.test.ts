/** Areas of an address space against a model that knows each page. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Area } from '#glassbox/kernel/mm/areas/area.js'
import { AreaList } from '#glassbox/kernel/mm/areas/area-list.js'

const PAGE = 4096
const PAGES = 40

const change = fc.record({
  kind: fc.constantFrom('insert' as const, 'remove' as const, 'split' as const, 'join' as const),
  from: fc.integer({ min: 0, max: PAGES - 1 }),
  count: fc.integer({ min: 1, max: 10 }),
  protection: fc.integer({ min: 0, max: 2 }),
})

function made(from: number, to: number, protection: number): Area {
  const area = new Area(from * PAGE, to * PAGE, protection, 0)
  area.backing = 'world'
  area.offset = from * PAGE
  return area
}

for (const inBlock of [1, 2, 3, 512])
  test(`in blocks of ${inBlock}, what is found, covered and free is what a table of pages says`, () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 80 }), changes => {
        const list = new AreaList(inBlock)
        const model = new Map<number, number>()
        for (const { kind, from, count, protection } of changes) {
          const to = Math.min(PAGES, from + count)
          if (kind === 'split') list.split(from * PAGE)
          else if (kind === 'join') list.join(from * PAGE, to * PAGE, () => undefined)
          else {
            list.split(from * PAGE)
            list.split(to * PAGE)
            list.remove(from * PAGE, to * PAGE)
            for (let page = from; page < to; page++) model.delete(page)
            if (kind === 'insert') {
              list.insert(made(from, to, protection))
              for (let page = from; page < to; page++) model.set(page, protection)
            }
          }
          compare(list, model)
        }
        list.join(0, PAGES * PAGE, () => undefined)
        compare(list, model)
        const borders = [...list.all].filter((area, i) => {
          const next = list.all[i + 1]
          return next !== undefined && area.isContinuedBy(next)
        })
        assert.deepEqual(borders, [], 'all neighbours that belong together are joined')
      }),
      { numRuns: 200 },
    )
  })

function compare(list: AreaList, model: ReadonlyMap<number, number>): void {
  for (let page = 0; page < PAGES; page++) {
    const area = list.find(page * PAGE + 5)
    assert.equal(area?.protection, model.get(page))
    if (area) assert.equal(area.offset + page * PAGE - area.start, page * PAGE)
  }
  assert.equal(list.all.length, list.count)
  assert.deepEqual(list.within(0, PAGES * PAGE), list.all)
  assert.deepEqual(
    list.all.map(({ start }) => start),
    list.all.map(({ start }) => start).sort((a, b) => a - b),
  )
  for (const length of [1, 3, 7]) {
    const gap = list.gapBelow(PAGES * PAGE, 0, length * PAGE, () => 0)
    assert.equal(gap / PAGE, highestGap(model, length) < 0 ? -1 / PAGE : highestGap(model, length))
  }
  for (const [from, to] of [
    [3, 9],
    [0, PAGES],
    [20, 21],
  ] as const) {
    const pages = Array.from({ length: to - from }, (_, i) => model.has(from + i))
    assert.equal(list.covers(from * PAGE, to * PAGE), pages.every(Boolean))
    assert.equal(list.occupied(from * PAGE, to * PAGE), pages.some(Boolean))
  }
}

function highestGap(model: ReadonlyMap<number, number>, length: number): number {
  for (let start = PAGES - length; start >= 0; start--) {
    const pages = Array.from({ length }, (_, i) => model.has(start + i))
    if (!pages.some(Boolean)) return start
  }
  return -1
}
