/**
 * Builds plans. Calls have the names of the man pages, so the code that builds a plan reads like
 * the list of its calls.
 *
 * @example
 * const plan = new PlanBuilder('a box')
 * plan.call('mount', [text('tmpfs'), text('/tmp'), text('tmpfs'), 0, 0], 'mount /tmp')
 * plan.build()
 */
import { GlassboxError } from '../errors.ts'
import { bytesOfPath } from '../linux/path-bytes.ts'
import type { Argument, CloneStep, Data, OnError, Plan, Slot, Step, SyscallStep } from './types.ts'

/** A NUL-terminated string in the plan's data. Its bytes may be escaped as in `bytesOfPath`. */
export function text(value: string): Data {
  const bytes = bytesOfPath(`${value}\0`)
  if (bytes.indexOf(0) !== bytes.length - 1) {
    throw new GlassboxError(
      'ERR_GLASSBOX_FILE',
      `A string must not contain a NUL byte: ${JSON.stringify(value)}`,
      { hint: 'Remove the NUL byte: the kernel takes a string only up to it.' },
    )
  }
  return { bytes }
}

/** A NULL-terminated array of pointers to strings: argv and envp. */
export function stringArray(values: readonly string[]): Data {
  return {
    bytes: new Uint8Array((values.length + 1) * 8),
    pointers: values.map((value, index) => ({ offset: index * 8, to: text(value) })),
  }
}

/** Consecutive numbers of 4 or 8 bytes, little endian, for small structs. */
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

  /**
   * A slot whose value is given when the plan is run. All inputs must be declared before any other
   * slot.
   */
  input(label: string): Slot {
    if (this.#slots > this.#inputs.length) throw new RangeError('inputs come before other slots')
    const slot = this.slot(label)
    this.#inputs.push(slot)
    return slot
  }

  /** How many steps there are; a clone is one. */
  get length(): number {
    return this.#steps.length
  }

  /** A slot for the result of a step. */
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

  /**
   * Gives the last call a fallback: `steps` adds, with this same builder, the steps to take if the
   * call fails with an error of its `onError`.
   */
  orElse(name: string, steps: () => void): this {
    const call = this.#steps.at(-1)
    if (call?.kind !== 'syscall') throw new RangeError('only a call has a fallback')
    this.#steps[this.#steps.length - 1] = { ...call, fallback: { name, steps: this.#collect(steps) } }
    return this
  }

  /** The steps that `add` adds, which do not become steps of the plan. */
  #collect(add: () => void): readonly Step[] {
    const outer = this.#steps
    this.#steps = []
    add()
    const inner = this.#steps
    this.#steps = outer
    return inner
  }

  /** Adds a step that stores the time of the monotonic clock, in ns. */
  clock(result: Slot, label: string): this {
    this.#steps.push({ kind: 'clock', result, label, onError: 'fail' })
    return this
  }

  /** Adds the last step of a child that waits for its launch. */
  await(label: string): this {
    this.#steps.push({ kind: 'await', label, onError: 'fail' })
    return this
  }

  /** Adds a clone; `steps` adds the child's steps with this same builder. */
  clone(child: Omit<CloneStep, 'kind' | 'child' | 'onError'>, steps: () => void): this {
    this.#steps.push({ ...child, kind: 'clone', child: this.#collect(steps), onError: 'fail' })
    return this
  }

  build(): Plan {
    return { title: this.#title, steps: this.#steps, inputs: this.#inputs, slotCount: this.#slots }
  }
}
