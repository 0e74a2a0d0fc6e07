/**
 * Kills all tracees by SIGKILL, including any that are born meanwhile. A killed process creates
 * no more children, and a new child is killed at its first stop, before it runs. So there is no
 * second generation, and the loop ends when wait4 finds no child.
 */
import { syscall } from '../../gate/gate.ts'
import { signalNumber } from '../../linux/signals.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { Loop } from '../loop.ts'
import { isEnd } from '../stop.ts'

const KILL = syscallNumber('kill')
const SIGKILL = signalNumber('SIGKILL') ?? 0

/** Kills each tracee that stops from now on. Its stop is then handled as usual. */
export function killAll(loop: Loop): void {
  loop.intercept = (_task, tid, kind) => {
    // It has not been waited for, so its id cannot have been reused. A signal to a thread id
    // reaches the process.
    if (!isEnd(kind)) syscall(KILL, tid, SIGKILL)
    return false
  }
  for (const tid of [...loop.tasks.keys(), ...loop.held()]) syscall(KILL, tid, SIGKILL)
}
