/**
 * Places of files without a name: pipes, sockets, epoll. They lie in no directory; /proc/self/fd
 * shows them as `pipe:[7]` and opens them again by their inode.
 */
import { ENXIO } from '../../../linux/errno-numbers.ts'
import { S_IFMT } from '../../../linux/constants.ts'
import { newDevice } from '../memory/file-system.ts'
import type {
  AttributeChange,
  Attributes,
  FileSystem,
  Inode,
  Location,
  Mount,
  OpenFile,
  Time,
} from '../vfs.ts'
import { Name } from './dentry.ts'

class AnonymousFileSystem implements FileSystem {
  readonly type: string
  readonly source: string
  readonly dev: number = newDevice()

  constructor(type: string) {
    this.type = type
    this.source = type
  }

  statistics(): ReturnType<FileSystem['statistics']> {
    const nothing = { blocks: 0, freeBlocks: 0, files: 0, freeFiles: 0 }
    return { type: 0x50495045, blockSize: 4096, nameLength: 255, ...nothing }
  }
}

const NOWHERE: Time = { seconds: 0, nanoseconds: 0 }

/** An inode that only open files have. Times are those of its making. */
export class AnonymousInode implements Inode, Attributes {
  readonly type: number
  mode: number
  readonly dev: number
  readonly ino: number
  readonly nlink: number = 1
  uid = 0
  gid = 0
  readonly rdev: number = 0
  readonly size: number = 0
  readonly blocks = 0
  readonly blockSize = 4096
  atime: Time = NOWHERE
  mtime: Time = NOWHERE
  ctime: Time = NOWHERE
  btime: Time = NOWHERE
  readonly #reopen: ((flags: number, location: Location) => OpenFile | number) | undefined

  constructor(
    mode: number,
    ino: number,
    dev: number,
    owner: { readonly uid: number; readonly gid: number },
    reopen?: (flags: number, location: Location) => OpenFile | number,
  ) {
    this.mode = mode
    this.type = mode & S_IFMT
    this.ino = ino
    this.dev = dev
    this.uid = owner.uid
    this.gid = owner.gid
    this.#reopen = reopen
  }

  attributes(): Attributes {
    return this
  }

  change({ mode, uid, gid, atime, mtime }: AttributeChange): number {
    if (mode !== undefined) this.mode = this.type | (mode & 0o7777)
    if (uid !== undefined) this.uid = uid
    if (gid !== undefined) this.gid = gid
    if (atime !== undefined) this.atime = atime
    if (mtime !== undefined) this.mtime = mtime
    return 0
  }

  open(flags: number, location: Location): OpenFile | number {
    return this.#reopen === undefined ? -ENXIO : this.#reopen(flags, location)
  }
}

const mounts = new Map<string, Mount>()

/** The mount of one kind of files without names: `pipefs`, `sockfs`, `anon_inodefs`. */
export function anonymousMount(type: string): Mount {
  const known = mounts.get(type)
  if (known !== undefined) return known
  const fileSystem = new AnonymousFileSystem(type)
  const root = new Name('/', undefined, new AnonymousInode(0o40755, 1, fileSystem.dev, ROOT))
  const flags = { readOnly: false, noExec: true, noSuid: true, noDevices: true }
  const mount = { id: 1 + mounts.size, fileSystem, root, at: undefined, ...flags }
  mounts.set(type, mount)
  return mount
}

const ROOT = { uid: 0, gid: 0 }

let nextIno = 1

export const newAnonymousIno = (): number => nextIno++

/** The device number of files of this kind. */
export const deviceOf = (type: string): number => anonymousMount(type).root.inode.attributes().dev

/** The place of a file without name. `name`: as /proc/self/fd shows it. */
export function anonymousPlace(type: string, name: string, inode: Inode): Location {
  const mount = anonymousMount(type)
  return { mount, dentry: new Name(name, mount.root as Name, inode) }
}

/** Inode and place of a file of the kernel itself: `anon_inode:[eventfd]`. All share one inode. */
export function anonymousFile(kind: string): { readonly inode: Inode; readonly location: Location } {
  shared ??= new AnonymousInode(0o600, newAnonymousIno(), deviceOf('anon_inodefs'), ROOT)
  return { inode: shared, location: anonymousPlace('anon_inodefs', `anon_inode:${kind}`, shared) }
}

let shared: AnonymousInode | undefined
