/** Bad use from JavaScript throws or comes back as an error; it never crashes the process. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addon as load } from '#glassbox/gate/addon.js'
import { call, cString, runPlan, syscall } from '#glassbox/gate/gate.js'
import { ERRNO } from '#glassbox/linux/errno.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { PlanBuilder } from '#glassbox/plan/builder.js'
import { encodePlan } from '#glassbox/plan/encode.js'

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
