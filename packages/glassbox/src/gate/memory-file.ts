/** Memory files, which cannot be changed once they are sealed: memfd_create(2), Linux 3.17. */
import { GlassboxError } from '../errors.ts'
import { call, cString } from './gate.ts'
import {
  F_ADD_SEALS,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
} from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'

/** Linux 6.3. Not in the headers from which the constants are generated. */
const MFD_NOEXEC_SEAL = 8
const SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE

/**
 * Makes an empty memory file. It is not executable if the kernel supports that flag (Linux 6.3),
 * which a host may require (vm.memfd_noexec). The caller closes the descriptor.
 */
export function createMemoryFile(name: string): number {
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING
  try {
    return call('memfd_create', [cString(name), flags | MFD_NOEXEC_SEAL])
  } catch (error) {
    if (!(error instanceof GlassboxError) || error.errno !== ERRNO.EINVAL) throw error
    return call('memfd_create', [cString(name), flags])
  }
}

/** Seals the file: afterwards no process can change its contents or size. */
export function sealMemoryFile(descriptor: number): void {
  call('fcntl', [descriptor, F_ADD_SEALS, SEALS])
}
