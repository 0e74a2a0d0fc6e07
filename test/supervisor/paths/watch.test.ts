/**
 * inotify_add_watch with a descriptor that is no inotify instance: the tracer's copy of it must
 * not keep the tracer waiting, whatever the program does with its own.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, syscall } from '#glassbox/gate/gate.js'
import { AF_INET, SO_LINGER, SOCK_STREAM, SOL_SOCKET } from '#glassbox/linux/constants.js'
import { ERRNO } from '#glassbox/linux/errno.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import type { StoppedCall } from '#glassbox/supervisor/decision.js'
import { prepare } from '#glassbox/supervisor/paths/perform/perform.js'

/** The call as another thread of this process would make it. */
const watching = (descriptor: number): StoppedCall => ({
  tid: process.pid,
  pid: process.pid,
  nr: syscallNumber('inotify_add_watch'),
  args: [BigInt(descriptor), 0n, 1n, 0n, 0n, 0n],
  read: () => new Uint8Array(0),
  write: () => 0,
  isMember: () => true,
})

test('a socket that lingers is let go without waiting for it', () => {
  const socket = call('socket', [AF_INET, SOCK_STREAM, 0])
  try {
    call('setsockopt', [socket, SOL_SOCKET, SO_LINGER, Int32Array.of(1, 60), 8])
    assert.equal(prepare('inotify_add_watch', watching(socket)), ERRNO.EINVAL)
    const linger = new Int32Array(2)
    call('getsockopt', [socket, SOL_SOCKET, SO_LINGER, linger, Int32Array.of(8)])
    assert.equal(linger[0], 0, 'the last close of it does not wait')
  } finally {
    syscall(syscallNumber('close'), socket)
  }
})

test('an inotify instance is copied, and anything else is no instance', () => {
  const instance = call('inotify_init1', [0])
  const file = call('openat', [-100, Buffer.from('/dev/null\0'), 0, 0])
  try {
    const made = prepare('inotify_add_watch', watching(instance))
    assert.equal(typeof made, 'object')
    if (typeof made === 'object') made.close?.()
    assert.equal(prepare('inotify_add_watch', watching(file)), ERRNO.EINVAL)
    assert.equal(prepare('inotify_add_watch', watching(999)), ERRNO.EBADF)
  } finally {
    for (const fd of [instance, file]) syscall(syscallNumber('close'), fd)
  }
})
