/**
 * A launch plan is a value: the list of system calls that turns a fresh child into the contained
 * program.
 *
 * Invariants:
 * - a plan is inert. It owns no descriptor and no memory: it names descriptors by number or by
 *   slot, and data by reference. Encoding, printing and running it do not change it.
 * - an argument is an immediate number, a pointer to data of the plan, or a slot: an input, or
 *   the result of an earlier step.
 * - a failed step ends the plan, unless the step says otherwise. The index and errno of that step
 *   are returned.
 * - `clone` is the only step that makes a second process. Its `child` steps run there, on a stack
 *   of their own. The parent continues with the next step. If the two share memory, it waits until
 *   the child has executed a program or ended.
 */

/** Data that a pointer argument points to: bytes, with pointers to other data in them. */
export interface Data {
  readonly bytes: Uint8Array
  /** Pointers inside `bytes`, eight bytes each, to other data: argv arrays, iovecs, sock_fprog. */
  readonly pointers?: readonly { readonly offset: number; readonly to: Data }[]
}

/**
 * A place for the result of a step, or for a descriptor or number that is given when the plan is
 * run.
 */
export interface Slot {
  readonly slot: number
  /** What the slot holds, for the printer: `socket`, `work directory`. */
  readonly label: string
}

export type Argument = number | bigint | Data | Slot

/**
 * What happens when a step fails: the plan ends (default), continues after any error, or continues
 * after these errors (two at most).
 */
export type OnError = 'fail' | 'ignore' | readonly number[]

/**
 * Steps that a plan takes only if the call before them fails with an error of its `onError`. A
 * fallback has no fallback inside.
 */
export interface Fallback {
  /** What it is a fallback for. The runner of a plan gets the names of those that were taken. */
  readonly name: string
  readonly steps: readonly Step[]
}

export interface SyscallStep {
  readonly kind: 'syscall'
  /** The name in the syscall table. */
  readonly name: string
  readonly args: readonly Argument[]
  /** The slot for the result. */
  readonly result?: Slot
  readonly onError: OnError
  readonly fallback?: Fallback
  /** The purpose of the step in words, which is part of the error if the step fails. */
  readonly label: string
}

export interface CloneStep {
  readonly kind: 'clone'
  /** CLONE_* flags as for clone3(2). */
  readonly flags: bigint
  readonly exitSignal: number
  /** The cgroup v2 directory into which the child is cloned (CLONE_INTO_CGROUP). */
  readonly cgroup?: Slot
  /**
   * The child's steps. They must end in a step that does not return (execve, exit_group, await).
   */
  readonly child: readonly Step[]
  /** The slot in which the parent stores the child's process id. */
  readonly result?: Slot
  readonly onError: OnError
  readonly label: string
}

/** Stores the time of CLOCK_MONOTONIC (clock_gettime(2)), in ns. */
export interface ClockStep {
  readonly kind: 'clock'
  readonly result: Slot
  readonly onError: OnError
  readonly label: string
}

/**
 * The child of a clone waits here for its next plan. Only init has such children. Does not
 * return.
 */
export interface AwaitStep {
  readonly kind: 'await'
  readonly onError: OnError
  readonly label: string
}

export type Step = SyscallStep | CloneStep | ClockStep | AwaitStep

export interface Plan {
  /** The purpose of the plan, in one line. Errors say "Could not" before it. */
  readonly title: string
  readonly steps: readonly Step[]
  /** Slots whose values are given when the plan is run, in the order in which they are given. */
  readonly inputs: readonly Slot[]
  /** One more than the highest slot number in use. */
  readonly slotCount: number
}
