/**
 * Makes files, directories and links beneath an open directory. What has the name of a new file is
 * replaced, never followed; a directory that is there is used as it is. Nothing depends on the
 * umask of this process.
 *
 * The last directory that was written to stays open, since the next file is most often in it;
 * `close` closes it.
 */
import { fchmodSync, fchownSync } from 'node:fs'
import { close, keepDescriptor, openat2 } from '../../gate/descriptors.ts'
import { call, cString, syscall, systemError } from '../../gate/gate.ts'
import {
  AT_EMPTY_PATH,
  AT_SYMLINK_NOFOLLOW,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_WRONLY,
} from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { Owner } from '../pipe.ts'
import { setMode, unlink } from './beneath.ts'

const DIRECTORY_MODE = 0o755
const NO_PATH = cString('')

export interface TreeWriterOptions {
  /** `BENEATH` or `BENEATH_ON_ONE_MOUNT`. */
  readonly resolve: number
  /** Who gets what is made; ids of the host. Left out: the user of this process. */
  readonly owner?: Owner | undefined
}

export class TreeWriter {
  readonly #top: number
  readonly #resolve: number
  readonly #owner: Owner | undefined
  #parent: { readonly path: string; readonly fd: number } | undefined

  /** `top` stays the caller's. */
  constructor(top: number, { resolve, owner }: TreeWriterOptions) {
    this.#top = top
    this.#resolve = resolve
    this.#owner = owner
  }

  /** Makes a directory, and those above it. One that is there keeps its mode. */
  directory(names: readonly string[], mode: number = DIRECTORY_MODE): void {
    this.#open(names, mode)
  }

  /**
   * Makes a regular file; `fill` writes to its descriptor. A file that could not be filled is
   * removed.
   */
  async file(names: readonly string[], mode: number, fill: (fd: number) => Promise<unknown>): Promise<void> {
    const parent = this.#open(names.slice(0, -1))
    const name = names.at(-1) ?? ''
    unlink(parent, name)
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
    const file = openat2(parent, name, { flags, mode: 0o600, resolve: this.#resolve })
    try {
      await fill(file)
      if (this.#owner) fchownSync(file, this.#owner.uid, this.#owner.gid)
      fchmodSync(file, mode)
    } catch (error) {
      unlink(parent, name)
      throw error
    } finally {
      close(file)
    }
  }

  link(names: readonly string[], target: Uint8Array): void {
    const parent = this.#open(names.slice(0, -1))
    const name = cString(names.at(-1) ?? '')
    syscall(syscallNumber('unlinkat'), parent, name, 0)
    call('symlinkat', [Buffer.concat([target, Buffer.of(0)]), parent, name], names.join('/'))
    if (!this.#owner) return
    const { uid, gid } = this.#owner
    call('fchownat', [parent, name, uid, gid, AT_SYMLINK_NOFOLLOW], names.join('/'))
  }

  close(): void {
    if (this.#parent) close(this.#parent.fd)
    this.#parent = undefined
  }

  /** The descriptor of a directory, made where it is not there; valid until the next call. */
  #open(names: readonly string[], mode: number = DIRECTORY_MODE): number {
    if (names.length === 0) return this.#top
    const path = names.join('/')
    if (this.#parent?.path === path) return this.#parent.fd
    let at: number | undefined
    try {
      for (const [index, name] of names.entries()) {
        const next = this.#enter(at ?? this.#top, name, index === names.length - 1 ? mode : DIRECTORY_MODE)
        if (at !== undefined) close(at)
        at = next
      }
    } catch (error) {
      if (at !== undefined) close(at)
      throw error
    }
    this.close()
    this.#parent = { path, fd: at ?? -1 }
    return this.#parent.fd
  }

  /** By the descriptor of the one above it: the caller closes the new one. */
  #enter(above: number, name: string, mode: number): number {
    const made = syscall(syscallNumber('mkdirat'), above, cString(name), DIRECTORY_MODE)
    if (made < 0 && made !== -ERRNO.EEXIST) throw systemError('mkdirat', -made, name)
    const flags = O_PATH | O_DIRECTORY | O_NOFOLLOW
    return keepDescriptor(openat2(above, name, { flags, resolve: this.#resolve }), fd => {
      if (made === 0) this.#own(fd, mode)
      return fd
    })
  }

  /**
   * What mkdir did not do: it took away what the umask says. By the descriptor, since the name may
   * lead elsewhere by now.
   */
  #own(directory: number, mode: number): void {
    setMode(directory, mode)
    if (this.#owner) call('fchownat', [directory, NO_PATH, this.#owner.uid, this.#owner.gid, AT_EMPTY_PATH])
  }
}

/** Runs `use` with a writer and closes it, whatever happens. */
export async function withTreeWriter<T>(
  top: number,
  options: TreeWriterOptions,
  use: (writer: TreeWriter) => Promise<T>,
): Promise<T> {
  const writer = new TreeWriter(top, options)
  try {
    return await use(writer)
  } finally {
    writer.close()
  }
}
