/** What is said to capset(2), and the highest capability of the running kernel. */
import { readFileSync } from 'node:fs'

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
