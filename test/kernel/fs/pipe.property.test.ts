/** Pipes against a list of bytes: what is written is read in order, small writes whole or not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ArrayTransfer } from '#glassbox/kernel/fs/array-transfer.js'
import { newPipe } from '#glassbox/kernel/fs/pipe/make.js'
import { EAGAIN, EPIPE } from '#glassbox/linux/errno-numbers.js'

const step = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), size: fc.integer({ min: 1, max: 9000 }) }),
  fc.record({ kind: fc.constant('read' as const), size: fc.integer({ min: 1, max: 9000 }) }),
  fc.record({ kind: fc.constant('resize' as const), size: fc.integer({ min: 1, max: 70_000 }) }),
)

const open = (): ReturnType<typeof newPipe> => newPipe(0, { uid: 0, gid: 0 }, { seconds: 0, nanoseconds: 0 })

test('a pipe is a queue of bytes, and a write of at most 4096 bytes is never split', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const { reader, writer } = open()
      let model: number[] = []
      let next = 0
      for (const { kind, size } of steps) {
        const { capacity } = reader.pipe
        if (kind === 'resize') {
          const fits = reader.pipe.resize(size)
          assert.ok(fits ? reader.pipe.capacity >= size : model.length > size - 1)
        } else if (kind === 'write') {
          const bytes = Uint8Array.from({ length: size }, (_, i) => (next + i) % 251)
          const room = capacity - model.length
          const expected =
            size <= 4096 ? (room < size ? -EAGAIN : size) : room === 0 ? -EAGAIN : Math.min(size, room)
          assert.equal(writer.write(new ArrayTransfer(bytes)), expected)
          if (expected > 0) {
            model.push(...bytes.subarray(0, expected))
            next += expected
          }
        } else {
          const target = new Uint8Array(size)
          const expected = model.length === 0 ? -EAGAIN : Math.min(size, model.length)
          assert.equal(reader.read(new ArrayTransfer(target)), expected)
          if (expected > 0) {
            assert.deepEqual([...target.subarray(0, expected)], model.slice(0, expected))
            model = model.slice(expected)
          }
        }
        assert.equal(reader.pipe.length, model.length)
      }
    }),
    { numRuns: 200 },
  )
})

test('without writers a pipe ends, without readers it is broken', () => {
  const { reader, writer } = open()
  writer.write(new ArrayTransfer(new Uint8Array(3)))
  writer.closed()
  assert.equal(reader.read(new ArrayTransfer(new Uint8Array(10))), 3)
  assert.equal(reader.read(new ArrayTransfer(new Uint8Array(10))), 0)
  const other = open()
  other.reader.closed()
  assert.equal(other.writer.write(new ArrayTransfer(new Uint8Array(1))), -EPIPE)
  assert.equal(other.writer.write(new ArrayTransfer(new Uint8Array(0))), 0)
})
