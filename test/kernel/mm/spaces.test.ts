/**
 * Address spaces against a model: processes that map, write, fork, move and give memory back, both
 * as guests and through the kernel. A page of the model is one value.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PROT_READ, PROT_WRITE } from '#glassbox/linux/constants.js'
import { Guest, type MemoryPlatform, testWorld } from '../../support/kernel/memory-platform.js'
import { MemoryTask } from '../../support/kernel/memory-task.js'
import type { WorldMemory } from '#glassbox/kernel/mm/world-memory.js'

const PAGE = 4096
const BASE = 0x10_0000_0000
const PAGES = 32
const MAP_SHARED = 1
const MAP_PRIVATE = 2
const MAP_FIXED = 16
const MAP_ANONYMOUS = 32
const MADV_DONTNEED = 4
const MREMAP = 3
const MOST_PROCESSES = 4

interface Cell {
  value: number
  readonly shared: boolean
}

interface Page {
  protection: number
  cell: Cell
}

class Process {
  readonly task: MemoryTask
  readonly guest: Guest
  readonly pages: Map<number, Page>
  /** The child that it waits for: it is parked. */
  waitsFor: Process | undefined = undefined

  constructor(platform: MemoryPlatform, task: MemoryTask, pages: Map<number, Page>) {
    this.task = task
    this.guest = new Guest(platform, task.space)
    this.pages = pages
  }

  /** What has to happen before it runs again. */
  resume(): void {
    this.waitsFor = undefined
    this.task.space.settle()
  }
}

const action = fc.record({
  kind: fc.constantFrom(
    ...(['map', 'map', 'unmap', 'protect', 'write', 'write', 'write', 'kernel', 'kernel'] as const),
    ...(['fork', 'fork', 'exit', 'forget', 'move', 'exec'] as const),
  ),
  who: fc.nat(),
  page: fc.nat(PAGES - 1),
  count: fc.integer({ min: 1, max: 12 }),
  value: fc.integer({ min: 1, max: 255 }),
  option: fc.boolean(),
})

type Action = Parameters<Parameters<typeof action.map>[0]>[0]

class Model {
  readonly #platform: MemoryPlatform
  readonly #world: WorldMemory
  processes: Process[]

  constructor(platform: MemoryPlatform, world: WorldMemory) {
    this.#platform = platform
    this.#world = world
    this.processes = [new Process(platform, new MemoryTask(world), new Map())]
  }

  do(step: Action): void {
    const process = this.processes[step.who % this.processes.length] as Process
    process.resume()
    const from = step.page
    const to = Math.min(PAGES, from + step.count)
    const address = BASE + from * PAGE
    const length = (to - from) * PAGE
    const { task, pages } = process
    if (step.kind === 'map') {
      const type = step.option ? MAP_SHARED : MAP_PRIVATE
      const flags = MAP_FIXED | MAP_ANONYMOUS | type
      assert.equal(task.call('mmap', address, length, PROT_READ | PROT_WRITE, flags, -1, 0), address)
      for (let page = from; page < to; page++)
        pages.set(page, { protection: 3, cell: { value: 0, shared: step.option } })
    } else if (step.kind === 'unmap') {
      assert.equal(task.call('munmap', address, length), 0)
      for (let page = from; page < to; page++) pages.delete(page)
    } else if (step.kind === 'protect')
      this.#protect(process, from, to, step.value % 4 === 2 ? 3 : step.value % 4)
    else if (step.kind === 'write') this.#write(process, from, step.value)
    else if (step.kind === 'kernel') this.#writeByKernel(process, from, to, step.value)
    else if (step.kind === 'fork') this.#fork(process, step.option)
    else if (step.kind === 'forget') {
      const isMapped = this.#all(process, from, to).length === to - from
      assert.equal(task.outcome('madvise', address, length, MADV_DONTNEED), isMapped ? 'ok' : 'ENOMEM')
      for (const page of this.#all(process, from, to)) if (!page.cell.shared) page.cell.value = 0
    } else if (step.kind === 'move') this.#move(process, from, to, step.value % PAGES)
    else if (step.kind === 'exec') this.#exec(process)
    else if (this.processes.length > 1) this.#leave(process)
  }

  #all(process: Process, from: number, to: number): Page[] {
    const list = Array.from({ length: to - from }, (_, i) => process.pages.get(from + i))
    return list.filter(page => page !== undefined)
  }

