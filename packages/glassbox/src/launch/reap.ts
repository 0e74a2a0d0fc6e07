/** Reaps a process that was let go, so that no zombie is left: by its id, without blocking and without keeping the event loop alive. */
import { syscall } from '../gate/gate.ts'
import { __WALL, WNOHANG } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'

const FIRST_DELAY_MS = 1
const LONGEST_DELAY_MS = 500
const WAIT4 = syscallNumber('wait4')

/** Returns at once. Harmless for what is no child of ours. */
export function reap(pid: number, delayMs: number = FIRST_DELAY_MS): void {
  if (syscall(WAIT4, pid, 0, WNOHANG | __WALL, 0) !== 0) return
  setTimeout(reap, delayMs, pid, Math.min(delayMs * 2, LONGEST_DELAY_MS)).unref()
}
