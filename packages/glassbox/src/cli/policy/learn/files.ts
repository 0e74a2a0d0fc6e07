/** Which files the calls of a watched program use: paths without links, as rules have them. */
import { closeSync, openSync, type Stats, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { AT_FDCWD, O_CLOEXEC, O_PATH } from '../../../linux/constants.ts'
import { pathOfBytes } from '../../../linux/path-bytes.ts'
import { interpreterOf } from '../../../supervisor/paths/interpreter.ts'
import {
  descriptorOf,
  follows,
  type PathArgument,
  type PathCall,
} from '../../../supervisor/paths/path-calls.ts'
import { ownName, realPath } from '../../../supervisor/paths/real-path.ts'
import type { Subject } from '../../../trace/subject.ts'

/** PATH_MAX. */
const LONGEST = 4096
/** A script can name a script; the kernel follows four (BINPRM_MAX_RECURSION). */
const MOST_INTERPRETERS = 6

/** A name of /proc/PID as the process itself has it; other names as they are. */
const own = (path: string, { pid }: Subject): string => ownName(path, pid) ?? path

/** The file that an open descriptor refers to; `undefined` for one without a name. */
export function fileOfDescriptor(subject: Subject, fd: number): string | undefined {
  const info = subject.descriptor(fd)
  const target = info && pathOfBytes(info.target)
  return target === undefined || info?.isDeleted || !target.startsWith('/') ? undefined : own(target, subject)
}

function stringAt(subject: Subject, address: bigint): string | undefined {
  const bytes = Buffer.from(subject.read(address, LONGEST))
  const end = bytes.indexOf(0)
  return end < 0 ? undefined : pathOfBytes(bytes.subarray(0, end))
}

/** The file that an argument of a call names, with its links followed as the call follows them. */
export function namedFile(
  call: PathCall,
  { path, dirfd }: PathArgument,
  args: readonly bigint[],
  subject: Subject,
): string | undefined {
  const name = path === undefined ? '' : stringAt(subject, args[path] ?? 0n)
  if (name === undefined) return undefined
  const fd = dirfd === undefined ? AT_FDCWD : descriptorOf(args, dirfd)
  if (name === '') return fileOfDescriptor(subject, fd)
  const base = name.startsWith('/') ? '/' : directoryOf(subject, fd)
  if (base === undefined) return undefined
  const whole = resolve(base, name.replace(/^\/proc\/(?:self|thread-self)(?=\/|$)/, `/proc/${subject.pid}`))
  const real = follows(call, args) ? realPath(whole) : join(realPath(dirname(whole)), baseName(whole))
  return own(real, subject)
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

function directoryOf(subject: Subject, fd: number): string | undefined {
  if (fd !== AT_FDCWD) return fileOfDescriptor(subject, fd)
  const cwd = subject.cwd()
  return cwd && pathOfBytes(cwd)
}

/** The file of a program, its interpreter, the interpreter's loader and so on. */
export function programFiles(path: string): string[] {
  const files: string[] = []
  for (let next: string | undefined = path; next !== undefined && files.length < MOST_INTERPRETERS; ) {
    const file = realPath(next)
    files.push(file)
    next = interpreterOfFile(file)
  }
  return files
}

function interpreterOfFile(file: string): string | undefined {
  let fd: number
  try {
    fd = openSync(file, O_PATH | O_CLOEXEC)
  } catch {
    return undefined // removed meanwhile
  }
  try {
    return interpreterOf(fd)
  } finally {
    closeSync(fd)
  }
}

/** `undefined` if there is no such file, and if it cannot be looked at. */
function look(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

export const exists = (path: string | undefined): path is string =>
  path !== undefined && look(path) !== undefined

export const isDirectory = (path: string): boolean => look(path)?.isDirectory() ?? false
