/**
 * Encodes a plan as the bytes that `native/plan.c` runs. Their layout is in `native/plan.h`.
 *
 * Each data object is laid out once, aligned to eight bytes. Two steps that name the same object
 * share its bytes, so a step can read what an earlier one wrote.
 */
import { GlassboxError } from '../errors.ts'
import {
  PLAN_ANY_ERROR,
  PLAN_ARGUMENT,
  PLAN_HEADER_LAYOUT,
  PLAN_MAGIC,
  PLAN_MAX_STEPS,
  PLAN_NO_SLOT,
  PLAN_OPERATION,
  PLAN_POINTER_LAYOUT,
  PLAN_SLOTS,
  PLAN_STEP_LAYOUT,
} from '../gate/generated/layouts.ts'
import { ERRNO } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import type {
  Argument,
  AwaitStep,
  ClockStep,
  CloneStep,
  Data,
  OnError,
  Plan,
  Slot,
  Step,
  SyscallStep,
} from './types.ts'

export interface EncodedPlan {
  readonly bytes: Uint8Array
  /** The plan's step for each encoded one, so that a failed step can be named. */
  readonly origin: readonly Step[]
  /** The names of its fallbacks, in their order. */
  readonly fallbacks: readonly string[]
  /** The part of `bytes` that is a data object. The plan may write there. */
  readonly dataOf: (data: Data) => Uint8Array
}

interface RawStep {
  readonly number: number
  readonly operation: number
  readonly result: number
  readonly ignore: readonly number[]
  readonly args: readonly Argument[]
  jump: number
}

/** The offsets of all data, and the pointers between them. */
class DataSegment {
  readonly #offsets = new Map<Data, number>()
  readonly #order: Data[] = []
  size = 0

  place(data: Data): number {
    const known = this.#offsets.get(data)
    if (known !== undefined) return known
    const offset = this.size
    this.#offsets.set(data, offset)
    this.#order.push(data)
    // Each object takes at least one word, so that no address is the end of the segment.
    this.size += Math.max(8, Math.ceil(data.bytes.length / 8) * 8)
    for (const pointer of data.pointers ?? []) this.place(pointer.to)
    return offset
  }

  pointers(): { at: number; to: number }[] {
    return this.#order.flatMap(data =>
      (data.pointers ?? []).map(({ offset, to }) => ({ at: this.place(data) + offset, to: this.place(to) })),
    )
  }

  writeTo(target: Uint8Array): void {
    for (const data of this.#order) target.set(data.bytes, this.place(data))
  }
}

const isSlot = (value: Argument): value is Slot => typeof value === 'object' && 'slot' in value
const isData = (value: Argument): value is Data => typeof value === 'object' && 'bytes' in value

const kindOf = (arg: Argument): number =>
  typeof arg !== 'object' ? PLAN_ARGUMENT.immediate : isSlot(arg) ? PLAN_ARGUMENT.slot : PLAN_ARGUMENT.data

/**
 * Writes 64 bits in two's complement. Small numbers avoid bigint, which would cost more than the
 * rest of the encoding.
 */
function writeWord(view: DataView, at: number, value: number | bigint): void {
  if (typeof value === 'bigint') {
    view.setBigUint64(at, BigInt.asUintN(64, value), true)
    return
  }
  view.setInt32(at, value | 0, true)
  view.setInt32(at + 4, Math.floor(value / 2 ** 32) | 0, true)
}

/** The most errors that a step can ignore. */
const MAX_IGNORED = (PLAN_STEP_LAYOUT.kinds - PLAN_STEP_LAYOUT.ignore) / 2

function ignoredErrors(onError: OnError): readonly number[] {
  if (onError === 'fail') return []
  if (onError === 'ignore') return [PLAN_ANY_ERROR]
  if (onError.length <= MAX_IGNORED) return onError
  throw new GlassboxError(
    'ERR_GLASSBOX_INTERNAL',
    `a step ignores ${onError.length} errors, but can ignore ${MAX_IGNORED} at most`,
  )
}

class Encoder {
  readonly raw: RawStep[] = []
  readonly origin: Step[] = []
  readonly fallbacks: string[] = []
  readonly data = new DataSegment()

