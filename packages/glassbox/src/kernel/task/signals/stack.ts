/** The alternate stack of a thread: sigaltstack(2). */

export interface AlternateStack {
  readonly address: number
  readonly size: number
  /** What sigaltstack was given: 0, SS_DISABLE, SS_AUTODISARM. */
  readonly flags: number
}

/** Whether the stack pointer is on it. The stack grows down: its top is on it, its base is not. */
export function isOnStack(stack: AlternateStack | undefined, sp: number): boolean {
  return stack !== undefined && sp > stack.address && sp <= stack.address + stack.size
}
