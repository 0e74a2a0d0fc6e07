/** The heap of timers against a sorted list. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TimerHeap } from '#glassbox/kernel/wait/timer-heap.js'
import type { Timer } from '#glassbox/kernel/wait/timers.js'

const step = fc.oneof(
  fc.record({ kind: fc.constant('add'), value: fc.nat(50) }),
  fc.record({ kind: fc.constant('cancel'), value: fc.nat(200) }),
  fc.record({ kind: fc.constant('run'), value: fc.nat(60) }),
)

test('timers run in the order in which they are due, and cancelled ones never', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), steps => {
      const heap = new TimerHeap()
      const made: Timer[] = []
      const ran: number[] = []
      let model: { id: number; due: number }[] = []
      for (const { kind, value } of steps) {
        if (kind === 'add') {
          const id = made.length
          made.push(heap.at(value, () => ran.push(id)))
          model.push({ id, due: value })
        } else if (kind === 'cancel') {
          made[value]?.cancel()
          model = model.filter(({ id }) => id !== value)
        } else {
          ran.length = 0
          heap.run(value)
          const due = model.filter(timer => timer.due <= value).sort((a, b) => a.due - b.due || a.id - b.id)
          assert.deepEqual(
            ran,
            due.map(({ id }) => id),
          )
          model = model.filter(timer => timer.due > value)
        }
        assert.equal(heap.nextNs(), Math.min(Infinity, ...model.map(({ due }) => due)))
      }
    }),
  )
})

test('a timer that an action adds is run at the next call', () => {
  const heap = new TimerHeap()
  let count = 0
  const again = (): void => {
    count++
    heap.at(0, again)
  }
  heap.at(0, again)
  heap.run(10)
  heap.run(10)
  assert.equal(count, 2)
})
