/** Ends this process as its command ended: by a signal, without a core file of its own. */
import { call, syscall } from '../gate/gate.ts'
import { syscallNumber } from '../linux/syscalls.ts'

const RLIMIT_CORE = 4
const SIGACTION_BYTES = 32
const SIGSET_BYTES = 8
const KILL = syscallNumber('kill')
const SIGKILL = 9

/** Does not return, unless the signal is one that ends nothing. */
export function dieBy(signal: number): void {
  call('prlimit64', [0, RLIMIT_CORE, new BigUint64Array(2), 0])
  // SIG_DFL: Node handles some of them. SIGKILL has no action.
  if (signal !== SIGKILL) call('rt_sigaction', [signal, new Uint8Array(SIGACTION_BYTES), 0, SIGSET_BYTES])
  syscall(KILL, process.pid, signal)
}
