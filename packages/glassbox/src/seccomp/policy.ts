/**
 * What a program may call, as a value. Compiled to BPF by `compile.ts`, played by `simulate.ts`.
 */

/**
 * Comparisons are unsigned and of all 64 bits, unless `width` is 32 (int arguments: the high half
 * is ignored).
 */
export interface Condition {
  /** 0 to 5. */
  readonly arg: number
  readonly op: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'masked-eq' | 'masked-ne'
  readonly value: bigint
  /** For `masked-eq`: `(arg & mask) === value`; for `masked-ne`: `!==`. */
  readonly mask?: bigint
  readonly width?: 32 | 64
}

/**
 * - `allow`; `errno`: the call fails with that error and the program goes on; 0: it says that it
 *   succeeded and is not made
 * - `kill`: SIGSYS ends the whole process; `trace`, `log`, `notify`: as in seccomp(2)
 */
export type Action =
  | { readonly kind: 'allow' | 'kill' | 'log' | 'notify' }
  | { readonly kind: 'errno'; readonly errno: number }
  | { readonly kind: 'trace'; readonly data: number }

export interface Rule {
  /** Names of the syscall table. */
  readonly syscalls: readonly string[]
  /** All must hold; none: always. Of several rules for a call the first that matches decides. */
  readonly when?: readonly Condition[]
  readonly action: Action
}

export interface Policy {
  readonly rules: readonly Rule[]
  /** For every call that no rule matches. */
  readonly otherwise: Action
}
