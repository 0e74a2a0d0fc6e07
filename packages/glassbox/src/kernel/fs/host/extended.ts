/**
 * Extended attributes of files of the host: those of the namespace `user.`, which belong to the
 * owner. No others are asked for or changed.
 */
import type { ExtendedAttributes } from '../vfs.ts'
import { attributeNames, attributeValue, removeAttribute, setAttribute } from './extended-calls.ts'

const isOfUsers = (name: string): boolean => name.startsWith('user.')

export class HostAttributes implements ExtendedAttributes {
  readonly #descriptor: () => number

  /** `descriptor` answers with one of the inode (O_PATH is enough), or a negative errno. */
  constructor(descriptor: () => number) {
    this.#descriptor = descriptor
  }

  #ask<Result>(question: (fd: number) => Result): Result | number {
    const fd = this.#descriptor()
    return fd < 0 ? fd : question(fd)
  }

  get(name: string): Uint8Array | number {
    return this.#ask(fd => attributeValue(fd, name))
  }

  set(name: string, value: Uint8Array, flags: number): number {
    return this.#ask(fd => setAttribute(fd, name, value, flags))
  }

  list(): readonly string[] {
    const names = this.#ask(attributeNames)
    return typeof names === 'number' ? [] : names.filter(isOfUsers)
  }

  remove(name: string): number {
    return this.#ask(fd => removeAttribute(fd, name))
  }
}
