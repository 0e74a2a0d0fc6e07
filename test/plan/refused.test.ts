/**
 * What the interpreter refuses, and that a refused plan is never run. A model of plan_load,
 * written from the promise in native/plan.h, says of each garbled plan whether it is sound; the
 * gate must agree. Only plans that are refused, or whose calls are all getpid, are given to the
 * gate.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { runPlan } from '#glassbox/gate/gate.js'
import {
  PLAN_ARGUMENT,
  PLAN_HEADER_LAYOUT as HEADER,
  PLAN_MAGIC,
  PLAN_MAX_STEPS,
  PLAN_NO_SLOT,
  PLAN_OPERATION,
  PLAN_POINTER_LAYOUT as POINTER,
  PLAN_SLOTS,
  PLAN_STEP_LAYOUT as STEP,
} from '#glassbox/gate/generated/layouts.js'
import { CLONE_VFORK, CLONE_VM } from '#glassbox/linux/constants.js'
import { ERRNO } from '#glassbox/linux/errno.js'
import { PlanBuilder, stringArray } from '#glassbox/plan/builder.js'
import { encodePlan } from '#glassbox/plan/encode.js'

const VFORK = BigInt(CLONE_VM | CLONE_VFORK)
const ARGUMENTS = [0, 1, 2, 3, 4, 5]

/** getpid with all kinds of arguments, a clock, pointers inside data, and a child. */
function harmless(): Uint8Array {
  const builder = new PlanBuilder('harmless')
  const input = builder.input('input')
  const pid = builder.slot('pid')
  builder
    .call('getpid', [input, stringArray(['a', 'b']), 7], 'who', { result: pid })
    .clock(builder.slot('time'), 'when')
    .clone({ flags: VFORK, exitSignal: 0, label: 'clone' }, () => {
      builder.call('getpid', [pid, { bytes: new Uint8Array(24) }], 'who in the child')
    })
    .call('getpid', [pid], 'who again')
  return encodePlan(builder.build()).bytes
}

interface Header {
  readonly steps: number
  readonly pointers: number
  readonly dataSize: number
}

function isSoundStep(view: DataView, at: number, index: number, { steps, dataSize }: Header): boolean {
  const operation = view.getUint8(at + STEP.operation)
  const result = view.getUint8(at + STEP.result)
  const jump = view.getUint16(at + STEP.jump, true)
  if (!Object.values(PLAN_OPERATION).some(known => known === operation)) return false
  if (result !== PLAN_NO_SLOT && result >= PLAN_SLOTS) return false
  const areSound = ARGUMENTS.every(i => {
    const kind = view.getUint8(at + STEP.kinds + i)
    const value = view.getBigUint64(at + STEP.args + i * 8, true)
    if (kind === PLAN_ARGUMENT.data) return value < BigInt(dataSize)
    if (kind === PLAN_ARGUMENT.slot) return value < BigInt(PLAN_SLOTS)
    return kind === PLAN_ARGUMENT.immediate
  })
  if (!areSound) return false
  const jumps = jump > index + 1 && jump <= steps
  const flags = view.getUint8(at + STEP.kinds)
  if (operation === PLAN_OPERATION.clone) return flags === PLAN_ARGUMENT.immediate && jumps
  return jump === 0 || (operation === PLAN_OPERATION.syscall && jumps)
}

function isSound(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER.SIZE) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const [magic, steps, pointers, dataSize] = [
    HEADER.magic,
    HEADER.steps,
    HEADER.pointers,
    HEADER.dataSize,
  ].map(at => view.getUint32(at, true)) as [number, number, number, number]
  const pointersAt = HEADER.SIZE + steps * STEP.SIZE
  const dataAt = pointersAt + pointers * POINTER.SIZE
  if (magic !== PLAN_MAGIC || steps > PLAN_MAX_STEPS || dataAt + dataSize !== bytes.length) return false
  const header = { steps, pointers, dataSize }
  for (let index = 0; index < steps; index++)
    if (!isSoundStep(view, HEADER.SIZE + index * STEP.SIZE, index, header)) return false
  for (let index = 0; index < pointers; index++) {
    const at = pointersAt + index * POINTER.SIZE
    if (view.getUint32(at + POINTER.at, true) + 8 > dataSize) return false
    if (view.getUint32(at + POINTER.to, true) >= dataSize) return false
  }
  return true
}

