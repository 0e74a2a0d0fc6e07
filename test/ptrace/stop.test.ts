/**
 * What a wait status means, and restarts that grow beyond their first room: no kernel is needed
 * for either.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Restarts } from '#glassbox/ptrace/restarts.js'
import { coreDumped, deathSignal, exitCode, stopKind, stopSignal } from '#glassbox/ptrace/stop.js'

const stopped = (signal: number, event = 0): number => (event << 16) | (signal << 8) | 0x7f

const meanings: readonly (readonly [number, string])[] = [
  [0, 'exited'],
  [3 << 8, 'exited'],
  [9, 'killed'],
  [11 | 0x80, 'killed'],
  [stopped(5 | 0x80), 'syscall'],
  [stopped(5), 'signal'],
  [stopped(19), 'signal'],
  [stopped(19, 128), 'group-stop'],
  [stopped(20, 128), 'group-stop'],
  [stopped(21, 128), 'group-stop'],
  [stopped(22, 128), 'group-stop'],
  [stopped(5, 128), 'trap'],
  [stopped(5, 1), 'new-child'],
  [stopped(5, 2), 'new-child'],
  [stopped(5, 3), 'new-child'],
  [stopped(5, 4), 'exec'],
  [stopped(5, 5), 'vfork-done'],
  [stopped(5, 6), 'exiting'],
  [stopped(5, 7), 'seccomp'],
  [stopped(5, 99), 'unknown'],
]

for (const [status, kind] of meanings) {
  test(`the status 0x${status.toString(16)} is ${kind}`, () => {
    assert.equal(stopKind(status), kind)
  })
}

test('codes and signals are taken out of a status', () => {
  assert.equal(exitCode(255 << 8), 255)
  assert.equal(deathSignal(11 | 0x80), 11)
  assert.equal(coreDumped(11 | 0x80), true)
  assert.equal(coreDumped(11), false)
  assert.equal(stopSignal(stopped(20, 128)), 20)
})

test('restarts are kept in their order, however many there are, and forgotten when they are taken', () => {
  const restarts = new Restarts()
  for (let tid = 1; tid <= 500; tid++) restarts.add(tid, 7, tid % 64)
  const { words } = restarts
  assert.equal(restarts.take(), 500)
  assert.deepEqual([words[0], words[1], words[2]], [1, 7, 1])
  assert.deepEqual([words[499 * 4], words[499 * 4 + 1], words[499 * 4 + 2]], [500, 7, 500 % 64])
  assert.equal(restarts.take(), 0)
})
