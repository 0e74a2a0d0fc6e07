/**
 * A launch plan is a value: the list of system calls that turns a fresh child into the contained program.
 *
 * Invariants:
 * - a plan is inert. It owns no descriptor and no memory; it names descriptors by number or by slot and data by
 *   reference. Encoding, printing and running are three readers of the same value.
 * - an argument is an immediate number, a pointer to data of the plan, or the result of an earlier step (a slot).
 * - a step that fails ends the plan, unless the step says otherwise; the failing step's index and errno come back.
 * - `clone` is the only step that makes a second reader: its `child` steps run in the new process on a stack of
 *   their own, with a copy of the slots, while the parent goes on with the next step (for a vfork-style clone:
 *   after the child has exec'd or ended).
 */

/** Data that a pointer argument points to: bytes, with pointers to other data and slot values patched in. */
export interface Data {
  readonly bytes: Uint8Array
  /** Pointers inside `bytes`, eight bytes each, to other data: argv arrays, iovecs, sock_fprog. */
  readonly pointers?: readonly { readonly offset: number; readonly to: Data }[]
  /** Slots whose value is stored inside `bytes` just before the step runs (clone_args.cgroup). */
  readonly slots?: readonly { readonly offset: number; readonly slot: Slot; readonly size: 4 | 8 }[]
}

/** The result of an earlier step, or a descriptor or number that is handed to the plan when it is run. */
export interface Slot {
  readonly slot: number
  /** What stands in the slot, for the printer: `socket`, `work directory`. */
  readonly label: string
}

export type Argument = number | bigint | Data | Slot

/** What happens when a step fails: the plan ends (default), or goes on, whatever the error or for these errors. */
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
  /** The child's steps. They must end in a step that does not return (execve, exit_group, await). */
  readonly child: readonly Step[]
  /** Where the parent keeps the child's process id. */
  readonly result?: Slot
  readonly onError: OnError
  readonly label: string
}

/** Keeps the time, by the monotonic clock in ns, as clock_gettime(2) with CLOCK_MONOTONIC would tell it. */
export interface ClockStep {
  readonly kind: 'clock'
  readonly result: Slot
  readonly onError: OnError
  readonly label: string
}

/** The child of a clone waits here for its next plan; only init has such children. Does not return. */
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
  /** Slots whose values come from outside, in the order in which the runner is handed them. */
  readonly inputs: readonly Slot[]
  /** One more than the highest slot number in use. */
  readonly slotCount: number
}
