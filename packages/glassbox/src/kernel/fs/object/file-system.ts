/**
 * A TypeScript object as a file system: the caller's functions say what there is. Nothing is
 * cached from one system call to the next. Sizes are bounded, because contents are memory of the
 * kernel and not of its programs.
 */
import { EAGAIN, ENOMEM } from '../../../linux/errno-numbers.ts'
import { newDevice } from '../memory/file-system.ts'
import type { FileSystem, FileSystemStatistics, Inode, Time } from '../vfs.ts'
import type { ObjectAnswer, ObjectClient, ObjectEntry, ObjectRequest } from './answers.ts'

/** The largest file, and all contents of open files of a mount together. */
export const MOST_FILE_BYTES: number = 16 * 2 ** 20
export const MOST_OPEN_BYTES: number = 64 * 2 ** 20
/** FUSE_SUPER_MAGIC: programs know it as a file system served by a process. */
const MAGIC = 0x6573_5546
const MOST_INODES = 65_536

/** A mounted object, as values that can be sent to the kernel thread. */
export interface ObjectMountDescription {
  readonly target: string
  /** Whether it has `write`. */
  readonly writable: boolean
  /** Whether it has `stat`; otherwise lists say what there is. */
  readonly stats: boolean
}

export interface ObjectHost {
  readonly client: ObjectClient
  readonly owner: { readonly uid: number; readonly gid: number }
  now(): Time
}

/** An inode of it, which a look-up tells its attributes. */
export interface ObjectNode extends Inode {
  seen(shown: Pick<ObjectEntry, 'size' | 'mtimeMs'>): void
}

/** A file, as its open files see it. */
export interface StoredFile extends Inode {
  readonly fileSystem: ObjectFileSystem
  readonly path: string
  /** Replaces the contents. 0, or a negative errno. */
  store(bytes: Uint8Array): number
}

export class ObjectFileSystem implements FileSystem {
  readonly type = 'fuse.glassbox'
  readonly source = 'glassbox'
  readonly dev: number = newDevice()
  readonly host: ObjectHost
  readonly description: ObjectMountDescription
  /** Those that were looked up, by path. */
  readonly inodes: Map<string, ObjectNode> = new Map()
  readonly #mount: number
  readonly #numbers = new Map<string, number>()
  #nextIno = 2
  /** Bytes of open files. */
  #bytes = 0

  constructor(mount: number, description: ObjectMountDescription, host: ObjectHost) {
    this.#mount = mount
    this.description = description
    this.host = host
  }

  /** An answer with `error` 0, or a negative errno; −EAGAIN: the call is made again with it. */
  ask(request: Omit<ObjectRequest, 'mount'>): ObjectAnswer | number {
    const answer = this.host.client.ask({ ...request, mount: this.#mount })
    if (answer === undefined) return -EAGAIN
    return answer.error === 0 ? answer : -answer.error
  }

  hand(path: string, bytes: Uint8Array): void {
    this.host.client.hand({ mount: this.#mount, operation: 'write', path, bytes })
  }

  /** The same number for the same path, as long as not too many paths were seen. */
  inoOf(path: string): number {
    let ino = path === '/' ? 1 : this.#numbers.get(path)
    if (ino === undefined) {
      if (this.#numbers.size >= MOST_INODES) {
        this.#numbers.clear()
        this.inodes.clear()
      }
      ino = this.#nextIno++
      this.#numbers.set(path, ino)
    }
    return ino
  }

  /** An open file takes more bytes, or gives them back. 0, or −ENOMEM. */
  count(bytes: number): number {
    if (bytes > 0 && this.#bytes + bytes > MOST_OPEN_BYTES) return -ENOMEM
    this.#bytes += bytes
    return 0
  }

  statistics(): FileSystemStatistics {
    return {
      ...{ type: MAGIC, blockSize: 4096, blocks: 0, freeBlocks: 0 },
      ...{ files: 0, freeFiles: 0, nameLength: 255 },
    }
  }
}
