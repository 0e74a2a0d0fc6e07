/**
 * Writes files of a box to the host. If the target lies in a writable bind, a program may have
 * left a link there, or a hard link to another file. So a new file is made beside the target, by
 * the descriptor of its directory, and renamed to the target once it is complete (rename(2)). An
 * existing file is never written to; processes that have it open keep the old contents. No link
 * below a target directory is followed.
 */
import { fchmodSync, write as writeCallback } from 'node:fs'
import { promisify } from 'node:util'
import { GlassboxError } from '../errors.ts'
import { randomHex } from '../gate/random.ts'
import { close, makeBlocking, openat2 } from '../gate/descriptors.ts'
import { call, cString } from '../gate/gate.ts'
import { O_CREAT, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } from '../linux/constants.ts'
import { BENEATH, unlink } from './files/beneath.ts'
import { hintFor, inWords } from './files/errors.ts'
import { TreeWriter } from './files/tree-writer.ts'
import type { FoundFile } from './files/visitor.ts'
import type { HostPaths } from './host-paths.ts'
import { isSpecial } from './special-file.ts'

const write = promisify(writeCallback)
const OWNER_ALL = 0o700

/** A target on the host: a file, or a directory with its contents. Errors name the host's file. */
export class OutputTree {
  readonly #target: string
  readonly #paths: HostPaths
  #writer: { readonly tree: TreeWriter; readonly parent: number; readonly name: string } | undefined

  constructor(target: string, paths: HostPaths) {
    this.#target = target
    this.#paths = paths
  }

  /** Writes a file. `below`: its path relative to the target; empty for the target itself. */
  async file(below: readonly string[], file: FoundFile): Promise<void> {
    await this.#naming(below, async () => {
      if (below.length === 0) await writeHostFile(this.#target, this.#paths, file)
      else {
        const { tree, name } = this.#opened()
        await tree.file([name, ...below], file.mode, fd => file.copyTo(fd))
      }
    })
  }

  async directory(below: readonly string[], mode: number): Promise<void> {
    await this.#naming(below, async () => {
      const { tree, name } = this.#opened()
      tree.directory([name, ...below], mode | OWNER_ALL)
    })
  }

  close(): void {
    if (!this.#writer) return
    this.#writer.tree.close()
    close(this.#writer.parent)
    this.#writer = undefined
  }

  #opened(): { readonly tree: TreeWriter; readonly name: string } {
    if (!this.#writer) {
      const { directory: parent, name } = this.#paths.openParent(this.#target)
      this.#writer = { parent, name, tree: new TreeWriter(parent, { resolve: BENEATH }) }
    }
    return this.#writer
  }

  async #naming(below: readonly string[], work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      throw notWritten([this.#target, ...below].join('/'), error)
    }
  }
}

function notWritten(path: string, cause: unknown): GlassboxError {
  const { errno } = cause as NodeJS.ErrnoException
  return new GlassboxError('ERR_GLASSBOX_FILE', `Cannot write ${path}: ${inWords(cause)}`, {
    path,
    hint: hintFor(cause, 'Name a file in a directory that you may write to.'),
    cause,
    ...(errno === undefined ? {} : { errno: Math.abs(errno) }),
  })
}

async function writeHostFile(target: string, paths: HostPaths, file: FoundFile): Promise<void> {
  if (isSpecial(target) && !paths.isWritable(target)) return writeToSpecial(target, paths, file)
  const { directory, name } = paths.openParent(target)
  try {
    await replace(directory, name, file)
  } finally {
    close(directory)
  }
}

/**
 * Writes to a terminal, pipe or device. A FIFO without a reader is an error. If the reader is
 * slow, a thread of libuv's pool waits, not this thread.
 */
async function writeToSpecial(target: string, paths: HostPaths, file: FoundFile): Promise<void> {
  const fd = paths.open(target, O_WRONLY | O_NONBLOCK | O_NOCTTY)
  try {
    makeBlocking(fd)
    const bytes = await file.read()
    for (let at = 0; at < bytes.length; ) at += (await write(fd, bytes, at)).bytesWritten
  } finally {
    close(fd)
  }
}

async function replace(directory: number, name: string, file: FoundFile): Promise<void> {
  const temporary = `.glassbox-${randomHex(8)}`
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
  const fd = openat2(directory, temporary, { flags, mode: 0o600, resolve: BENEATH })
  try {
    await file.copyTo(fd)
    fchmodSync(fd, file.mode)
    call('renameat', [directory, cString(temporary), directory, cString(name)], name)
  } catch (error) {
    unlink(directory, temporary)
    throw error
  } finally {
    close(fd)
  }
}
