/**
 * Reaps processes that this process started without an exit signal, so that neither libuv nor any
 * other wait takes them. A wait is by process id and never blocks. The pid of a child stays its
 * own until it is reaped.
 */
import { syscall } from '../gate/gate.ts'
import { __WALL, WNOHANG } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { retry } from './retry.ts'

const WAIT4 = syscallNumber('wait4')
const LONGEST_PAUSE_MS = { awaited: 50, left: 500 } as const

/**
 * Reaps a child of this process if it has ended. True if nothing is left to wait for: it is
 * reaped, or was no child.
 */
export const reapNow = (pid: number): boolean => syscall(WAIT4, pid, 0, WNOHANG | __WALL, 0) !== 0

/**
 * Resolves when `pid` is reaped. The waiting keeps the event loop alive until the process has
 * ended.
 */
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
 * Sees to it that no zombie is left of `pid`, whenever it ends. Returns at once and does not keep
 * the event loop alive.
 */
export function reap(pid: number): void {
  retry(() => reapNow(pid), { longestPauseMs: LONGEST_PAUSE_MS.left, ref: false })
}
