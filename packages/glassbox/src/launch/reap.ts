/**
 * Reaps processes that this process started without an exit signal, so that neither libuv nor any
 * other wait takes them. A wait is by process id and never blocks. The pid of a child is not
 * reused before it is reaped.
 */
import { syscall } from '../gate/gate.ts'
import { __WALL, WNOHANG } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { retry } from './retry.ts'

const WAIT4 = syscallNumber('wait4')
const LONGEST_PAUSE_MS = { awaited: 50, left: 500 } as const

/**
 * Reaps a child of this process if it has ended. Returns true if there is nothing left to wait
 * for: the child is reaped, or `pid` is not a child.
 */
export const reapNow = (pid: number): boolean => syscall(WAIT4, pid, 0, WNOHANG | __WALL, 0) !== 0

/** Resolves when `pid` is reaped. Keeps the event loop alive until then. */
export function reaped(pid: number): Promise<void> {
  return new Promise(resolve => {
    const attempt = (): boolean => {
      if (!reapNow(pid)) return false
      resolve()
      return true
    }
    retry(attempt, { longestPauseMs: LONGEST_PAUSE_MS.awaited })
  })
}

/**
 * Reaps `pid` whenever it ends, so it does not stay a zombie. Returns at once and does not keep
 * the event loop alive.
 */
export function reap(pid: number): void {
  retry(() => reapNow(pid), { longestPauseMs: LONGEST_PAUSE_MS.left, ref: false })
}