/** A refused plan has no failing step. */
const isRefused = (bytes: Uint8Array): boolean => {
  const { failure } = runPlan(bytes, [0])
  return failure?.step === -1 && failure.errno === ERRNO.EINVAL
}

const original = harmless()

/**
 * Where a step is: everything but its number may be garbled, or a random call would be a real
 * one.
 */
function places(): number[] {
  const steps = new DataView(original.buffer).getUint32(HEADER.steps, true)
  const inStep = (at: number): number => (at - HEADER.SIZE) % STEP.SIZE
  const isStep = (at: number): boolean => at >= HEADER.SIZE && at < HEADER.SIZE + steps * STEP.SIZE
  return Array.from(original.keys()).filter(
    at => !isStep(at) || inStep(at) < STEP.number || inStep(at) >= STEP.number + 2,
  )
}

/**
 * Whether the gate may run it: a clone with garbled flags would be a real one, and waits for
 * nothing good.
 */
function hasGarbledClone(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer)
  const steps = (original.length - HEADER.SIZE) / STEP.SIZE
  for (let index = 0; index < steps; index++) {
    const at = HEADER.SIZE + index * STEP.SIZE
    if (at + STEP.SIZE > bytes.length || view.getUint8(at + STEP.operation) !== PLAN_OPERATION.clone) continue
    const args = bytes.subarray(at + STEP.kinds, at + STEP.SIZE)
    if (Buffer.compare(args, original.subarray(at + STEP.kinds, at + STEP.SIZE)) !== 0) return true
  }
  return false
}

test('the plan that is garbled below is sound, and runs', () => {
  assert.ok(isSound(original))
  assert.equal(runPlan(original, [0]).failure, undefined)
})

test('a garbled plan is refused if, and only if, it could lead the interpreter astray; it never crashes', () => {
  const change = fc.record({
    at: fc.constantFrom(...places()),
    value: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 2, 3, 4, 63, 64, 128, 255)),
  })
  const seen = { refused: 0, ran: 0 }
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      fc.nat(64),
      (changes, cut, by) => {
        const garbled = Uint8Array.from(original)
        for (const { at, value } of changes) garbled[at] = value
        const bytes = cut ? garbled.slice(0, original.length - by) : garbled
        if (isSound(bytes)) {
          if (hasGarbledClone(bytes)) return
          assert.ok(!isRefused(bytes), 'a sound plan is accepted')
          seen.ran++
        } else {
          assert.ok(isRefused(bytes), 'an unsound plan is refused')
          seen.refused++
        }
      },
    ),
    { numRuns: 4000 },
  )
  assert.ok(seen.refused > 500 && seen.ran > 200, `both were met: ${JSON.stringify(seen)}`)
})

test('a child that runs out of steps ends there, and does not run those of its parent', () => {
  const builder = new PlanBuilder('a child without an end')
  const times = [builder.slot('first'), builder.slot('second')] as const
  builder
    .clone({ flags: VFORK, exitSignal: 0, label: 'clone' }, () => {
      builder.clock(times[0], 'note the time')
    })
    .clock(times[1], 'note the time, which a child of vfork would set before its parent')
  const marked = new PlanBuilder('count')
  const { slots, failure } = runPlan(encodePlan(builder.build()).bytes, [])
  assert.equal(failure, undefined)
  assert.ok((slots[times[1].slot] ?? 0n) > (slots[times[0].slot] ?? 0n))
  assert.equal(marked.build().steps.length, 0)
})

test('a step ignores two errors at most, and a plan has 65535 steps at most', () => {
  const greedy = new PlanBuilder('be greedy').call('getpid', [], 'who', { onError: [1, 2, 3] })
  assert.throws(() => encodePlan(greedy.build()), { code: 'ERR_GLASSBOX_INTERNAL' })
  const long = new PlanBuilder('be long')
  for (let index = 0; index <= PLAN_MAX_STEPS; index++) long.call('getpid', [], 'who')
  assert.throws(() => encodePlan(long.build()), { code: 'ERR_GLASSBOX_SYSTEM', errno: ERRNO.E2BIG })
})
