/** The alternate stack of a thread: sigaltstack(2). */
import { SS_AUTODISARM } from '../../../linux/constants.ts'

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

/** Whether a thread with this stack pointer runs on it. One that disarms itself never counts. */
export function isInUse(stack: AlternateStack | undefined, sp: number): boolean {
  return isOnStack(stack, sp) && ((stack?.flags ?? 0) & SS_AUTODISARM) === 0
}
