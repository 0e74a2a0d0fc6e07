/**
 * Gives the files of a box to another user: to the program's before a run, and back to the owner
 * of the box after it. No program runs meanwhile, but the owner may change names at any time. So
 * every name is looked at and changed from the descriptor of its directory, without following a
 * link, and one directory is open at a time, at any depth.
 *
 * Links, FIFOs, sockets and devices are removed on the way, unless they are to be kept: a caller
 * that reads what a program has left is not to be led elsewhere. A mount stops the walk, because
 * its files are not the box's.
 */
import { closeSync, fstatSync, openSync } from 'node:fs'
import { openat2 } from '../../../gate/descriptors.ts'
import { call, syscall } from '../../../gate/gate.ts'
import {
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_RDONLY,
  STATX_ATTR_MOUNT_ROOT,
  STATX_GID,
  STATX_UID,
} from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { pathOfBytes } from '../../../linux/path-bytes.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import { BENEATH_ON_ONE_MOUNT, nextNames, openDirectory } from '../../../stdio/files/beneath.ts'
import { Pace } from '../../../stdio/files/pace.ts'
import { type Ids, IsolateError } from '../../types.ts'
import { attempt, attemptAsync } from '../complaint.ts'

const STATX = syscallNumber('statx')
/** struct statx; see statx(2). */
const STATX_LAYOUT = { SIZE: 256, attributes: 8, uid: 20, gid: 24 } as const
const stat = Buffer.alloc(STATX_LAYOUT.SIZE)

export interface Ownership {
  readonly owner: Ids
  readonly keepSpecialFiles: boolean
}

/** A directory above the open one: where it is, and its subdirectories that are yet to come. */
interface Above {
  readonly inode: bigint
  readonly left: string[]
}

/**
 * Gives `box` and everything in it to `owner`. Throws IsolateError if something is mounted in it,
 * or if its directories are moved meanwhile.
 */
export function giveBox(box: string, ownership: Ownership): Promise<void> {
  return attemptAsync(`chown ${box}`, () => new Walk(ownership).run(box))
}

class Walk {
  readonly #ownership: Ownership
  readonly #pace = new Pace()

  constructor(ownership: Ownership) {
    this.#ownership = ownership
  }

  async run(box: string): Promise<void> {
    const { uid, gid } = this.#ownership.owner
    let directory = openSync(box, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    const path: Above[] = []
    try {
      let left = await this.#giveFiles(directory)
      for (;;) {
        const name = left.pop()
        if (name !== undefined) {
          const next = enter(directory, name)
          path.push({ inode: inodeOf(directory), left })
          closeSync(directory)
          directory = next
          left = await this.#giveFiles(directory)
          continue
        }
        call('fchown', [directory, uid, gid])
        const above = path.pop()
        if (!above) return
        const parent = leave(directory, above)
        closeSync(directory)
        directory = parent
        left = above.left
      }
    } finally {
      closeSync(directory)
    }
  }

  /** Gives the files of a directory, and returns the names of its directories. */
  async #giveFiles(directory: number): Promise<string[]> {
    const below: string[] = []
    for (let names = nextNames(directory); names.length > 0; names = nextNames(directory)) {
      for (const { name, type } of names) {
        if (type === 'directory') below.push(pathOfBytes(name))
        else this.#give(directory, name, type === 'file' || this.#ownership.keepSpecialFiles)
        await this.#pace.rest()
      }
    }
    return below
  }

  #give(directory: number, name: Buffer, keep: boolean): void {
    const path = Buffer.concat([name, Buffer.of(0)])
    if (!keep) {
      call('unlinkat', [directory, path, 0], pathOfBytes(name))
      return
    }
    const { uid, gid } = this.#ownership.owner
    const found = syscall(STATX, directory, path, AT_SYMLINK_NOFOLLOW, STATX_UID | STATX_GID, stat)
    if (found === -ERRNO.ENOENT) return // the owner has removed it
    if (stat.readUInt32LE(STATX_LAYOUT.attributes) & STATX_ATTR_MOUNT_ROOT) throw mountpoint(name)
    if (stat.readUInt32LE(STATX_LAYOUT.uid) === uid && stat.readUInt32LE(STATX_LAYOUT.gid) === gid) return
    call('fchownat', [directory, path, uid, gid, AT_SYMLINK_NOFOLLOW], pathOfBytes(name))
  }
}

const mountpoint = (name: Buffer | string): IsolateError =>
  new IsolateError(
    'internal',
    `Unexpected mountpoint: ${typeof name === 'string' ? name : pathOfBytes(name)}`,
  )

function enter(directory: number, name: string): number {
  try {
    return openDirectory(directory, name, BENEATH_ON_ONE_MOUNT)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).errno === ERRNO.EXDEV ? mountpoint(name) : error
  }
}

const inodeOf = (fd: number): bigint => fstatSync(fd, { bigint: true }).ino

/** The directory above, which has to be the one that the walk came from. */
function leave(directory: number, above: Above): number {
  const parent = attempt('leave a directory of the box', () =>
    openat2(directory, '..', { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW, resolve: 0 }),
  )
  if (inodeOf(parent) === above.inode) return parent
  closeSync(parent)
  throw new IsolateError('internal', 'The directories of the box were moved while they were given away')
}
