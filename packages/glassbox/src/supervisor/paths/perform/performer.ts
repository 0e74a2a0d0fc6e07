/**
 * Calls that the tracer makes for the program. First everything that the program passed is read,
 * with the tracer's rights. Then the call is made on the object that was judged, with the
 * program's rights. Its result is written into the program's memory as the kernel gave it.
 */
import type { StoppedCall } from '../../decision.ts'
import type { Found } from '../found.ts'

/** A call by the names of its arguments in the table of system calls. */
export interface Arguments {
  readonly call: StoppedCall
  /** The register of an argument; 0 if the call has no such argument. */
  readonly arg: (name: string) => bigint
  /** The same as an `int`. */
  readonly int: (name: string) => number
}

export interface Made {
  /** As the kernel returned it: the result, or -errno. */
  readonly result: number
  /** It failed at the program's limit of the size of files. */
  readonly tooLarge?: boolean
  /** What the program gets, and where. */
  readonly output?: { readonly address: bigint; readonly bytes: Uint8Array }
}

/** Makes the call on an object. */
export type MakeOn = (target: Found) => Made

/** A call that is ready to be made. */
export interface Make {
  readonly on: MakeOn
  /** Closes what was opened for it, whether it was made or not. */
  readonly close?: () => void
}

/** Reads what the call needs. A number is the errno of a call that fails before it is made. */
export type Prepare = (args: Arguments) => Make | MakeOn | number

/** Performers by the names of calls. */
export type Performers = Readonly<Record<string, Prepare>>
