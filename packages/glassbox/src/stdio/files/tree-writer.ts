/**
 * Makes files, directories and links beneath an open directory. An existing file or link of that
 * name is replaced, never followed; an existing directory is used as it is. The umask of this
 * process has no effect.
 *
 * The directory of the last file stays open, because the next file is usually in it too. `close`
 * closes it.
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
  /** The owner of new entries, in ids of the host. Default: the user of this process. */
  readonly owner?: Owner | undefined
}

export class TreeWriter {
  readonly #top: number
  readonly #resolve: number
  readonly #owner: Owner | undefined
  #parent: { readonly path: string; readonly fd: number } | undefined

  /** `top` belongs to the caller. */
  constructor(top: number, { resolve, owner }: TreeWriterOptions) {
    this.#top = top
    this.#resolve = resolve
    this.#owner = owner
  }

  /** Makes a directory and its missing parents. An existing one keeps its mode. */
  directory(names: readonly string[], mode: number = DIRECTORY_MODE): void {
    this.#open(names, mode)
  }

  /**
   * Makes a regular file. `fill` writes to its descriptor; if it fails, the file is removed.
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

  /** Makes a symbolic link. */
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

  /** The descriptor of a directory, which is made if it is missing. Valid until the next call. */
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

  /** Opens or makes a directory in `above`. The caller closes the descriptor. */
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
   * Sets the mode and owner of a new directory, because mkdir(2) applies the umask. It uses the
   * descriptor, because the name may lead elsewhere by now.
   */
  #own(directory: number, mode: number): void {
    setMode(directory, mode)
    if (this.#owner) call('fchownat', [directory, NO_PATH, this.#owner.uid, this.#owner.gid, AT_EMPTY_PATH])
  }
}

/** Calls `use` with a writer, and closes the writer in every case. */
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
