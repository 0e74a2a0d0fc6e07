/** Bad use from JavaScript throws or comes back as an error; it never crashes the process. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { addon as load } from '#glassbox/gate/addon.js'
import { close } from '#glassbox/gate/descriptors.js'
import { call, cString, runPlan, syscall } from '#glassbox/gate/gate.js'
import { guestTimer } from '#glassbox/gate/guest.js'
import { installWake } from '#glassbox/gate/ptrace.js'
import { ERRNO } from '#glassbox/linux/errno.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { PlanBuilder } from '#glassbox/plan/builder.js'
import { encodePlan } from '#glassbox/plan/encode.js'
import { temporaryDirectory } from '../support/temporary.js'

const any = (value: unknown): never => value as never
const addon = load()
const slots = (): BigInt64Array => new BigInt64Array(64)
const none = new Uint8Array(0)

test('arguments of the wrong type throw a TypeError', () => {
  const plan = new Uint8Array(16)
  for (const attempt of [
    () => addon.syscall(any('getpid')),
    () => addon.syscall(39, any('x')),
    () => addon.syscall(39, any({})),
    () => addon.syscall(39, 1, 2, 3, 4, 5, 6, any(7)),
    () => addon.runPlan(any('plan'), slots(), new Int32Array(3), none, none),
    () => addon.runPlan(plan, any(null), new Int32Array(3), none, none),
    () => addon.runPlan(plan, new BigInt64Array(63), new Int32Array(3), none, none),
    () => addon.runPlan(plan, slots(), new Int32Array(2), none, none),
    () => addon.runPlan(new Uint8Array(plan.buffer, 1, 8), slots(), new Int32Array(3), none, none),
    () => addon.runPlan(plan, slots(), new Int32Array(3), any([1]), none),
    () => addon.runPlan(plan, slots(), new Int32Array(3), none, any(undefined)),
    () => addon.handOver(any('x')),
    () => addon.send(any('x'), plan, new Int32Array(0)),
    () => addon.send(1, any([]), new Int32Array(0)),
    () => addon.send(1, plan, new Int32Array(33)),
  ]) {
    assert.throws(attempt, TypeError, attempt.toString())
  }
})

test('a dead descriptor is an error of the call', () => {
  assert.equal(syscall(syscallNumber('close'), 99_999), -ERRNO.EBADF)
  assert.equal(addon.send(99_999, new Uint8Array(1), new Int32Array(0)), -ERRNO.EBADF)
  assert.throws(() => call('fchdir', [99_999], 'a directory'), {
    code: 'ERR_GLASSBOX_SYSTEM',
    errno: ERRNO.EBADF,
    syscall: 'fchdir',
    message: /fchdir failed for a directory: EBADF \(Bad file descriptor\)/,
  })
})

test('signals that wake a tracer do not end a call that waits', async context => {
  const fifo = join(temporaryDirectory(context), 'fifo')
  call('mknodat', [-100, cString(fifo), 0o010600, 0])
  installWake()
  // The handler of the signal writes to it, so it must live as long as the timer.
  const word = new Int32Array(1)
  const timer = guestTimer(word)
  context.after(() => syscall(syscallNumber('timer_delete'), timer))
  // struct itimerspec: again each 200 microseconds.
  const every = BigInt64Array.of(0n, 200_000n, 0n, 200_000n)
  assert.equal(syscall(syscallNumber('timer_settime'), timer, 0, every, 0), 0)

  const writer = spawn('sh', ['-c', 'sleep 0.1; echo text > "$1"', 'sh', fifo])
  const fd = syscall(syscallNumber('openat'), -100, cString(fifo), 0, 0)
  assert.ok(fd >= 0, `open answered ${fd}`)
  close(fd)
  await once(writer, 'exit')
  assert.equal(word[0], 1, 'the timer went off')
})

test('a path with a NUL is refused', () => {
  assert.throws(() => cString('a\0b'), { code: 'ERR_GLASSBOX_FILE' })
})

test('plans that are cut short or garbled are refused or run, and never crash', () => {
  const builder = new PlanBuilder('harmless')
  for (let index = 0; index < 5; index++) builder.call('getpid', [], 'who', { result: builder.slot('pid') })
  const { bytes } = encodePlan(builder.build())
  // Everything but the numbers of the calls: a random system call would be somebody's real one.
  const places = Array.from(bytes.keys()).filter(at => at < 16 || (at - 16) % 64 > 1)
  fc.assert(
    fc.property(
      fc.constantFrom(...places),
      fc.integer({ min: 0, max: 255 }),
      fc.nat(bytes.length),
      (at, value, length) => {
        const garbled = Uint8Array.from(bytes)
        garbled[at] = value
        // A clone in the place of getpid would be a real one.
        if (at >= 16 && (at - 16) % 64 === 2 && value === 1) return
        runPlan(garbled, [])
        runPlan(garbled.slice(0, length), [])
      },
    ),
    { numRuns: 3000 },
  )
})

test('a plan without its magic number is refused', () => {
  assert.equal(runPlan(new Uint8Array(16), []).failure?.errno, ERRNO.EINVAL)
})
