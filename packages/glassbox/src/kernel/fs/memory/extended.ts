/** Extended attributes in memory: xattr(7). */
import { XATTR_CREATE, XATTR_REPLACE } from '../../../linux/constants.ts'
import { EEXIST, ENODATA, ENOSPC } from '../../../linux/errno-numbers.ts'
import type { ExtendedAttributes } from '../vfs.ts'

/** Names and values of one inode take no more than this. */
const MOST_BYTES = 64 * 1024

/** Where they are: the file system counts their bytes, so that many inodes cannot fill memory. */
export interface AttributeOwner {
  /** Takes so many bytes more, or gives them back; false if there is no room. */
  takeBytes(bytes: number): boolean
  changed(): void
}

export class MemoryAttributes implements ExtendedAttributes {
  readonly #owner: AttributeOwner
  #values: Map<string, Uint8Array> | undefined
  #held = 0

  constructor(owner: AttributeOwner) {
    this.#owner = owner
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
    if (bytes > MOST_BYTES || !this.#owner.takeBytes(bytes - this.#held)) return -ENOSPC
    this.#held = bytes
    values.set(name, value)
    this.#owner.changed()
    return 0
  }

  list(): readonly string[] {
    return [...(this.#values?.keys() ?? [])]
  }

  remove(name: string): number {
    const value = this.#values?.get(name)
    if (value === undefined) return -ENODATA
    this.#values?.delete(name)
    this.#give(name.length + value.length)
    this.#owner.changed()
    return 0
  }

  /** The inode is gone. */
  free(): void {
    this.#values = undefined
    if (this.#held > 0) this.#give(this.#held)
  }

  #give(bytes: number): void {
    this.#held -= bytes
    this.#owner.takeBytes(-bytes)
  }
}
