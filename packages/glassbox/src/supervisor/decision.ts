/**
 * What is decided about a call that stopped before it is made.
 */

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
}

/**
 * - `allow`: the kernel makes the call; a wall behind the decision (Landlock) judges it too.
 * - `deny`: the call is not made and fails. `path` and `rule` say what denied it.
 * - `done`: the supervisor has made the call itself; this is its result, or -errno.
 */
export type PathDecision =
  | { readonly kind: 'allow' }
  | { readonly kind: 'deny'; readonly path: string; readonly rule: string }
  | { readonly kind: 'done'; readonly result: number }
