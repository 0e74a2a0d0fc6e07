/** The pages of a file: reading, writing, truncating and punching against an array of bytes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ArrayTransfer } from '#glassbox/kernel/fs/array-transfer.js'
import { FilePages } from '#glassbox/kernel/mm/files/file-pages.js'
import { testWorld } from '../../support/kernel/memory-platform.js'

const MOST = 40_000

const change = fc.record({
  kind: fc.constantFrom('write' as const, 'resize' as const, 'punch' as const, 'reserve' as const),
  at: fc.nat(MOST),
  length: fc.nat(9000),
  value: fc.integer({ min: 1, max: 255 }),
})

type Bytes = Uint8Array<ArrayBuffer>

function resized(bytes: Bytes, size: number): Bytes {
  const result = new Uint8Array(size)
  result.set(bytes.subarray(0, size))
  return result
}

/** `make` gets the bytes that the host's file has now: its owner changes them before the pages. */
function sameAsModel(make: (host: () => Bytes) => FilePages, initial: Bytes): void {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 25 }), changes => {
      let model = initial.slice()
      const pages = make(() => model)
      for (const { kind, at, length, value } of changes) {
        if (kind === 'write' && length > 0) {
          assert.equal(pages.write(new ArrayTransfer(new Uint8Array(length).fill(value)), at), length)
          model = resized(model, Math.max(model.length, at + length))
          model.fill(value, at, at + length)
        } else if (kind === 'resize') {
          model = resized(model, at)
          pages.resize(at)
        } else if (kind === 'punch' && at < model.length) {
          model.fill(0, at, at + length)
          pages.punch(at, length)
        } else if (kind === 'reserve') assert.equal(pages.reserve(at, length), 0)
        const read = new Uint8Array(model.length + 10)
        assert.equal(pages.read(new ArrayTransfer(read), 0), model.length)
        assert.deepEqual(Buffer.from(read.subarray(0, model.length)), Buffer.from(model))
        const part = new Uint8Array(500)
        const expected = model.subarray(at, at + 500)
        assert.equal(pages.read(new ArrayTransfer(part), at), expected.length)
        assert.deepEqual(Buffer.from(part.subarray(0, expected.length)), Buffer.from(expected))
      }
      pages.free()
      assert.equal(pages.pages, 0)
    }),
    { numRuns: 60 },
  )
}

describe('the pages of a file', () => {
  test('are what was written, for a file in memory', () => {
    const { world } = testWorld()
    sameAsModel(() => new FilePages(world.world), new Uint8Array(0))
    assert.equal(world.world.pagesInUse, 0)
  })

  test('are what the host has and what was written over it, for a file of the host', () => {
    const { world } = testWorld()
    const initial = new Uint8Array(20_000).map((_, i) => i % 251)
    sameAsModel(host => {
      const load = (offset: number, target: Uint8Array, at: number, length: number): number => {
        const part = host().subarray(offset, offset + length)
        target.set(part, at)
        return part.length
      }
      return new FilePages(world.world, { load }, host().length)
    }, initial)
    assert.equal(world.world.pagesInUse, 0)
  })

  test('of a large file are loaded in pieces, and lie side by side', () => {
    const { world } = testWorld()
    const loads: number[] = []
    const load = (offset: number, target: Uint8Array, at: number, length: number): number => {
      loads.push(offset)
      target.fill(offset / 65_536, at, at + length)
      return length
    }
    const pages = new FilePages(world.cache, { load }, 3 * 1024 * 1024)
    assert.ok(pages.page(200_000 - (200_000 % 4096)) > 0)
    assert.deepEqual(loads, [0])
    assert.equal(pages.pageRun(196_608, 100), 16)
    assert.equal(pages.pageRun(262_144, 100), 0)
    pages.page(262_144)
    assert.equal(pages.pageRun(196_608, 100), 80)
    assert.equal(pages.evict(), 128)
    assert.equal(world.cache.pagesInUse, 0)
  })

  test('are written back, and a failure of that is an errno', () => {
    const { world } = testWorld()
    const stored: number[] = []
    let answer = 0
    const source = {
      load: () => 0,
      store: (offset: number, _bytes: Uint8Array, _at: number, length: number): number => {
        stored.push(offset, length)
        return answer
      },
    }
    const pages = new FilePages(world.world, source, 0)
    assert.equal(pages.write(new ArrayTransfer(new Uint8Array(5000)), 10), 5000)
    assert.deepEqual(stored, [10, 4086, 4096, 914])
    answer = -28
    assert.equal(pages.write(new ArrayTransfer(new Uint8Array(10)), 0), -28)
  })

  test('that cannot be loaded are an errno, and leave nothing behind', () => {
    const { world } = testWorld()
    const pages = new FilePages(world.cache, { load: () => -5 }, 10_000)
    assert.equal(pages.page(0), -5)
    assert.equal(pages.pageRun(0, 3), 0)
    assert.equal(pages.read(new ArrayTransfer(new Uint8Array(10)), 0), -5)
  })
})
