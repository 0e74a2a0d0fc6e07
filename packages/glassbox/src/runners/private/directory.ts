/**
 * The private directory of a sandbox, on the host: `TMPDIR/glassbox-ID/box`. Programs work in
 * `box`. The directory above it belongs to this process, which holds its lock (flock(2)) as long
 * as it uses it, so that another process can see whether it is still used.
 *
 * ID is a random number that no other directory in TMPDIR has, because mkdir(2) makes a name only
 * once. If this process is root, it is also the user id of the sandbox: see identity.ts.
 *
 * Owns both directories, and descriptors of both. If the process exits before `remove`, an exit
 * listener removes them; if it is killed, sweep.ts of a later process does.
 */
import { chownSync, fstatSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { GlassboxError } from '../../errors.ts'
import { close, keepDescriptor, openat2 } from '../../gate/descriptors.ts'
import { call, cString, syscall } from '../../gate/gate.ts'
import {
  AT_FDCWD,
  LOCK_EX,
  LOCK_NB,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
} from '../../linux/constants.ts'
import { errnoText } from '../../launch/step-error.ts'
import { ERRNO } from '../../linux/errno.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import {
  BENEATH_ON_ONE_MOUNT as BENEATH,
  nextNames,
  openDirectory,
  removeDirectory,
  setMode,
} from '../../stdio/files/beneath.ts'
import { Pace } from '../../stdio/files/pace.ts'
import { removeTree, removeTreeNow } from '../../stdio/files/remove.ts'
import type { Owner } from '../../stdio/pipe.ts'
import { pathOfBytes } from '../../linux/path-bytes.ts'
import { ownerOf, randomId } from './identity.ts'

export const PREFIX = 'glassbox-'
const WORK = 'box'
/** Only the user of the programs, and root, may look into it. */
const WORK_MODE = 0o700
/** The user of the programs passes through it, but cannot list it. */
const TOP_MODE = 0o711

const MOST_TRIES = 100

/** Takes the lock of a directory. False if another process has it, or the directory is gone. */
export const takeLock = (fd: number): boolean => {
  const taken = syscall(syscallNumber('flock'), fd, LOCK_EX | LOCK_NB)
  return taken !== -ERRNO.EAGAIN && fstatSync(fd).nlink > 0
}

/** The directory in which the private directories are made: absolute and without links. */
export function baseDirectory(): string {
  const base = tmpdir()
  try {
    return realpathSync.native(base)
  } catch (error) {
    throw new GlassboxError(
      'ERR_GLASSBOX_SYSTEM',
      `There is no directory for temporary files: ${base}: ${(error as NodeJS.ErrnoException).code}.`,
      { path: base, cause: error, hint: 'Set TMPDIR to a directory that you may write to.' },
    )
  }
}

export class PrivateDirectory {
  /** The working directory: absolute, without links and without a final slash. */
  readonly work: string
  /** The user of the programs, if it differs from the user of this process. */
  readonly owner: Owner | undefined
  readonly #base: string
  readonly #name: string
  readonly #top: number
  #box: number

  private constructor(base: string, name: string, top: number, owner: Owner | undefined) {
    this.#base = base
    this.#name = name
    this.#top = top
    this.owner = owner
    this.work = `${base}/${name}/${WORK}`
    this.#box = this.#makeBox()
    leftAtExit.add(this)
  }

  /** Makes the directories. On failure none is left. */
  static make(): PrivateDirectory {
    const base = baseDirectory()
    for (let tries = 1; ; tries++) {
      const id = randomId()
      const name = `${PREFIX}${id.toString(16).padStart(7, '0')}`
      const made = syscall(syscallNumber('mkdir'), cString(`${base}/${name}`), TOP_MODE)
      if (made === -ERRNO.EEXIST && tries < MOST_TRIES) continue
      if (made < 0) throw notMade(base, made)
      // A sweep of another process may have taken the lock first, and removed the directory.
      const top = openTop(base, name)
      if (top === undefined) continue
      if (takeLock(top)) return PrivateDirectory.#within(base, name, top, ownerOf(id))
      close(top)
    }
  }

