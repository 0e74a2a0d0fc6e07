/**
 * The contents of the host's small files in one memory file, from which init copies them into its
 * box. It is made once for a list of files and kept for the life of the process. It is sealed,
 * because the inits of all boxes share it.
 */
import { keepDescriptor, writeAll } from '../gate/descriptors.ts'
import type { SmallFile } from '../rootfs/types.ts'
import { createMemoryFile, sealMemoryFile } from '../gate/memory-file.ts'

const stores = new WeakMap<readonly SmallFile[], number>()

/** The descriptor of the store: the contents of `files`, one after another. */
export function storeOf(files: readonly SmallFile[]): number {
  const known = stores.get(files)
  if (known !== undefined) return known
  const descriptor = createMemoryFile('glassbox')
  keepDescriptor(descriptor, () => {
    for (const { contents } of files) writeAll(descriptor, contents)
    sealMemoryFile(descriptor)
  })
  stores.set(files, descriptor)
  return descriptor
}
