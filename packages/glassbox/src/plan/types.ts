/**
 * A launch plan is a value: the list of system calls that turns a fresh child into the contained
 * program.
 *
 * Invariants:
 * - a plan is inert. It owns no descriptor and no memory: it names descriptors by number or by
 *   slot, and data by reference. It can be encoded, printed and run, and none of the three
 *   changes it.
 * - an argument is an immediate number, a pointer to data of the plan, or a slot: an input, or
 *   the result of an earlier step.
 * - a step that fails ends the plan, unless the step says otherwise; the failing step's index and
 *   errno come back.
 * - `clone` is the only step that makes a second process. Its `child` steps run there, on a stack
 *   of their own. The parent goes on with the next step; if the two share memory, after the child
 *   has executed a program or ended.
 */

/** Data that a pointer argument points to: bytes, with pointers to other data in them. */
export interface Data {
  readonly bytes: Uint8Array
  /** Pointers inside `bytes`, eight bytes each, to other data: argv arrays, iovecs, sock_fprog. */
  readonly pointers?: readonly { readonly offset: number; readonly to: Data }[]
}

/** The result of an earlier step, or a descriptor or number that is given when the plan is run. */
export interface Slot {
  readonly slot: number
  /** What stands in the slot, for the printer: `socket`, `work directory`. */
  readonly label: string
}

export type Argument = number | bigint | Data | Slot

/**
 * What happens when a step fails: the plan ends (default), goes on after any error, or after
 * these errors (two at most).
 */
export type OnError = 'fail' | 'ignore' | readonly number[]

export interface SyscallStep {
  readonly kind: 'syscall'
  /** The name in the syscall table. */
  readonly name: string
  readonly args: readonly Argument[]
  /** Where the result is kept. */
  readonly result?: Slot
  readonly onError: OnError
  /** Why the step is there, in words: the error of a failing step carries it. */
  readonly label: string
}

export interface CloneStep {
  readonly kind: 'clone'
  /** CLONE_* flags as for clone3(2). */
  readonly flags: bigint
  readonly exitSignal: number
  /** A cgroup v2 directory to be born in (CLONE_INTO_CGROUP). */
  readonly cgroup?: Slot
  /**
   * The child's steps. They must end in a step that does not return (execve, exit_group, await).
   */
  readonly child: readonly Step[]
  /** Where the parent keeps the child's process id. */
  readonly result?: Slot
  readonly onError: OnError
  readonly label: string
}

/** Keeps the time of CLOCK_MONOTONIC (clock_gettime(2)), in ns. */
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
  /** One line: what the plan is for. */
  readonly title: string
  readonly steps: readonly Step[]
  /** Slots whose values are given when the plan is run, in the order in which they are given. */
  readonly inputs: readonly Slot[]
  /** One more than the highest slot number in use. */
  readonly slotCount: number
}