  add(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind === 'clone') this.#addClone(step)
      else if (step.kind === 'clock') this.#addClock(step)
      else if (step.kind === 'await') this.#addAwait(step)
      else this.#addSyscall(step)
    }
  }

  #push(step: Step, raw: RawStep): RawStep {
    this.raw.push(raw)
    this.origin.push(step)
    return raw
  }

  #addSyscall(step: SyscallStep): void {
    const raw = this.#push(step, {
      number: syscallNumber(step.name),
      operation: PLAN_OPERATION.syscall,
      result: step.result?.slot ?? PLAN_NO_SLOT,
      ignore: ignoredErrors(step.onError),
      args: step.args,
      jump: 0,
    })
    if (!step.fallback) return
    this.fallbacks.push(step.fallback.name)
    this.add(step.fallback.steps)
    raw.jump = this.raw.length
  }

  #addClock(step: ClockStep): void {
    const operation = PLAN_OPERATION.clock
    this.#push(step, { number: 0, operation, result: step.result.slot, ignore: [], args: [], jump: 0 })
  }

  #addAwait(step: AwaitStep): void {
    const operation = PLAN_OPERATION.await
    this.#push(step, { number: 0, operation, result: PLAN_NO_SLOT, ignore: [], args: [], jump: 0 })
  }

  #addClone(step: CloneStep): void {
    const raw = this.#push(step, {
      number: 0,
      operation: PLAN_OPERATION.clone,
      result: step.result?.slot ?? PLAN_NO_SLOT,
      ignore: ignoredErrors(step.onError),
      args: [step.flags, step.exitSignal, step.cgroup ?? 0],
      jump: 0,
    })
    this.add(step.child)
    raw.jump = this.raw.length
  }

  encode(): Uint8Array {
    for (const step of this.raw) for (const arg of step.args) if (isData(arg)) this.data.place(arg)
    const pointers = this.data.pointers()
    const pointersAt = PLAN_HEADER_LAYOUT.SIZE + this.raw.length * PLAN_STEP_LAYOUT.SIZE
    const dataAt = pointersAt + pointers.length * PLAN_POINTER_LAYOUT.SIZE
    const bytes = new Uint8Array(dataAt + this.data.size)
    const view = new DataView(bytes.buffer)
    view.setUint32(PLAN_HEADER_LAYOUT.magic, PLAN_MAGIC, true)
    view.setUint32(PLAN_HEADER_LAYOUT.steps, this.raw.length, true)
    view.setUint32(PLAN_HEADER_LAYOUT.pointers, pointers.length, true)
    view.setUint32(PLAN_HEADER_LAYOUT.dataSize, this.data.size, true)
    for (const [index, step] of this.raw.entries())
      this.#writeStep(view, PLAN_HEADER_LAYOUT.SIZE + index * PLAN_STEP_LAYOUT.SIZE, step)
    for (const [index, { at, to }] of pointers.entries()) {
      const pointer = pointersAt + index * PLAN_POINTER_LAYOUT.SIZE
      view.setUint32(pointer + PLAN_POINTER_LAYOUT.at, at, true)
      view.setUint32(pointer + PLAN_POINTER_LAYOUT.to, to, true)
    }
    this.data.writeTo(bytes.subarray(dataAt))
    return bytes
  }

  #writeStep(view: DataView, at: number, step: RawStep): void {
    view.setUint16(at + PLAN_STEP_LAYOUT.number, step.number, true)
    view.setUint8(at + PLAN_STEP_LAYOUT.operation, step.operation)
    view.setUint8(at + PLAN_STEP_LAYOUT.result, step.result)
    view.setUint16(at + PLAN_STEP_LAYOUT.jump, step.jump, true)
    for (let index = 0; index < step.ignore.length; index++)
      view.setUint16(at + PLAN_STEP_LAYOUT.ignore + index * 2, step.ignore[index] ?? 0, true)
    for (let index = 0; index < step.args.length; index++) {
      const arg = step.args[index] as Argument
      view.setUint8(at + PLAN_STEP_LAYOUT.kinds + index, kindOf(arg))
      writeWord(view, at + PLAN_STEP_LAYOUT.args + index * 8, this.#valueOf(arg))
    }
  }

  #valueOf(arg: Argument): number | bigint {
    if (typeof arg !== 'object') return arg
    return isSlot(arg) ? arg.slot : this.data.place(arg)
  }
}

const encoded = new WeakMap<Plan, EncodedPlan>()

/**
 * Encodes a plan. A plan never changes, so the result is cached. Throws if the plan needs more
 * slots or steps than the interpreter has.
 */
export function encodePlan(plan: Plan): EncodedPlan {
  const known = encoded.get(plan)
  if (known) return known
  if (plan.slotCount > PLAN_SLOTS) {
    throw new GlassboxError(
      'ERR_GLASSBOX_INTERNAL',
      `the plan "${plan.title}" needs ${plan.slotCount} of ${PLAN_SLOTS} slots`,
    )
  }
  const encoder = new Encoder()
  encoder.add(plan.steps)
  if (encoder.raw.length > PLAN_MAX_STEPS) throw tooManySteps(plan, encoder.raw.length)
  const bytes = encoder.encode()
  const dataAt = bytes.length - encoder.data.size
  const dataOf = (data: Data): Uint8Array => {
    const at = dataAt + encoder.data.place(data)
    return bytes.subarray(at, at + data.bytes.length)
  }
  const { origin, fallbacks } = encoder
  const result = { bytes, origin, fallbacks, dataOf }
  encoded.set(plan, result)
  return result
}

/** The names of the fallbacks that were taken. `taken` is the interpreter's sum of their bits. */
export const fallbacksOf = (plan: Plan, taken: number): readonly string[] =>
  encodePlan(plan).fallbacks.filter((_, index) => (taken >>> index) & 1)

/** Only a caller's binds can make a plan that long. */
const tooManySteps = (plan: Plan, steps: number): GlassboxError =>
  new GlassboxError(
    'ERR_GLASSBOX_SYSTEM',
    `Could not ${plan.title}: it takes ${steps} steps, and a plan has ${PLAN_MAX_STEPS} at most.`,
    { errno: ERRNO.E2BIG, hint: 'Give the box fewer binds.' },
  )
