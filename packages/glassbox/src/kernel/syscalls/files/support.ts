/** What calls on files have in common: paths and places out of guest memory, and waiting. */
import { AT_EMPTY_PATH, AT_FDCWD, O_PATH, S_IFDIR } from '../../../linux/constants.ts'
import { EAGAIN, EBADF, ENOENT, ENOTDIR } from '../../../linux/errno-numbers.ts'
import { dropReference } from '../../fs/descriptor-table.ts'
import { walk } from '../../fs/path/start.ts'
import { FOLLOW, PATH_MAX } from '../../fs/path/walk.ts'
import type { Dentry, FsCaller, Location, OpenFile, Time } from '../../fs/vfs.ts'
import type { Task } from '../../task/types.ts'
import { BLOCKED, type Interruption } from '../../wait/blocking.ts'

/** The bytes of the path of the call that is being served, and of its second one. */
export const pathBytes: Uint8Array = new Uint8Array(PATH_MAX)
export const otherBytes: Uint8Array = new Uint8Array(PATH_MAX)

const SLASH = 47

/** Reads a path; its length, or a negative errno. */
export const readPath = (task: Task, address: number, into: Uint8Array = pathBytes): number =>
  task.memory.readString(address, into)

/** Where a path begins: a descriptor's directory, or the working directory. */
export function startOf(task: Task, directory: number, path: Uint8Array = pathBytes): Location | number {
  if (directory === AT_FDCWD || path[0] === SLASH) return task.fs.cwd
  const file = task.files.get(directory)
  if (file === undefined) return -EBADF
  if (file.location === undefined || file.inode.type !== S_IFDIR) return -ENOTDIR
  return file.location
}

/** What a path leads to. 0: it stands in `walk`; else a negative errno. */
export function findPath(task: Task, directory: number, address: number, how: number): number {
  const length = readPath(task, address)
  if (length < 0) return length
  const start = startOf(task, directory)
  if (typeof start === 'number') return length === 0 ? -ENOENT : start
  return walk.run(start, task, pathBytes, length, how)
}

/** A place, found by a path or by a descriptor with an empty path; or a negative errno. */
export function findPlace(
  task: Task,
  directory: number,
  address: number,
  flags: number,
  follow: boolean,
  caller: FsCaller = task,
): Location | OpenFile | number {
  const length = readPath(task, address)
  if (length < 0) return length
  if (length === 0 && (flags & AT_EMPTY_PATH) !== 0) {
    if (directory === AT_FDCWD) return task.fs.cwd
    return task.files.get(directory) ?? -EBADF
  }
  const start = startOf(task, directory)
  if (typeof start === 'number') return length === 0 ? -ENOENT : start
  const error = walk.run(start, caller, pathBytes, length, follow ? FOLLOW : 0)
  return error === 0 ? walk.location() : error
}

/** The file of a descriptor that is more than a place (O_PATH), or EBADF. */
export function opened(task: Task, fd: number): OpenFile | number {
  const file = task.files.get(fd)
  return file === undefined || (file.flags & O_PATH) !== 0 ? -EBADF : file
}

export const isFile = (found: Location | OpenFile): found is OpenFile => 'references' in found

/** The name of what findPlace found, as far as it has one. */
export const dentryOf = (found: Location | OpenFile): Dentry | undefined =>
  (isFile(found) ? found.location : found)?.dentry

/** The inode of what findPlace found. */
export const inodeOf = (found: Location | OpenFile): OpenFile['inode'] =>
  isFile(found) ? found.inode : found.dentry.inode

/** How a wait differs from that of read(2). */
export interface WaitTerms {
  readonly interruption?: Interruption
  readonly interrupted?: () => number | undefined
  readonly timeoutNs?: number
  /** The result after that time; absent: 0. */
  readonly timedOut?: () => number
  /** Called once at the end, whatever ended it. */
  readonly ended?: () => void
}

export function waitFor(
  task: Task,
  file: OpenFile,
  attempt: () => number,
  { interruption = 'restart', interrupted, timeoutNs = Infinity, timedOut, ended }: WaitTerms = {},
): number {
  file.references++
  return task.block({
    interruption,
    queues: [file.queue],
    retry: () => {
      const again = attempt()
      return again === -EAGAIN ? BLOCKED : again
    },
    ...(interrupted ? { interrupted } : {}),
    deadlineNs: deadlineIn(task, timeoutNs),
    ...(timedOut ? { timedOut } : {}),
    ended: () => {
      ended?.()
      dropReference(file)
    },
  })
}

/**
 * The terms of a wait by the file's own time. `done`: what the call has moved, which is its result
 * when it ends early. A call with a time of its own is not restarted: signal(7).
 */
export function patienceOf(
  { patience }: OpenFile,
  direction: 'read' | 'write',
  done: () => number = () => 0,
): WaitTerms {
  const timeoutNs = (direction === 'read' ? patience?.readNs : patience?.writeNs) ?? Infinity
  const partly = (): number | undefined => (done() > 0 ? done() : undefined)
  return {
    timeoutNs,
    interruption: timeoutNs !== Infinity && patience?.result !== 0 ? 'no-handler' : 'restart',
    interrupted: partly,
    timedOut: () => partly() ?? patience?.result ?? 0,
  }
}

/** Keeps files open until the function that it returns is called. */
export function hold(files: readonly OpenFile[]): () => void {
  for (const file of files) file.references++
  return () => {
    for (const file of files) dropReference(file)
  }
}

/** The time of the world, for what is made now. */
export const timeOf = ({ world: { clock } }: Task): Time => ({
  seconds: clock.realSeconds(),
  nanoseconds: clock.realNanoseconds(),
})

/** When a wait of this many nanoseconds ends. Infinity: never. */
export const deadlineIn = ({ world: { clock } }: Task, nanoseconds: number): number =>
  nanoseconds === Infinity ? Infinity : clock.monotonic() + nanoseconds
