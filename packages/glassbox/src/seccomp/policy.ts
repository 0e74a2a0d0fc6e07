/**
 * The rules of a seccomp filter, as a value: what the kernel does at each system call.
 * `compile.ts` compiles them to BPF, and `simulate.ts` evaluates them without a kernel. They are
 * the part of a policy (policy/policy.ts) that the kernel enforces by itself.
 */

/**
 * A condition on one argument of a call. Comparisons are unsigned. They cover 64 bits, or the low
 * 32 bits if `width` is 32: the kernel ignores the high half of an `int` argument.
 *
 * @example
 * { arg: 0, op: 'eq', value: 2n, width: 32 } // socket(AF_INET, …)
 */
export interface Condition {
  /** The index of the argument, 0 to 5. */
  readonly arg: number
  readonly op: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'masked-eq' | 'masked-ne'
  readonly value: bigint
  /**
   * Required for `masked-eq`, `(arg & mask) === value`, and for `masked-ne`, `(arg & mask) !==
   * value`.
   */
  readonly mask?: bigint
  readonly width?: 32 | 64
}

/**
 * What happens to a call:
 * - `allow`: the kernel makes the call.
 * - `errno`: the call is not made; it fails with that error, or returns 0 if `errno` is 0.
 * - `kill`: SIGSYS ends the whole process.
 * - `trace`, `log`, `notify`: as in seccomp(2).
 */
export type KernelAction =
  | { readonly kind: 'allow' | 'kill' | 'log' | 'notify' }
  | { readonly kind: 'errno'; readonly errno: number }
  | { readonly kind: 'trace'; readonly data: number }

/**
 * What happens to some calls, always or under conditions.
 *
 * @example
 * const onlyUnix: Condition = { arg: 0, op: 'ne', value: 1n, width: 32 }
 * const rule: Rule = { syscalls: ['socket'], when: [onlyUnix], action: { kind: 'kill' } }
 */
export interface CallRule {
  /** Names of x86-64 system calls, such as `openat`. */
  readonly syscalls: readonly string[]
  /**
   * The rule matches if all of these hold; without conditions it always matches. If several rules
   * match a call, the first one decides.
   */
  readonly when?: readonly Condition[]
  readonly action: KernelAction
  /** The reason, for messages: a few words without a final dot. */
  readonly why?: string
}

/**
 * The system calls that a program may make. Of the rules for a call, the first that matches
 * decides. `run()` and `openBox()` reject with InvalidOptionError if the policy is invalid.
 *
 * @example
 * const refused: Rule = { syscalls: ['socket'], action: { kind: 'errno', errno: 1 } }
 * const policy: Policy = { rules: [refused], otherwise: { kind: 'allow' } }
 */
export interface CallPolicy {
  readonly rules: readonly CallRule[]
  /** The action for every call that no rule matches. */
  readonly otherwise: KernelAction
}
