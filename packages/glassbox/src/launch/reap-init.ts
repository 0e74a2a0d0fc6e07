/**
 * Reaps the init of each box. An init is cloned without an exit signal, so neither libuv nor a wait of anybody
 * else's takes it; its end shows at its socket, which the kernel lets go of when all but the process itself is gone. Waits
 * are by process id and never block.
 */
import { syscall } from '../gate/gate.ts'
import { __WALL, WNOHANG } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'

/** What an init needs to end, most often: the event loop goes round for so long before it sleeps. */
const ROUNDS_MS = 2
const FIRST_DELAY_MS = 1
const LONGEST_DELAY_MS = 50
const WAIT4 = syscallNumber('wait4')

/** True when `pid` is reaped, or was no child of ours. */
const reapedNow = (pid: number): boolean => syscall(WAIT4, pid, 0, WNOHANG | __WALL, 0) !== 0

/** Resolves when `pid` is reaped. The waiting keeps the event loop alive, for at most as long as the process ends. */
export function reap(pid: number): Promise<void> {
  return new Promise(resolve => {
    const attempt = (delay: number): void => {
      if (reapedNow(pid)) resolve()
      else setTimeout(attempt, delay, Math.min(delay * 2, LONGEST_DELAY_MS))
    }
    const begun = performance.now()
    const round = (): void => {
      if (performance.now() - begun > ROUNDS_MS) attempt(FIRST_DELAY_MS)
      else if (reapedNow(pid)) resolve()
      else setImmediate(round)
    }
    round()
  })
}
