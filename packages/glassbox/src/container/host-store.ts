/**
 * The contents of the host's small files in one file of memory, from which init copies them into its box. Made once for a list of
 * files, and held for the life of the process; sealed, since init of a box gets the same file.
 */
import { writeSync } from 'node:fs'
import { GlassboxError } from '../errors.ts'
import { call, cString } from '../gate/gate.ts'
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
import type { SmallFile } from '../rootfs/types.ts'

/** Linux 6.3; not in the headers that the constants come from. */
const MFD_NOEXEC_SEAL = 8
const SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE

const stores = new WeakMap<readonly SmallFile[], number>()

/** The descriptor of the store: the contents of `files`, one after another. */
export function storeOf(files: readonly SmallFile[]): number {
  const known = stores.get(files)
  if (known !== undefined) return known
  const descriptor = createMemory('glassbox')
  for (const { contents } of files) writeAll(descriptor, contents)
  call('fcntl', [descriptor, F_ADD_SEALS, SEALS])
  stores.set(files, descriptor)
  return descriptor
}

/** Not executable where the kernel can say so (Linux 6.3); hosts may insist on it (vm.memfd_noexec). */
function createMemory(name: string): number {
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING
  try {
    return call('memfd_create', [cString(name), flags | MFD_NOEXEC_SEAL])
  } catch (error) {
    if (!(error instanceof GlassboxError) || error.errno !== ERRNO.EINVAL) throw error
    return call('memfd_create', [cString(name), flags])
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
}
