/** Arguments out of memory and into it, and what is known of memory that cannot be read whole. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { read, type Reading } from '#glassbox/codec/read.js'
import { Bytes, Elements, NotWritten, Unreadable } from '#glassbox/codec/values.js'
import { write, type Writable } from '#glassbox/codec/write.js'
import { kinds } from '#glassbox/linux/generated/kinds.js'
import { Piece } from './support/memory.js'

const AT = 0x10000n

const reading = (memory: Piece, more: Partial<Reading> = {}): Reading => ({
  memory,
  args: [0n, 0n, 0n, 0n, 0n, 0n],
  result: 0n,
  limit: 4096,
  model: 64,
  ...more,
})

test('what is written for an argument is read from it', () => {
  const memory = new Piece(new Uint8Array(4096))
  const times = { it_interval: { tv_sec: 1, tv_nsec: 2 }, it_value: { tv_sec: 3, tv_nsec: 4 } }
  assert.ok(write(kinds().ptr_out_itimerspec as Writable, AT, times, memory))
  assert.deepEqual(read(kinds().ptr_out_itimerspec, AT, reading(memory)), times)
  write(kinds().path as Writable, AT, '/etc', memory)
  assert.deepEqual(
    read(kinds().path, AT, reading(memory)),
    new Bytes(Uint8Array.from(Buffer.from('/etc')), false),
  )
  const polls = [
    { fd: 3, events: 1, revents: 1 },
    { fd: 4, events: 4, revents: 0 },
  ]
  write(kinds().polls_in_1 as Writable, AT, polls, memory)
  assert.deepEqual(
    read(kinds().polls_in_1, AT, reading(memory, { args: [AT, 2n] })),
    new Elements(polls, 'all', AT + 16n),
  )
})

test('directory entries: any names, one behind the other', () => {
  const names = fc.array(
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map(name => name.map(byte => byte || 1)),
    {
      maxLength: 20,
    },
  )
  fc.assert(
    fc.property(names, list => {
      const memory = new Piece(new Uint8Array(4096))
      const entries = list.map((name, index) => ({ d_ino: index, d_off: index + 1, d_type: 8, d_name: name }))
      write(kinds().dents_out as Writable, AT, entries, memory)
      const length = entries.reduce((sum, { d_name: name }) => sum + 19 + name.length, 0)
      const value = read(kinds().dents_out, AT, reading(memory, { result: BigInt(length) }))
      assert.ok(value instanceof Elements)
      const found = value.items as readonly { readonly d_name: Uint8Array }[]
      assert.deepEqual(
        found.map(({ d_name: name }) => [...name]),
        list.map(name => [...name]),
      )
    }),
    { numRuns: 50 },
  )
})

test('memory that ends: half a text and half a struct are unreadable, a list keeps what it has', () => {
  const memory = new Piece(new Uint8Array(20).fill(65))
  assert.deepEqual(read(kinds().path, AT, reading(memory)), new Unreadable(AT))
  assert.deepEqual(read(kinds().ptr_out_stat, AT, reading(memory)), new Unreadable(AT))
  const list = read(kinds().polls_in_1, AT, reading(memory, { args: [AT, 2n ** 32n - 1n] }))
  assert.ok(list instanceof Elements)
  assert.deepEqual([list.items.length, list.end, list.at], [2, 'unreadable', AT + 16n])
})

test('NULL, and an output that the kernel did not write', () => {
  const memory = new Piece(new Uint8Array(200))
  assert.equal(read(kinds().path, 0n, reading(memory)), null)
  assert.deepEqual(read(kinds().ptr_out_stat, AT, reading(memory, { result: -2n })), new NotWritten(AT))
  assert.deepEqual(read(kinds().ptr_out_stat, AT, reading(memory, { result: undefined })), new NotWritten(AT))
})

test('the size that a call gives is the size that is read', () => {
  const memory = new Piece(new Uint8Array(64))
  const args = [AT, 64n]
  const value = read(kinds().cloneargs_inout, AT, reading(memory, { args }))
  assert.deepEqual(Object.keys(value as object).at(-1), 'tls')
  // sched_setattr(2): the struct has its own size, which is 48 if it says 0.
  const attributes = new Piece(new Uint8Array(48))
  const found = read(kinds().sized_in_sched_attr, AT, reading(attributes)) as Record<string, unknown>
  assert.ok('sched_period' in found && !('sched_util_min' in found))
})

test('lengths of 2^63 and lists that point to themselves take bounded time', () => {
  const bytes = new Uint8Array(4096)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < 4096; at += 8) view.setBigUint64(at, at % 16 === 0 ? AT : 2n ** 63n, true)
  const memory = new Piece(bytes)
  const args = [AT, AT, 2n ** 63n, 2n ** 63n, 2n ** 63n, AT]
  for (const kind of Object.values(kinds())) read(kind, AT, reading(memory, { args, limit: 64 }))
})
