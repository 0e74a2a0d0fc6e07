/** execve and execveat. */
import { AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, RLIMIT_STACK } from '../../../linux/constants.ts'
import { E2BIG, EBADF, EFAULT, EINVAL, ENAMETOOLONG, ENOTDIR } from '../../../linux/errno-numbers.ts'
import { FOLLOW, PATH_MAX } from '../../fs/path/walk.ts'
import type { Location } from '../../fs/vfs.ts'
import { execTask } from '../../task/exec.ts'
import type { Task } from '../../task/state.ts'
import { family } from './family.ts'
import { readStrings } from './structs.ts'

const path = new Uint8Array(PATH_MAX)
const EMPTY = new Uint8Array(0)
const SLASH = 47
/** At least so much is allowed for arguments, whatever RLIMIT_STACK says; at most 6 MiB. */
const LEAST_BYTES = 131_072
const MOST_BYTES = 6 * 2 ** 20

function execve(task: Task, pathAddress: number, argv: number, envp: number): number {
  return run(task, task.fs.cwd, undefined, pathAddress, argv, envp, FOLLOW)
}

function execveat(
  task: Task,
  fd: number,
  pathAddress: number,
  argv: number,
  envp: number,
  flags: number,
): number {
  if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) return -EINVAL
  const how = flags & AT_SYMLINK_NOFOLLOW ? 0 : FOLLOW
  if (fd === AT_FDCWD) return run(task, task.fs.cwd, undefined, pathAddress, argv, envp, how)
  const place = task.files.get(fd)?.location
  return run(task, place, flags & AT_EMPTY_PATH ? fd : undefined, pathAddress, argv, envp, how)
}

/** `fd`: the descriptor itself may be meant, by an empty path. */
function run(
  task: Task,
  at: Location | undefined,
  fd: number | undefined,
  pathAddress: number,
  argv: number,
  envp: number,
  how: number,
): number {
  const length = task.memory.readString(pathAddress, path)
  if (length < 0) return length === -EFAULT ? -EFAULT : -ENAMETOOLONG
  const isSelf = length === 0 && fd !== undefined
  const isAbsolute = path[0] === SLASH
  if (at === undefined && !isAbsolute) return isSelf || fd === undefined ? -EBADF : -ENOTDIR
  const stack = task.process.limits[RLIMIT_STACK]?.soft ?? Infinity
  const room = Math.min(Math.max(stack / 4, LEAST_BYTES), MOST_BYTES)
  const args = readStrings(task.memory, argv, room)
  if (typeof args === 'number') return args
  const env = readStrings(task.memory, envp, room)
  if (typeof env === 'number') return env
  if (sizeOf(args) + sizeOf(env) > room) return -E2BIG
  const words = args.length === 0 ? [EMPTY] : args
  const start = at ?? task.fs.cwd
  if (isSelf && at !== undefined)
    return execTask(task, { path: Buffer.from(`/dev/fd/${fd}`), args: words, env, at, file: at })
  return execTask(task, { path: path.slice(0, length), args: words, env, at: start, how })
}

const sizeOf = (strings: readonly Uint8Array[]): number =>
  strings.reduce((sum, string) => sum + string.length + 9, 0)

export const EXEC: ReturnType<typeof family> = family({ execve, execveat })
