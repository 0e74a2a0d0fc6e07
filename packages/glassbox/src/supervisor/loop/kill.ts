/** SIGKILL for supervised processes. */
import { syscall } from '../../gate/gate.ts'
import { signalNumber } from '../../linux/signals.ts'
import { syscallNumber } from '../../linux/syscalls.ts'

const KILL = syscallNumber('kill')
const SIGKILL = signalNumber('SIGKILL') ?? 9

/**
 * Kills the process of this thread. The thread must not have been reaped, so that its id is still
 * its own.
 */
export function killProcess(tid: number): void {
  syscall(KILL, tid, SIGKILL)
}
