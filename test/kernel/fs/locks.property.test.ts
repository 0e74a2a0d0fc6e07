/** Record locks against an owner for each byte. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LockTable, waits, waitsNoMore, wouldDeadlock } from '#glassbox/kernel/fs/locks/file-locks.js'

const BYTES = 24
const OWNERS = [{ name: 'one' }, { name: 'two' }, { name: 'three' }]

const step = fc.record({
  owner: fc.integer({ min: 0, max: 2 }),
  kind: fc.constantFrom('read', 'write', 'unlock'),
  start: fc.integer({ min: 0, max: BYTES - 1 }),
  length: fc.integer({ min: 1, max: BYTES }),
})

test('locks of three owners are what a table of bytes says', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), steps => {
      const table = new LockTable()
      /** Of each owner and byte: 0 nothing, 1 shared, 2 exclusive. */
      const model = OWNERS.map(() => new Uint8Array(BYTES))
      for (const { owner: index, kind, start, length } of steps) {
        const owner = OWNERS[index] as object
        const end = Math.min(BYTES, start + length)
        const exclusive = kind === 'write'
        if (kind === 'unlock') {
          table.unlock(owner, { start, end })
          model[index]?.fill(0, start, end)
          continue
        }
        const isFree = model.every(
          (bytes, other) =>
            other === index ||
            bytes.subarray(start, end).every(held => held === 0 || (held === 1 && !exclusive)),
        )
        assert.equal(table.conflict(owner, exclusive, { start, end }) === undefined, isFree)
        if (!isFree) continue
        table.set({ owner, exclusive, start, end, pid: index })
        model[index]?.fill(exclusive ? 2 : 1, start, end)
      }
      const held = OWNERS.map(owner => {
        const bytes = new Uint8Array(BYTES)
        for (const lock of table.all)
          if (lock.owner === owner) bytes.fill(lock.exclusive ? 2 : 1, lock.start, lock.end)
        return bytes
      })
      assert.deepEqual(held, model)
    }),
    { numRuns: 300 },
  )
})

test('a circle of owners that wait for each other is found', () => {
  const [one, two, three] = OWNERS as [object, object, object]
  const lockOf = (owner: object) => ({ owner, exclusive: true, start: 0, end: 1, pid: 1 })
  waits(two, () => [lockOf(three)])
  assert.equal(wouldDeadlock(one, [lockOf(two)]), false)
  waits(three, () => [lockOf(one)])
  assert.equal(wouldDeadlock(one, [lockOf(two)]), true)
  waitsNoMore(two)
  waitsNoMore(three)
  assert.equal(wouldDeadlock(one, [lockOf(two)]), false)
})
