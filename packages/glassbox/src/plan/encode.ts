/**
 * A plan as the bytes that `native/plan.c` runs. The layout stands in `native/plan.h`.
 *
 * Data is laid out once per object, aligned to eight bytes: two steps that name the same object share its bytes, so a
 * step may read what an earlier one wrote.
 */
import { GlassboxError } from '../errors.ts'
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

const MAGIC = 0x31584247
const HEADER_BYTES = 16
const STEP_BYTES = 64
const POINTER_BYTES = 8
const NO_SLOT = 0xff
const ANY_ERROR = 0xffff
const MAX_SLOTS = 64
const OPERATION = { syscall: 0, clone: 1, store: 2, clock: 3, await: 4 } as const
const KIND = { immediate: 0, data: 1, slot: 2 } as const

export interface EncodedPlan {
  readonly bytes: Uint8Array
  /** The plan's step behind each encoded one, so that a failing step can be named. */
  readonly origin: readonly Step[]
}

/** A place inside data: where a slot is stored. */
interface Place {
  readonly inside: Data
  readonly offset: number
}

interface RawStep {
  readonly number: number
  readonly operation: number
  readonly result: number
  readonly ignore: readonly number[]
  readonly args: readonly (Argument | Place)[]
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
    // At least one word, so that an address is never the end of the segment.
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

type RawArgument = RawStep['args'][number]

const isSlot = (value: RawArgument): value is Slot => typeof value === 'object' && 'slot' in value
const isData = (value: RawArgument): value is Data => typeof value === 'object' && 'bytes' in value

const kindOf = (arg: RawArgument): number =>
  typeof arg !== 'object' ? KIND.immediate : isSlot(arg) ? KIND.slot : KIND.data

/** 64 bits, two's complement. Nearly all numbers are small, and a bigint costs more than all the rest. */
function writeWord(view: DataView, at: number, value: number | bigint): void {
  if (typeof value === 'bigint') {
    view.setBigUint64(at, BigInt.asUintN(64, value), true)
    return
  }
  view.setInt32(at, value | 0, true)
  view.setInt32(at + 4, Math.floor(value / 2 ** 32) | 0, true)
}

function ignoredErrors(onError: OnError): readonly number[] {
  if (onError === 'fail') return []
  return onError === 'ignore' ? [ANY_ERROR] : onError
}

class Encoder {
  readonly raw: RawStep[] = []
  readonly origin: Step[] = []
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
    for (const arg of step.args) if (isData(arg)) this.#addStores(step, arg)
    this.#push(step, {
      number: syscallNumber(step.name),
      operation: OPERATION.syscall,
      result: step.result?.slot ?? NO_SLOT,
      ignore: ignoredErrors(step.onError),
      args: step.args,
      jump: 0,
    })
  }

  #addClock(step: ClockStep): void {
    const operation = OPERATION.clock
    this.#push(step, { number: 0, operation, result: step.result.slot, ignore: [], args: [], jump: 0 })
  }

  #addAwait(step: AwaitStep): void {
    const operation = OPERATION.await
    this.#push(step, { number: 0, operation, result: NO_SLOT, ignore: [], args: [], jump: 0 })
  }

  /** Slots inside data are patched in just before the step that uses it. */
  #addStores(step: Step, data: Data): void {
    for (const { offset, slot, size } of data.slots ?? []) {
      this.#push(step, {
        number: 0,
        operation: OPERATION.store,
        result: NO_SLOT,
        ignore: [],
        args: [{ inside: data, offset }, slot, size],
        jump: 0,
      })
    }
  }

  #addClone(step: CloneStep): void {
    const raw = this.#push(step, {
      number: 0,
      operation: OPERATION.clone,
      result: step.result?.slot ?? NO_SLOT,
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
    const pointersAt = HEADER_BYTES + this.raw.length * STEP_BYTES
    const dataAt = pointersAt + pointers.length * POINTER_BYTES
    const bytes = new Uint8Array(dataAt + this.data.size)
    const view = new DataView(bytes.buffer)
    for (const [index, value] of [MAGIC, this.raw.length, pointers.length, this.data.size].entries()) {
      view.setUint32(index * 4, value, true)
    }
    for (const [index, step] of this.raw.entries())
      this.#writeStep(view, HEADER_BYTES + index * STEP_BYTES, step)
    for (const [index, { at, to }] of pointers.entries()) {
      view.setUint32(pointersAt + index * POINTER_BYTES, at, true)
      view.setUint32(pointersAt + index * POINTER_BYTES + 4, to, true)
    }
    this.data.writeTo(bytes.subarray(dataAt))
    return bytes
  }

  #writeStep(view: DataView, at: number, step: RawStep): void {
    view.setUint16(at, step.number, true)
    view.setUint8(at + 2, step.operation)
    view.setUint8(at + 3, step.result)
    view.setUint16(at + 4, step.jump, true)
    view.setUint16(at + 6, step.ignore[0] ?? 0, true)
    view.setUint16(at + 8, step.ignore[1] ?? 0, true)
    for (let index = 0; index < step.args.length; index++) {
      const arg = step.args[index] as RawArgument
      view.setUint8(at + 10 + index, kindOf(arg))
      writeWord(view, at + 16 + index * 8, this.#valueOf(arg))
    }
  }

  #valueOf(arg: RawArgument): number | bigint {
    if (typeof arg !== 'object') return arg
    if (isSlot(arg)) return arg.slot
    return isData(arg) ? this.data.place(arg) : this.data.place(arg.inside) + arg.offset
  }
}

const encoded = new WeakMap<Plan, EncodedPlan>()

/** Encodes a plan; a plan is a value, and encoded once. Throws where it uses more slots than the interpreter has. */
export function encodePlan(plan: Plan): EncodedPlan {
  const known = encoded.get(plan)
  if (known) return known
  if (plan.slotCount > MAX_SLOTS) {
    throw new GlassboxError(
      'ERR_GLASSBOX_INTERNAL',
      `the plan "${plan.title}" needs ${plan.slotCount} of ${MAX_SLOTS} slots`,
    )
  }
  const encoder = new Encoder()
  encoder.add(plan.steps)
  const result = { bytes: encoder.encode(), origin: encoder.origin }
  encoded.set(plan, result)
  return result
}