  #protect(process: Process, from: number, to: number, protection: number): void {
    const { task, pages } = process
    let result = 'ok'
    for (let page = from; page < to && result === 'ok'; page++) {
      const found = pages.get(page)
      if (found === undefined) result = 'ENOMEM'
      else found.protection = protection
    }
    const length = (to - from) * PAGE
    assert.equal(task.outcome('mprotect', BASE + from * PAGE, length, protection), result)
  }

  #write({ guest, pages }: Process, page: number, value: number): void {
    const found = pages.get(page)
    const address = BASE + page * PAGE + 7
    const mayWrite = ((found?.protection ?? 0) & PROT_WRITE) !== 0
    const expected = found === undefined ? 'SIGSEGV 1' : mayWrite ? undefined : 'SIGSEGV 2'
    assert.equal(guest.signal(address, true), expected)
    if (found === undefined || !mayWrite) return
    guest.write(address, value)
    found.cell.value = value
  }

  /** One byte of each page, by one write that ends at the first page that refuses. */
  #writeByKernel({ task, pages }: Process, from: number, to: number, value: number): void {
    const bytes = new Uint8Array((to - from) * PAGE).fill(value)
    let good = from
    while (good < to && ((pages.get(good)?.protection ?? 0) & PROT_WRITE) !== 0) good++
    const result = task.space.memory.write(BASE + from * PAGE, bytes, 0, bytes.length)
    assert.equal(result, good === to ? 0 : -14)
    for (let page = from; page < good; page++) (pages.get(page) as Page).cell.value = value
  }

  #fork(parent: Process, putOff: boolean): void {
    if (this.processes.length >= MOST_PROCESSES) return
    const space = parent.task.space.fork(putOff)
    assert.ok(space)
    const pages = new Map<number, Page>()
    for (const [page, { protection, cell }] of parent.pages)
      pages.set(page, { protection, cell: cell.shared ? cell : { ...cell } })
    const child = new Process(this.#platform, new MemoryTask(this.#world, space), pages)
    if (putOff) parent.waitsFor = child
    this.processes.push(child)
  }

  #leave(process: Process): void {
    process.task.space.drop()
    this.processes = this.processes.filter(other => other !== process)
  }

  #exec(process: Process): void {
    const task = new MemoryTask(this.#world, process.task.space.exec())
    const index = this.processes.indexOf(process)
    this.processes[index] = new Process(this.#platform, task, new Map())
  }

  #move(process: Process, from: number, to: number, target: number): void {
    const { task, pages } = process
    const count = to - from
    const isApart = target + count <= from || to <= target
    const moving = this.#all(process, from, to)
    const [first] = moving
    const isOne = moving.every(
      page => page.protection === first?.protection && page.cell.shared === first.cell.shared,
    )
    if (!isApart || moving.length < count || !isOne || target + count > PAGES) return
    const result = task.call(
      'mremap',
      BASE + from * PAGE,
      count * PAGE,
      count * PAGE,
      MREMAP,
      BASE + target * PAGE,
    )
    assert.equal(result, BASE + target * PAGE)
    for (let i = 0; i < count; i++) pages.delete(from + i)
    for (let i = 0; i < count; i++) pages.set(target + i, moving[i] as Page)
  }

  /** What each process sees now. */
  check(): void {
    const one = new Uint8Array(1)
    for (const { task, guest, pages, waitsFor } of this.processes) {
      for (let page = 0; page < PAGES; page++) {
        const found = pages.get(page)
        const address = BASE + page * PAGE + 7
        const mayRead = (found?.protection ?? 0) !== 0
        const result = task.space.memory.read(address, one, 0, 1)
        assert.deepEqual(
          [page, result, one[0]],
          [page, mayRead ? 0 : -14, mayRead ? found?.cell.value : one[0]],
        )
        if (waitsFor === undefined && mayRead) assert.equal(guest.read(address), found?.cell.value)
      }
    }
  }
}

test('every process sees what it wrote and what it shares, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 5, maxLength: 60 }), steps => {
      const { platform, world } = testWorld()
      const model = new Model(platform, world)
      for (const step of steps) {
        model.do(step)
        model.check()
      }
      for (const process of model.processes) process.task.space.drop()
      assert.equal(world.world.pagesInUse, 0, 'all pages came back')
      assert.ok(platform.spaces.every(space => space.released))
    }),
    { numRuns: 40 },
  )
})
