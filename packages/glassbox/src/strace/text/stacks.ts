/**
 * -k: the stack of the thread at the end of each call and at each signal that is shown; of calls
 * that replace or end the thread, at their beginning, as there is no stack of theirs afterwards.
 * Owns what is known of the processes' mappings and of the files there.
 */
import { syscallNumber } from '../../linux/syscalls.ts'
import { USER_REGS } from '../../linux/ptrace.ts'
import type { EnteredCall, LeftCall } from '../../trace/handlers.ts'
import type { Tracee } from '../../trace/tracee.ts'
import { AddressSpace } from '../../unwind/address-space.ts'
import { Objects } from '../../unwind/objects.ts'
import { fromUserRegisters } from '../../unwind/registers.ts'
import { type Stack, unwind } from '../../unwind/unwind.ts'
import type { StackOptions } from '../options.ts'
import { stackText, type StackValue, stackValue } from './stack-text.ts'
import type { TraceeState } from '../tracee-state.ts'

/** After these there is no stack any more, or another program's. */
const LAST_LOOK: ReadonlySet<number> = new Set(
  ['execve', 'execveat', 'exit', 'exit_group'].map(syscallNumber),
)
/** The code segment of 32-bit code, whose frames are others. */
const USER32_CS = 0x23n
const NO_STACK: Stack = { frames: [], cut: false }

export class Stacks {
  readonly #limit: number
  readonly #objects = new Objects()
  /** By process. */
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

  /** The stack now. */
  #walk({ pid }: TraceeState, tracee: Tracee): Stack {
    const words = tracee.registers()
    if (!words || words[USER_REGS.cs] === USER32_CS) return NO_STACK
    return unwind(fromUserRegisters(words), tracee, this.#space(pid), this.#objects, this.#limit)
  }

  /** A call that is to be shown begins. */
  enter(state: TraceeState, { abi, nr }: EnteredCall, tracee: Tracee): void {
    if (abi !== 'i386' && LAST_LOOK.has(nr)) state.stack = this.#walk(state, tracee)
  }

  /** Any call has ended, shown or not. */
  left({ pid }: TraceeState, { failed, nr, args, abi }: LeftCall): void {
    if (!failed) this.#spaces.get(pid)?.called(nr, args, abi === 'x86_64')
  }

  /**
   * Text of the call that ends, or of a signal: what was kept at the beginning, or the stack now.
   */
  text(state: TraceeState, tracee: Tracee): string {
    return state.stack ? this.keptText(state) : stackText(this.#walk(state, tracee), false)
  }

  /** Of a call that did not come back. */
  keptText(state: TraceeState): string {
    const kept = takeKept(state)
    return kept ? stackText(kept, true) : ''
  }

  /** For --json: members of the event. */
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
