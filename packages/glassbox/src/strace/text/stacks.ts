/**
 * -k: the stack of the thread at the exit of each call and at each signal that is shown. For
 * calls that replace or end the thread it is the stack at their entry, because they have none
 * afterwards. Owns what is known about the processes' mappings and the mapped files.
 */
import { syscallNumber } from '../../linux/syscalls.ts'
import { USER_REGS } from '../../linux/user-regs.ts'
import type { EnteredCall, LeftCall } from '../../trace/handlers.ts'
import type { Tracee } from '../../trace/tracee.ts'
import { AddressSpace } from '../../unwind/address-space.ts'
import { Objects } from '../../unwind/objects.ts'
import { fromUserRegisters } from '../../unwind/registers.ts'
import { type Stack, unwind } from '../../unwind/unwind.ts'
import type { StackOptions } from '../options.ts'
import { stackText, type StackValue, stackValue } from './stack-text.ts'
import type { TraceeState } from '../tracee-state.ts'

/** After these calls the thread has no stack any more, or that of another program. */
const LAST_LOOK: ReadonlySet<number> = new Set(
  ['execve', 'execveat', 'exit', 'exit_group'].map(syscallNumber),
)
/** The code segment of 32-bit code, which has another frame layout. */
const USER32_CS = 0x23n
const NO_STACK: Stack = { frames: [], cut: false }

export class Stacks {
  readonly #limit: number
  readonly #objects = new Objects()
  /** By process id. */
  readonly #spaces = new Map<number, AddressSpace>()

  constructor({ frameLimit }: StackOptions) {
    this.#limit = frameLimit
  }

  #space(pid: number): AddressSpace {
    const known = this.#spaces.get(pid)
    if (known) return known
    const space = new AddressSpace()
    this.#spaces.set(pid, space)
    return space
  }

  /** Walks the current stack. */
  #walk({ pid }: TraceeState, tracee: Tracee): Stack {
    const words = tracee.registers()
    if (!words || words[USER_REGS.cs] === USER32_CS) return NO_STACK
    return unwind(fromUserRegisters(words), tracee, this.#space(pid), this.#objects, this.#limit)
  }

  /** A call that will be shown begins. */
  enter(state: TraceeState, { abi, nr }: EnteredCall, tracee: Tracee): void {
    if (abi !== 'i386' && LAST_LOOK.has(nr)) state.stack = this.#walk(state, tracee)
  }

  /** A call has ended, shown or not. */
  left({ pid }: TraceeState, { failed, nr, args, abi }: LeftCall): void {
    if (!failed) this.#spaces.get(pid)?.called(nr, args, abi === 'x86_64')
  }

  /**
   * The text for the call that ends, or for a signal: the stack kept from the entry, or the
   * current one.
   */
  text(state: TraceeState, tracee: Tracee): string {
    return state.stack ? this.keptText(state) : stackText(this.#walk(state, tracee), false)
  }

  /** The text for a call that did not return. */
  keptText(state: TraceeState): string {
    const kept = takeKept(state)
    return kept ? stackText(kept, true) : ''
  }

  /** Members of an event for --json. */
  value(state: TraceeState, tracee: Tracee): StackValue {
    return stackValue(takeKept(state) ?? this.#walk(state, tracee))
  }

  started({ pid }: TraceeState, parent: TraceeState | undefined): void {
    if (parent && parent.pid !== pid && !this.#spaces.has(pid))
      this.#spaces.set(pid, new AddressSpace(this.#space(parent.pid).mark))
  }

  exec({ pid }: TraceeState): void {
    this.#spaces.get(pid)?.replaced()
  }

  /** A thread is gone. */
  dropped({ pid, tid }: TraceeState): void {
    if (pid === tid) this.#spaces.delete(pid)
  }

  end(): void {
    this.#objects.close()
  }
}

function takeKept(state: TraceeState): Stack | undefined {
  const { stack } = state
  state.stack = undefined
  return stack
}
