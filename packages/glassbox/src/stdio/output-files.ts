/**
 * Files of a box become files of the host. A program may have left a link, or another's file,
 * under the name that is to be written, if that lies in a writable bind: so a new file is made
 * beside it, by the descriptor of its directory, and takes its place when it is whole (rename(2)).
 * What was there is never written to, and keeps its contents for those who have it open. Below a
 * directory nothing is followed either.
 */
import { fchmodSync, statSync, write as writeCallback } from 'node:fs'
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

const write = promisify(writeCallback)
const OWNER_ALL = 0o700

/** A file of the host, or a directory and what is in it. Failures name the file of the host. */
export class OutputTree {
  readonly #target: string
  readonly #paths: HostPaths
  #writer: { readonly tree: TreeWriter; readonly parent: number; readonly name: string } | undefined

  constructor(target: string, paths: HostPaths) {
    this.#target = target
    this.#paths = paths
  }

  /** `below`: the names from the target on; none for the target itself. */
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
    hint: hintFor(cause, 'Name a file in a directory that you may write.'),
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

/** A terminal, a pipe or a device, such as /dev/stdout: nothing takes its place. */
function isSpecial(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats !== undefined && !stats.isFile() && !stats.isDirectory()
}

/**
 * A FIFO without a reader is an error. For a slow reader a thread of libuv's pool waits, not this
 * one.
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
