/** Finding the program that execve(2) names: its path, its permissions, and `#!` lines. */
import { EACCES, ELOOP, ENOEXEC, ENOENT } from '../../linux/errno-numbers.ts'
import { S_IFMT, S_IFREG, S_ISGID, S_ISUID } from '../../linux/constants.ts'
import { EXECUTE, permits } from '../fs/permissions.ts'
import { pathFrom } from '../fs/path/mounts.ts'
import { FOLLOW, Walk } from '../fs/path/walk.ts'
import type { Attributes, FsCaller, Location } from '../fs/vfs.ts'
import type { Mappable } from '../mm/mappable.ts'
import type { MappedFile } from '../mm/mapped-file.ts'
import type { Platform } from '../platform/platform.ts'

export interface Executable {
  readonly location: Location
  readonly attributes: Attributes
  readonly file: MappedFile
}

/** A program, and the arguments that it gets: those of a script begin with its interpreter. */
export interface Program {
  readonly executable: Executable
  readonly args: readonly Uint8Array[]
  /** The path of the program or script as it was given: comm and AT_EXECFN. */
  readonly path: Uint8Array
}

const MOST_SCRIPTS = 5
const LONGEST_LINE = 256
const walk = new Walk()

/** The executable at a path; a negative errno if it is missing or may not be run. */
export function findExecutable(
  caller: FsCaller,
  start: Location,
  path: Uint8Array,
  how: number = FOLLOW,
): Executable | number {
  if (path.length === 0) return -ENOENT
  const error = walk.run(start, caller, path, path.length, how)
  if (error !== 0) return error
  return executableAt({ mount: walk.mount, dentry: walk.dentry }, caller)
}

export function executableAt(location: Location, caller: FsCaller): Executable | number {
  const { inode } = location.dentry
  const attributes = inode.attributes()
  const { mappable } = inode
  if ((attributes.mode & S_IFMT) !== S_IFREG || location.mount.noExec) return -EACCES
  const error = permits(inode, EXECUTE, caller.credentials)
  if (error !== 0) return error
  if ((attributes.mode & ANY_EXECUTE) === 0 || mappable === undefined) return -EACCES
  const root = caller.fs.root
  const file = {
    mappable,
    device: attributes.dev,
    inode: attributes.ino,
    path: () => pathFrom(root, location) ?? '',
  }
  return { location, attributes, file }
}

const ANY_EXECUTE = 0o111

/** Follows `#!` lines until there is a program that is no script. */
export function findProgram(
  platform: Platform,
  caller: FsCaller,
  executable: Executable,
  path: Uint8Array,
  args: readonly Uint8Array[],
): Program | number {
  let found = executable
  let words = args
  let name = path
  for (let i = 0; i <= MOST_SCRIPTS; i++) {
    const line = scriptLine(platform, found.file.mappable)
    if (line === undefined) return { executable: found, args: words, path }
    if (typeof line === 'number') return line
    words = [...line, name, ...words.slice(1)]
    name = line[0] as Uint8Array
    const next = findExecutable(caller, caller.fs.cwd, name)
    if (typeof next === 'number') return next
    found = next
  }
  return -ELOOP
}

const SPACE = 32
const TAB = 9
const NEWLINE = 10

/** The interpreter and its argument, if it has one; undefined: no script. */
function scriptLine(platform: Platform, mappable: Mappable): readonly Uint8Array[] | number | undefined {
  const start = beginning(platform, mappable)
  if (start[0] !== 0x23 || start[1] !== 0x21) return undefined
  let end = start.indexOf(NEWLINE)
  const isCut = end < 0 && start.length === LONGEST_LINE
  if (end < 0) end = start.length
  let from = 2
  while (from < end && isBlank(start[from])) from++
  while (end > from && isBlank(start[end - 1])) end--
  if (from === end) return -ENOEXEC
  let to = from
  while (to < end && !isBlank(start[to]) && start[to] !== 0) to++
  // A name that does not end within the line is not known whole.
  if (isCut && to === end) return -ENOEXEC
  const interpreter = start.slice(from, to)
  while (to < end && isBlank(start[to])) to++
  return to < end ? [interpreter, start.slice(to, end)] : [interpreter]
}

const isBlank = (byte: number | undefined): boolean => byte === SPACE || byte === TAB

/** The first bytes of a file. */
function beginning(platform: Platform, mappable: Mappable): Uint8Array {
  const length = Math.min(LONGEST_LINE, mappable.size)
  const offset = length === 0 ? -ENOEXEC : mappable.page(0)
  if (offset < 0) return new Uint8Array(0)
  const memory = mappable.backing === 'cache' ? platform.cache : platform.memory
  const at = offset % memory.chunkSize
  return memory.chunk(offset).bytes.slice(at, at + length)
}

/** The user and group that a set-id program runs as; undefined: the caller's. */
export function setIds(executable: Executable): { uid: number | undefined; gid: number | undefined } {
  const { mode, uid, gid } = executable.attributes
  const nosuid = executable.location.mount.noSuid
  const GROUP_EXECUTE = 0o10
  return {
    uid: !nosuid && mode & S_ISUID ? uid : undefined,
    gid: !nosuid && mode & S_ISGID && mode & GROUP_EXECUTE ? gid : undefined,
  }
}
