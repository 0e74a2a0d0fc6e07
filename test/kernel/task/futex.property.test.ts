/** The table of futexes against lists: who is woken, in which order, and who moves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AddressSpace } from '#glassbox/kernel/mm/address-space.js'
import { type FutexKey, FutexTable, Sleeper } from '#glassbox/kernel/task/futex/table.js'

const spaces = [undefined, {}, {}] as (AddressSpace | undefined)[]
const place = fc.record({ space: fc.nat(2), word: fc.nat(2) })
const step = fc.record({
  kind: fc.constantFrom('sleep', 'wake', 'move', 'leave'),
  from: place,
  to: place,
  count: fc.nat(4),
  bits: fc.integer({ min: 1, max: 7 }),
})

type Place = { space: number; word: number }
const keyOf = ({ space, word }: Place): FutexKey => ({ space: spaces[space], word })
const nameOf = ({ space, word }: Place): string => `${space}:${word}`

test('sleepers are woken oldest first, by their bits, and moved without being woken', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), steps => {
      const table = new FutexTable()
      const model = new Map<string, number[]>()
      const sleepers: Sleeper[] = []
      const woken: number[] = []
      const listAt = (at: Place): number[] => {
        const known = model.get(nameOf(at)) ?? []
        model.set(nameOf(at), known)
        return known
      }
      for (const { kind, from, to, count, bits } of steps) {
        const list = listAt(from)
        if (kind === 'sleep') {
          const id = sleepers.length
          const sleeper = new Sleeper({ woken: () => woken.push(id) }, bits)
          sleepers.push(sleeper)
          table.add(keyOf(from), sleeper)
          list.push(id)
        } else if (kind === 'wake') {
          const chosen = list.filter(id => ((sleepers[id]?.bitset ?? 0) & bits) !== 0).slice(0, count)
          woken.length = 0
          assert.equal(table.wake(keyOf(from), count, bits), chosen.length)
          assert.deepEqual(woken, chosen)
          model.set(
            nameOf(from),
            list.filter(id => !chosen.includes(id)),
          )
        } else if (kind === 'move') {
          const isSame = nameOf(from) === nameOf(to)
          const moved = isSame ? [] : list.splice(0, count)
          listAt(to).push(...moved)
          assert.equal(table.requeue(keyOf(from), keyOf(to), count), moved.length)
        } else {
          const id = list.shift()
          if (id !== undefined) sleepers[id]?.leave()
        }
        assert.equal(table.count(keyOf(from)), listAt(from).length)
      }
    }),
  )
})
