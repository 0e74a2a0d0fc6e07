/** The descriptors of a process. Shared by CLONE_FILES, copied by fork(2). */
import type { OpenFile } from './vfs.ts'

export interface FdTable {
  /** undefined: EBADF. */
  get(fd: number): OpenFile | undefined
  /**
   * The lowest free descriptor from `from` on; −EMFILE at the limit. Whoever makes, truncates or
   * takes something for a descriptor asks first: without one, nothing has happened.
   */
  free(from?: number): number
  /** The lowest free descriptor from `from` on now refers to the file; −EMFILE at the limit. */
  add(file: OpenFile, closeOnExec: boolean, from?: number): number
  /** dup2(2): closes what was there. */
  set(fd: number, file: OpenFile, closeOnExec: boolean): number
  close(fd: number): number
  closesOnExec(fd: number): boolean
  setCloseOnExec(fd: number, value: boolean): void
  /** For fork(2). `limit`: RLIMIT_NOFILE of the new process; the same object if it is left out. */
  copy(limit?: { readonly soft: number }): FdTable
  /** For execve(2). */
  closeForExec(): void
  closeAll(): void
  /** Open descriptors in ascending order: /proc/self/fd. */
  numbers(): readonly number[]
  /** Descriptors are below it. */
  readonly limit: number
  /** For how many descriptors there is room now; more is made when they are used. */
  readonly size: number
  /** dup2(2) makes room for its target before it looks at its source. */
  makeRoom(fd: number): void
}
