/**
 * CLONE_UNTRACED makes a child that its parent's tracer does not get. A trace that follows children takes the flag off: no process may leave it,
 * and one that left it under a filter would find the calls that stop there failing with ENOSYS.
 */
import type { Abi } from '../decode/types.ts'
import { CLONE_UNTRACED } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { setArgument } from './registers.ts'
import type { StoppedTracee } from './stopped-tracee.ts'

const UNTRACED = BigInt(CLONE_UNTRACED)
const FLAGS_BYTES = 8
const CLONE = syscallNumber('clone')
const CLONE3 = syscallNumber('clone3')
/** asm/unistd_32.h; clone3 has the same number everywhere. */
const I386_CLONE = 120

/** To be asked at the entry of every call. */
export function keepTraced(abi: Abi, nr: number, args: readonly bigint[], stopped: StoppedTracee): void {
  const first = args[0] ?? 0n
  if (nr === (abi === 'i386' ? I386_CLONE : CLONE)) {
    if ((first & UNTRACED) !== 0n) setArgument(stopped.tid, abi, 0, first & ~UNTRACED)
  } else if (nr === CLONE3) {
    const flags = stopped.read(first, FLAGS_BYTES)
    if (flags.length < FLAGS_BYTES) return
    const value = new DataView(flags.buffer, flags.byteOffset).getBigUint64(0, true)
    if ((value & UNTRACED) !== 0n)
      stopped.write(first, new Uint8Array(BigUint64Array.of(value & ~UNTRACED).buffer))
  }
}
