/** What a path of a program leads to. */
import { ERRNO } from '../../linux/errno.ts'
import { closeObject } from './object.ts'

/**
 * - `object`: `fd` is open with O_PATH, and whoever receives it closes it.
 * - `missing`: the directory exists, but not its last entry. A call may make it.
 * - `failed`: the kernel would fail with `errno`.
 * - `stranger`: it belongs to a process outside the program, and is refused.
 * - `unseen`: the tracer may not look at the thread, so what it means is unknown.
 */
export interface Found {
  readonly kind: 'object' | 'missing' | 'failed' | 'stranger' | 'unseen'
  readonly fd: number
  /** The path without links, as far as it is known. Other objects have names like `pipe:[1]`. */
  readonly name: string
  readonly errno: number
  /** The text of a link, if it is another one for the program than for the tracer. */
  readonly link?: string
  /** The program named the object by a descriptor of its own. `fd` belongs to what was named. */
  readonly byDescriptor?: boolean
}

export const found = (fd: number, name: string): Found => ({ kind: 'object', fd, name, errno: 0 })
export const missing = (name: string): Found => ({ kind: 'missing', fd: -1, name, errno: ERRNO.ENOENT })
export const failed = (errno: number, name: string): Found => ({ kind: 'failed', fd: -1, name, errno })
export const stranger = (name: string): Found => ({ kind: 'stranger', fd: -1, name, errno: ERRNO.EACCES })
export const UNSEEN: Found = { kind: 'unseen', fd: -1, name: '', errno: ERRNO.EACCES }

/** Closes the descriptors of what was found. */
export function closeFound(all: readonly Found[]): void {
  for (const { fd, byDescriptor } of all) if (!byDescriptor) closeObject(fd)
}
