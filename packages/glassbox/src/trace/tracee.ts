/**
 * A stopped thread, as handlers see it: a subject that can also be changed. Words are those of
 * ptrace(2): a tracee is one thread.
 */
import type { Subject } from './subject.ts'

/**
 * A stopped thread, as handlers see it. Valid only during the call of the handler that got it;
 * memory may be gone at any step.
 */
export interface Tracee extends Subject {
  /**
   * Writes all bytes, also over page protections (as a debugger does), or says how many could be
   * written.
   */
  write(address: bigint, bytes: Uint8Array): number
  /**
   * CPU time that the thread has used so far in the kernel and in user mode, from the wait status
   * of this stop, in microseconds.
   */
  readonly systemTimeUs: number
  readonly userTimeUs: number
  /** The instruction pointer at this stop; -i. */
  readonly instructionPointer: bigint
  /**
   * The words of struct user_regs_struct (sys/user.h) at this stop; `undefined` if the thread
   * is gone.
   */
  registers(): BigUint64Array | undefined
  /** Lets it wait for so long before it goes on; others run meanwhile. */
  delay(microseconds: number): void
  /** A signal for this thread, delivered as it goes on. */
  signal(signal: number): void
  /** SIGKILL to its process. */
  kill(): void
}

/** At the entry of a call: what may be changed. */
export interface TraceeAtEntry extends Tracee {
  setArgument(index: number, value: bigint): void
  /** Another call instead, of the same arguments. */
  setNumber(nr: number): void
  /** The call is not made; its result will be `value`, or −errno. The exit handler sees it too. */
  skip(outcome: { readonly value: bigint } | { readonly errno: number }): void
}

/** At the first stop of a new program. */
export interface TraceeAtExec extends Tracee {
  /**
   * Its process is traced no more, from here on; `detached` is called. Not with a filter, whose
   * calls would fail.
   */
  detach(): void
}

export interface TraceeAtExit extends Tracee {
  setResult(outcome: { readonly value: bigint } | { readonly errno: number }): void
}
