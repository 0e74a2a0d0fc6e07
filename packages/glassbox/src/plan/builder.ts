/**
 * Builds plans. Calls are named as in the man pages, so the code that builds a plan reads like
 * the list of its calls.
 *
 * @example
 * const plan = new PlanBuilder('a box')
 * plan.call('mount', [text('tmpfs'), text('/tmp'), text('tmpfs'), 0, 0], 'mount /tmp')
 * plan.build()
 */
import { GlassboxError } from '../errors.ts'
import type { Argument, CloneStep, Data, OnError, Plan, Slot, Step, SyscallStep } from './types.ts'

/** A NUL-terminated string of the plan's own. */
export function text(value: string): Data {
  const bytes = Buffer.from(`${value}\0`)
  if (bytes.indexOf(0) !== bytes.length - 1) {
    throw new GlassboxError(
      'ERR_GLASSBOX_FILE',
      `A string must not contain a NUL byte: ${JSON.stringify(value)}`,
      { hint: 'Remove the NUL byte: the kernel takes a string only up to it.' },
    )
  }
  return { bytes }
}

/** An array of pointers to strings, ended by NULL: argv and envp. */
export function stringArray(values: readonly string[]): Data {
  return {
    bytes: new Uint8Array((values.length + 1) * 8),
    pointers: values.map((value, index) => ({ offset: index * 8, to: text(value) })),
  }
}

/** Numbers of 4 or 8 bytes one after another, little endian: the small structs. */
export function words(size: 4 | 8, values: readonly (number | bigint)[]): Data {
  const bytes = new Uint8Array(values.length * size)
  const view = new DataView(bytes.buffer)
  for (const [index, value] of values.entries()) {
    if (size === 4) view.setUint32(index * 4, Number(value), true)
    else view.setBigUint64(index * 8, BigInt.asUintN(64, BigInt(value)), true)
  }
  return { bytes }
}

interface StepOptions {
  readonly result?: Slot
  readonly onError?: OnError
}

export class PlanBuilder {
  readonly #title: string
  readonly #inputs: Slot[] = []
  #steps: Step[] = []
  #slots = 0

  constructor(title: string) {
    this.#title = title
  }

  /** A slot whose value is given when the plan is run. All inputs come before any other slot. */
  input(label: string): Slot {
    if (this.#slots > this.#inputs.length) throw new RangeError('inputs come before other slots')
    const slot = this.slot(label)
    this.#inputs.push(slot)
    return slot
  }

  /** A place for the result of a step. */
  slot(label: string): Slot {
    return { slot: this.#slots++, label }
  }

  /** Adds a system call by name; `label` says in words what the step is for. */
  call(name: string, args: readonly Argument[], label: string, options: StepOptions = {}): this {
    const step: SyscallStep = {
      kind: 'syscall',
      name,
      args,
      label,
      onError: options.onError ?? 'fail',
      ...(options.result ? { result: options.result } : {}),
    }
    this.#steps.push(step)
    return this
  }

  /** Keeps the time of the monotonic clock, in ns. */
  clock(result: Slot, label: string): this {
    this.#steps.push({ kind: 'clock', result, label, onError: 'fail' })
    return this
  }

  /** The last step of a child that init keeps waiting. */
  await(label: string): this {
    this.#steps.push({ kind: 'await', label, onError: 'fail' })
    return this
  }

  /** Adds a child; `steps` writes its part with this same builder. */
  clone(child: Omit<CloneStep, 'kind' | 'child' | 'onError'>, steps: () => void): this {
    const outer = this.#steps
    this.#steps = []
    steps()
    const inner = this.#steps
    this.#steps = outer
    this.#steps.push({ ...child, kind: 'clone', child: inner, onError: 'fail' })
    return this
  }

  build(): Plan {
    return { title: this.#title, steps: this.#steps, inputs: this.#inputs, slotCount: this.#slots }
  }
}
