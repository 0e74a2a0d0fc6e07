/** Capabilities of this process, what is said to capset(2), and the highest one of the running kernel. */
import { readFileSync } from 'node:fs'
import { call } from '../gate/gate.ts'

function lastCapability(): number {
  try {
    return Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'))
  } catch {
    return 40 // CAP_CHECKPOINT_RESTORE, Linux 5.9; later kernels have no more so far
  }
}

export const LAST_CAPABILITY: number = lastCapability()

/** _LINUX_CAPABILITY_VERSION_3: 64 bits a set. */
export const CAPABILITY_VERSION_3 = 0x20080522

/** capget(2) of the calling thread: two times 32 bits of effective, permitted and inheritable. A hundredth of what reading /proc/self/status takes. */
export function effectiveCapabilities(): bigint {
  const sets = new Uint32Array(6)
  call('capget', [Uint32Array.of(CAPABILITY_VERSION_3, 0), sets])
  return BigInt(sets[0] ?? 0) | (BigInt(sets[3] ?? 0) << 32n)
}
