/**
 * A stopped thread, as handlers see it: a subject that can also be changed. The terms are those
 * of ptrace(2): a tracee is one thread.
 */
import type { Subject } from './subject.ts'

/**
 * A stopped thread, as handlers see it. Valid only during the call of the handler that received
 * it. The thread may be killed at any moment, and its memory is then gone.
 */
export interface Tracee extends Subject {
  /**
   * Writes the bytes, even over page protections (as a debugger does). Returns how many could be
   * written.
   */
  write(address: bigint, bytes: Uint8Array): number
  /**
   * CPU time that the thread has used so far in the kernel and in user mode, in microseconds,
   * from the wait status of this stop.
   */
  readonly systemTimeUs: number
  readonly userTimeUs: number
  /** The instruction pointer at this stop. */
  readonly instructionPointer: bigint
  /**
   * The words of struct user_regs_struct (sys/user.h) at this stop; `undefined` if the thread is
   * gone.
   */
  registers(): BigUint64Array | undefined
  /** Delays the restart of this thread by this many microseconds. Other threads keep running. */
  delay(microseconds: number): void
  /** Sends a signal to this thread, which is delivered when it goes on. */
  signal(signal: number): void
  /** Kills its process by SIGKILL. */
  kill(): void
}

/** At the entry of a call, which may be changed. */
export interface TraceeAtEntry extends Tracee {
  /** Changes argument `index`, from 0 to 5. Throws a RangeError for another index. */
  setArgument(index: number, value: bigint): void
  /** Makes the thread call another number, with the same arguments. */
  setNumber(nr: number): void
  /**
   * Skips the call. Its result will be `value`, or −errno. The exit handler sees that result too.
   */
  skip(outcome: { readonly value: bigint } | { readonly errno: number }): void
}

/** At the first stop of a new program. */
export interface TraceeAtExec extends Tracee {
  /**
   * Stops tracing its process from here on; `detached` is called. Not possible with a filter,
   * because the calls that it stops would fail.
   */
  detach(): void
}

/** At the exit of a call, whose result may be changed. */
export interface TraceeAtExit extends Tracee {
  /** Sets the result that the program sees: `value`, or −errno. */
  setResult(outcome: { readonly value: bigint } | { readonly errno: number }): void
}
