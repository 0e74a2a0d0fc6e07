/** Reading and writing guest memory across pages, areas and their ends. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Transfer } from '#glassbox/kernel/mm/transfer.js'
import { testWorld } from '../../support/kernel/memory-platform.js'
import { MemoryTask } from '../../support/kernel/memory-task.js'

const PAGE = 4096
const START = 0x10_0000_0000
const ANONYMOUS = 0x32
const EFAULT = -14
const EINVAL = -22
const ENAMETOOLONG = -36

/** Three pages whose contents are not side by side, then nothing. */
function memory(): MemoryTask['space']['memory'] {
  const task = new MemoryTask(testWorld().world)
  for (const page of [2, 0, 1]) {
    task.call('mmap', START + page * PAGE, PAGE, 3, ANONYMOUS, -1, 0)
    task.call('mmap', START + (10 + page) * PAGE, 3 * PAGE, 3, ANONYMOUS, -1, 0)
  }
  return task.space.memory
}

const numbers = (count: number): Uint8Array => new Uint8Array(count).map((_, i) => (i * 7) % 251)

describe('guest memory', () => {
  test('is one for ranges that cross pages, long and short', () => {
    const user = memory()
    for (const [at, length] of [
      [PAGE - 3, 9],
      [100, 2 * PAGE],
      [0, 3 * PAGE],
      [5, 0],
      [PAGE, 33],
    ] as const) {
      const bytes = numbers(length + 4)
      assert.equal(user.write(START + at, bytes, 4, length), 0)
      const read = new Uint8Array(length + 2)
      assert.equal(user.read(START + at, read, 2, length), 0)
      assert.deepEqual(read.subarray(2), bytes.subarray(4))
    }
  })

  test('ends where the mapping ends', () => {
    const user = memory()
    const bytes = numbers(3 * PAGE)
    assert.equal(user.write(START + PAGE, bytes, 0, 3 * PAGE), EFAULT)
    assert.equal(user.copied, 2 * PAGE, 'what was there was written')
    assert.equal(user.read(START + 2 * PAGE, bytes, 0, PAGE + 1), EFAULT)
    for (const address of [0, -1, -4096, 2 ** 47, 2 ** 53, START - 1])
      assert.equal(user.read(address, bytes, 0, 1), EFAULT)
  })

  test('holds words at any address', () => {
    const user = memory()
    for (const at of [0, 1, PAGE - 4, PAGE - 3, PAGE - 2, PAGE - 1, 2 * PAGE - 7]) {
      for (const value of [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]) {
        assert.equal(user.writeInt32(START + at, value), 0)
        assert.equal(user.readInt32(START + at), value)
        assert.equal(user.readUint32(START + at), value >>> 0)
      }
      for (const value of [0, 1, -1, 2 ** 52 + 1, -(2 ** 52) - 1, 4_294_967_295, -4_294_967_296]) {
        assert.equal(user.writeInt64(START + at, value), 0)
        assert.equal(user.readInt64(START + at), value)
      }
    }
    assert.equal(user.writeInt64(START + 3 * PAGE - 4, 1), EFAULT)
    assert.equal(user.writeInt32(START + 3 * PAGE, 1), EFAULT)
    assert.ok(Number.isNaN(user.readInt64(START + 3 * PAGE - 4)))
    assert.ok(Number.isNaN(user.readUint32(START + 3 * PAGE - 1)))
  })

  test('has strings that end, that do not, and that nobody may read', () => {
    const user = memory()
    const text = Buffer.from('a path that crosses a page\0')
    user.write(START + PAGE - 10, text, 0, text.length)
    const target = new Uint8Array(100)
    const length = user.readString(START + PAGE - 10, target)
    assert.equal(Buffer.from(target.subarray(0, length)).toString(), 'a path that crosses a page')
    assert.equal(user.readString(START + PAGE - 10, new Uint8Array(length)), ENAMETOOLONG)
    assert.equal(user.readString(START + PAGE - 10, new Uint8Array(length + 1)), length)
    user.write(START + 3 * PAGE - 2, Buffer.from('no'), 0, 2)
    assert.equal(user.readString(START + 3 * PAGE - 2, target), EFAULT)
    assert.equal(user.readString(START + 3 * PAGE - 2, new Uint8Array(2)), ENAMETOOLONG)
    assert.equal(user.readString(0, target), EFAULT)
  })

  test('gives words for Atomics, aligned ones only', () => {
    const user = memory()
    const word = user.word(START + 8, true)
    assert.ok(word)
    Atomics.store(word.words, word.index, 77)
    assert.equal(user.readInt32(START + 8), 77)
    assert.equal(user.word(START + 9, false), undefined)
    assert.equal(user.word(START + 3 * PAGE, false), undefined)
  })
})

describe('a transfer', () => {
  /** iovecs at START + 2 pages: [offset from START, length]. */
  const vector = (user: MemoryTask['space']['memory'], parts: readonly (readonly [number, number])[]) => {
    for (const [index, [at, length]] of parts.entries()) {
      user.writeInt64(START + 2 * PAGE + index * 16, at < 0 ? at : START + at)
      user.writeInt64(START + 2 * PAGE + index * 16 + 8, length)
    }
    return user.vector(START + 2 * PAGE, parts.length)
  }

  test('fills its buffers in order, in pieces of any size', () => {
    const user = memory()
    const transfer = vector(user, [
      [0, 5],
      [100, 0],
      [PAGE - 2, 10],
      [50, 3],
    ]) as Transfer
    assert.equal(transfer.remaining, 18)
    const source = numbers(18)
    assert.deepEqual([transfer.put(source, 0, 7), transfer.put(source, 7, 4), transfer.zero(1)], [7, 4, 1])
    assert.equal(transfer.put(source, 12, 100), 6)
    assert.deepEqual([transfer.moved, transfer.remaining, transfer.faulted], [18, 0, false])
    const back = vector(user, [
      [0, 5],
      [PAGE - 2, 10],
      [50, 3],
    ]) as Transfer
    const read = new Uint8Array(18)
    assert.equal(back.take(read, 0, 18), 18)
    source[11] = 0
    assert.deepEqual(read, source)
  })

  test('stops at what cannot be accessed', () => {
    const user = memory()
    const transfer = vector(user, [
      [3 * PAGE - 4, 10],
      [0, 5],
    ]) as Transfer
    assert.equal(transfer.put(numbers(15), 0, 15), 4)
    assert.deepEqual([transfer.faulted, transfer.moved, transfer.put(numbers(5), 0, 5)], [true, 4, 0])
    const first = user.buffer(0, 5)
    assert.deepEqual([first.put(numbers(5), 0, 5), first.faulted], [0, true])
  })

  test('is refused if its buffers are', () => {
    const user = memory()
    assert.equal(
      vector(user, [
        [0, 5],
        [10, -1],
      ]),
      EINVAL,
    )
    assert.equal(user.vector(START, -1), EINVAL)
    assert.equal(user.vector(START, 1025), EINVAL)
    assert.equal(user.vector(START + 3 * PAGE - 8, 1), EFAULT)
    const long = vector(user, [
      [0, 2 ** 40],
      [0, 2 ** 40],
    ]) as Transfer
    assert.equal(long.remaining, 0x7fff_f000)
    assert.equal(user.buffer(START, 2 ** 40).remaining, 0x7fff_f000)
  })
})
