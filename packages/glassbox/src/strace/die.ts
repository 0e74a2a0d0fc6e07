/** Ends this process as its command ended: by the same signal, without a core file of its own. */
import { call, syscall } from '../gate/gate.ts'
import { syscallNumber } from '../linux/syscalls.ts'

const RLIMIT_CORE = 4
const SIGACTION_BYTES = 32
const SIGSET_BYTES = 8
const KILL = syscallNumber('kill')
const SIGKILL = 9

/** Does not return, unless the signal does not end a process. */
export function dieBy(signal: number): void {
  call('prlimit64', [0, RLIMIT_CORE, new BigUint64Array(2), 0])
  // SIG_DFL, because Node handles some of them. SIGKILL has no action to set.
  if (signal !== SIGKILL) call('rt_sigaction', [signal, new Uint8Array(SIGACTION_BYTES), 0, SIGSET_BYTES])
  syscall(KILL, process.pid, signal)
}
