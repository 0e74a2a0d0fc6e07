/**
 * The lock of a box: a file that says whose box it is, and that one process at a time has locked
 * (flock(2)). It is emptied when the box is removed, and never unlinked, so two processes can
 * never have locked different files of one name.
 *
 * The lock belongs to the open file and not to this process. A run gives init a copy, so the box
 * stays locked until the last process of the run is dead, even if the keeper is killed.
 */
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { syscall, systemError } from '../../../gate/gate.ts'
import {
  LOCK_EX,
  LOCK_NB,
  LOCK_UN,
  O_CLOEXEC,
  O_CREAT,
  O_NOFOLLOW,
  O_RDWR,
} from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import { retry } from '../../../launch/retry.ts'
import { IsolateError } from '../../types.ts'
import { attempt } from '../complaint.ts'

const FLOCK = syscallNumber('flock')
const MAGIC = 0x48534c47
/** Magic number, owner (32 bits each), mode of control groups, initialised, two spare bytes. */
const BYTES = 12
const AT = { magic: 0, owner: 4, cg: 8, initialized: 9 } as const
const LONGEST_PAUSE_MS = 20

/** What the lock file says about the box. */
export interface BoxState {
  readonly owner: number
  readonly cg: boolean
  readonly initialized: boolean
}

export interface LockRequest {
  readonly path: string
  /** Make the file, and its directory, if they do not exist. */
  readonly create: boolean
  /** Wait while another process has the lock. */
  readonly wait: boolean
  /** Whether the caller is no longer interested. */
  readonly stopped?: () => boolean
}

export class BoxLock {
  readonly descriptor: number

  private constructor(descriptor: number) {
    this.descriptor = descriptor
  }

  /**
   * Resolves with the lock, or with `undefined` if there is no lock file and none is to be made.
   * Throws IsolateError if the box is in use. The caller releases it.
   */
  static async take(request: LockRequest): Promise<BoxLock | undefined> {
    const descriptor = openFile(request)
    if (descriptor === undefined) return undefined
    try {
      if (!lockNow(descriptor)) {
        if (!request.wait) throw inUse()
        await lockLater(descriptor, request.stopped)
      }
      return new BoxLock(descriptor)
    } catch (error) {
      closeSync(descriptor)
      throw error
    }
  }

  /** `undefined`: there is no box. */
  read(): BoxState | undefined {
    const { size } = fstatSync(this.descriptor)
    if (size === 0) return undefined
    const bytes = Buffer.alloc(BYTES)
    const length = readSync(this.descriptor, bytes, 0, BYTES, 0)
    if (size !== BYTES || length !== BYTES || bytes.readUInt32LE(AT.magic) !== MAGIC)
      throw new IsolateError('internal', 'The lock file of the box has a wrong format')
    return {
      owner: bytes.readUInt32LE(AT.owner),
      cg: bytes[AT.cg] === 1,
      initialized: bytes[AT.initialized] === 1,
    }
  }

  write({ owner, cg, initialized }: BoxState): void {
    const bytes = Buffer.alloc(BYTES)
    bytes.writeUInt32LE(MAGIC, AT.magic)
    bytes.writeUInt32LE(owner, AT.owner)
    bytes[AT.cg] = cg ? 1 : 0
    bytes[AT.initialized] = initialized ? 1 : 0
    attempt('write lock file', () => writeSync(this.descriptor, bytes, 0, BYTES, 0))
  }

  /** Says that there is no box. */
  clear(): void {
    attempt('write lock file', () => ftruncateSync(this.descriptor, 0))
  }

  /**
   * init may have a copy of the descriptor until its end. So the lock is released, not only left.
   */
  release(): void {
    syscall(FLOCK, this.descriptor, LOCK_UN)
    closeSync(this.descriptor)
  }
}

const inUse = (): IsolateError =>
  new IsolateError('internal', 'This box is currently in use by another process')

function openFile({ path, create }: LockRequest): number | undefined {
  const flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW
  try {
    return openSync(path, flags)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      return attempt(`open lock file ${path}`, () => {
        throw error
      })
  }
  if (!create) return undefined
  const directory = path.slice(0, path.lastIndexOf('/'))
  attempt(`create lock directory ${directory}`, () => mkdirSync(directory, { recursive: true, mode: 0o755 }))
  return attempt(`open lock file ${path}`, () => openSync(path, flags | O_CREAT, 0o644))
}

function lockNow(descriptor: number): boolean {
  const result = syscall(FLOCK, descriptor, LOCK_EX | LOCK_NB)
  if (result === 0) return true
  if (result === -ERRNO.EAGAIN) return false
  throw attempt('lock the box', () => systemError('flock', -result))
}

function lockLater(descriptor: number, stopped = (): boolean => false): Promise<void> {
  return new Promise((resolve, reject) => {
    const attemptNow = (): boolean => {
      try {
        if (stopped()) throw inUse()
        if (!lockNow(descriptor)) return false
        resolve()
      } catch (error) {
        reject(error)
      }
      return true
    }
    retry(attemptNow, { longestPauseMs: LONGEST_PAUSE_MS })
  })
}
