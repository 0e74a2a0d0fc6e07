/**
 * What is decided about a call that stopped before it is made, and who decides it.
 */
import type { PathDecisions, ProgramSpec } from './contract.ts'
import type { Prefixes } from './paths/prefixes.ts'

/** The thread that makes the call, as decisions see it. */
export interface StoppedCall {
  readonly tid: number
  /** Its process. */
  readonly pid: number
  readonly nr: number
  /** The six registers. */
  readonly args: readonly bigint[]
  /** Reads up to `length` bytes of its memory; fewer, or none, if they cannot be read. */
  read(address: bigint, length: number): Uint8Array
  /** Writes all bytes or returns an errno; 0 for success. */
  write(address: bigint, bytes: Uint8Array): number
  /** Whether a process or thread with that id belongs to the same program. */
  isMember(id: number): boolean
}

/**
 * - `allow`: the kernel makes the call; a wall behind the decision (Landlock) judges it too.
 * - `deny`: the call is not made and fails. `path` and `rule` say what denied it.
 * - `done`: the supervisor has made the call itself; this is its result, or -errno. `tooLarge`: it
 *   failed at the program's limit of the size of files.
 */
export type PathDecision =
  | { readonly kind: 'allow' }
  | { readonly kind: 'deny'; readonly path: string; readonly rule: string }
  | { readonly kind: 'done'; readonly result: number; readonly tooLarge?: boolean }

/** What the supervisor asks about the calls of one program. */
export interface PathJudge {
  /** The names that the native step may let pass; undefined for none. */
  readonly prefixes: Prefixes | undefined
  /** The call has not been made. */
  decide(call: StoppedCall): PathDecision
  /**
   * The process has executed a program, and has not run it yet. Returns the denial if its file may
   * not be executed, or cannot be looked at.
   */
  executed(tid: number): Extract<PathDecision, { kind: 'deny' }> | undefined
  /** The program has ended. Closes what this judge opened. */
  close(): void
}

/** Makes the judge of a program that is about to start, for the calling thread. */
export type MakeJudge = (paths: PathDecisions, user: ProgramSpec['user']) => PathJudge
