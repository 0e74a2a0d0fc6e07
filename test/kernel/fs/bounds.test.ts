/** What a guest may ask for that must not hold the kernel or fill its memory. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ArrayTransfer } from '#glassbox/kernel/fs/array-transfer.js'
import { newPipe } from '#glassbox/kernel/fs/pipe/make.js'
import { O_CREAT, O_RDWR, SEEK_DATA, SEEK_HOLE } from '#glassbox/linux/constants.js'
import { EAGAIN } from '#glassbox/linux/errno-numbers.js'
import { BUFFER, FileTask } from '../../support/kernel/file-task.js'

test('data and holes of a file of a pebibyte are found at once', () => {
  const task = new FileTask()
  const fd = task.call('openat', -100, 'huge', O_RDWR | O_CREAT, 0o644)
  assert.equal(task.outcome('ftruncate', fd, 2 ** 50), 0)
  assert.equal(task.outcome('lseek', fd, 0, SEEK_DATA), 'ENXIO')
  assert.equal(task.outcome('pwrite64', fd, BUFFER, 1, 2 ** 49), 1)
  assert.equal(task.outcome('lseek', fd, 5, SEEK_DATA), 2 ** 49)
  assert.equal(task.outcome('lseek', fd, 2 ** 49, SEEK_HOLE), 2 ** 49 + 4096)
  assert.equal(task.outcome('lseek', fd, 2 ** 49 + 4096, SEEK_DATA), 'ENXIO')
})

test('all pipes together hold no more than 64 MiB and their first pages, and give it back', () => {
  const mebibyte = new Uint8Array(2 ** 20)
  const pipes = Array.from({ length: 80 }, () =>
    newPipe(0, { uid: 0, gid: 0 }, { seconds: 0, nanoseconds: 0 }),
  )
  let held = 0
  for (const { writer } of pipes) {
    assert.equal(writer.pipe.resize(2 ** 20), true)
    const written = writer.write(new ArrayTransfer(mebibyte))
    held += Math.max(0, written)
    assert.ok(written === 2 ** 20 || written === 4096, String(written))
  }
  assert.ok(held <= 65 * 2 ** 20, String(held))
  const last = pipes.at(-1)
  assert.equal(last?.writer.write(new ArrayTransfer(mebibyte)), -EAGAIN)
  for (const { reader, writer } of pipes) {
    reader.closed()
    writer.closed()
  }
  const fresh = newPipe(0, { uid: 0, gid: 0 }, { seconds: 0, nanoseconds: 0 })
  fresh.writer.pipe.resize(2 ** 20)
  assert.equal(fresh.writer.write(new ArrayTransfer(mebibyte)), 2 ** 20)
})
