/** Extended attributes in memory: xattr(7). */
import { XATTR_CREATE, XATTR_REPLACE } from '../../../linux/constants.ts'
import { EEXIST, ENODATA, ENOSPC } from '../../../linux/errno-numbers.ts'
import type { ExtendedAttributes } from '../vfs.ts'

/** Names and values of one inode take no more than this, so that they cannot fill the memory. */
const MOST_BYTES = 64 * 1024

export class MemoryAttributes implements ExtendedAttributes {
  readonly #changed: () => void
  #values: Map<string, Uint8Array> | undefined

  constructor(changed: () => void) {
    this.#changed = changed
  }

  get(name: string): Uint8Array | number {
    return this.#values?.get(name) ?? -ENODATA
  }

  set(name: string, value: Uint8Array, flags: number): number {
    const known = this.#values?.has(name) === true
    if (known && (flags & XATTR_CREATE) !== 0) return -EEXIST
    if (!known && (flags & XATTR_REPLACE) !== 0) return -ENODATA
    const values = (this.#values ??= new Map<string, Uint8Array>())
    let bytes = name.length + value.length
    for (const [key, { length }] of values) if (key !== name) bytes += key.length + length
    if (bytes > MOST_BYTES) return -ENOSPC
    values.set(name, value)
    this.#changed()
    return 0
  }

  list(): readonly string[] {
    return [...(this.#values?.keys() ?? [])]
  }

  remove(name: string): number {
    if (this.#values?.delete(name) !== true) return -ENODATA
    this.#changed()
    return 0
  }
}