  static #within(base: string, name: string, top: number, owner: Owner | undefined): PrivateDirectory {
    try {
      return new PrivateDirectory(base, name, top, owner)
    } catch (error) {
      close(top)
      removeNow(base, name)
      throw error
    }
  }

  /** A descriptor of the working directory, with O_PATH. This object closes it. */
  get box(): number {
    return this.#box
  }

  /** The last program may have changed the mode; the next one needs the usual mode. */
  restoreMode(): void {
    setMode(this.#box, WORK_MODE)
  }

  /**
   * Replaces the working directory by an empty one, which has the attributes of a new one too.
   * Whatever a program may have made beside it is removed as well.
   */
  async replace(): Promise<void> {
    const list = openDirectory(this.#top, '.', BENEATH)
    try {
      for (let names = nextNames(list); names.length > 0; names = nextNames(list))
        for (const { name } of names) await removeTree(this.#top, pathOfBytes(name), BENEATH, new Pace())
    } finally {
      close(list)
    }
    close(this.#box)
    this.#box = -1
    this.#box = this.#makeBox()
  }

  /** Removes everything, and closes the descriptors. No program may run in it any more. */
  async remove(): Promise<void> {
    if (!leftAtExit.delete(this)) return
    const base = openBase(this.#base)
    try {
      if (!this.#removeEmpty(base)) await removeTree(base, this.#name, BENEATH, new Pace())
    } finally {
      close(base)
      this.#close()
    }
  }

  /** Most programs leave nothing, and then two calls are enough. */
  #removeEmpty(base: number): boolean {
    return removeDirectory(this.#top, WORK) === 0 && removeDirectory(base, this.#name) === 0
  }

  /** The same at once, for a process that exits. */
  removeNow(): void {
    removeNow(this.#base, this.#name)
  }

  #makeBox(): number {
    call('mkdirat', [this.#top, cString(WORK), WORK_MODE], this.work)
    const box = openat2(this.#top, WORK, { flags: O_PATH | O_DIRECTORY | O_NOFOLLOW, resolve: BENEATH })
    return keepDescriptor(box, fd => {
      setMode(this.#top, TOP_MODE)
      setMode(fd, WORK_MODE)
      if (this.owner) chownSync(`/proc/self/fd/${fd}`, this.owner.uid, this.owner.gid)
      return fd
    })
  }

  #close(): void {
    if (this.#box >= 0) close(this.#box)
    close(this.#top)
  }
}

const openBase = (base: string): number =>
  openat2(AT_FDCWD, base, { flags: O_PATH | O_DIRECTORY, resolve: 0 })

function removeNow(base: string, name: string): void {
  const directory = openBase(base)
  try {
    removeTreeNow(directory, name, BENEATH)
  } finally {
    close(directory)
  }
}

/** Undefined: the directory is gone. */
function openTop(base: string, name: string): number | undefined {
  const directory = openBase(base)
  try {
    const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
    return openat2(directory, name, { flags, resolve: BENEATH })
  } catch (error) {
    if (error instanceof GlassboxError && error.errno === ERRNO.ENOENT) return undefined
    throw error
  } finally {
    close(directory)
  }
}

function notMade(base: string, result: number): GlassboxError {
  const errno = -result
  return new GlassboxError(
    'ERR_GLASSBOX_SYSTEM',
    `Cannot make a private directory in ${base}: ${errnoText(errno)}.`,
    { errno, syscall: 'mkdir', path: base, hint: 'Set TMPDIR to a directory that you may write to.' },
  )
}

/** The directories that exist, with one exit listener for all of them. */
class LeftAtExit {
  readonly #directories = new Set<PrivateDirectory>()

  add(directory: PrivateDirectory): void {
    if (this.#directories.size === 0) process.on('exit', this.#remove)
    this.#directories.add(directory)
  }

  delete(directory: PrivateDirectory): boolean {
    const had = this.#directories.delete(directory)
    if (had && this.#directories.size === 0) process.off('exit', this.#remove)
    return had
  }

  readonly #remove = (): void => {
    for (const directory of this.#directories) {
      try {
        directory.removeNow()
      } catch {
        // A program that still runs may make files during the removal. A later process removes the
        // rest.
      }
    }
  }
}

const leftAtExit = new LeftAtExit()
