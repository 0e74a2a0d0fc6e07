/**
 * Ending all tracees by SIGKILL: also those that are born meanwhile. A process that was killed
 * makes no more children, and a new one is killed at its first stop, before it has run at all; so
 * there is no second generation, and the loop ends by itself when wait4 knows of none.
 */
import { syscall } from '../../gate/gate.ts'
import { signalNumber } from '../../linux/signals.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { Loop } from '../loop.ts'
import { isEnd } from '../stop.ts'

const KILL = syscallNumber('kill')
const SIGKILL = signalNumber('SIGKILL') ?? 0

/** What stops from now on is killed; its stop is then handled as usual. */
export function killAll(loop: Loop): void {
  loop.intercept = (_task, tid, kind) => {
    // It has not been waited for, so the id is its own still. That of a thread reaches its
    // process.
    if (!isEnd(kind)) syscall(KILL, tid, SIGKILL)
    return false
  }
  for (const tid of [...loop.tasks.keys(), ...loop.held()]) syscall(KILL, tid, SIGKILL)
}
