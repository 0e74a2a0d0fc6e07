/**
 * What to do about a failed system call, by its errno. Errors that mean a limit name the limit and
 * its value.
 */
import { readFileSync } from 'node:fs'
import { RLIMIT_NOFILE, RLIMIT_NPROC } from '../linux/constants.ts'
import { ERRNO, errnoName } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { addon } from './addon.ts'

/**
 * The least limit of descriptors with which boxes and traces work: init and the launcher move what
 * they receive above their fixed descriptors, which end below 88, and receive at most 32.
 */
const LEAST_OPEN_FILES = 128

const OPEN_FILES = 'The limit of open files (ulimit -n, RLIMIT_NOFILE)'

/** RLIM_INFINITY. */
const NO_LIMIT = 2n ** 64n - 1n

/**
 * The soft limit of this process, which its children inherit. `undefined` if it cannot be read,
 * which is so if no descriptor was left to load the addon.
 */
export function softLimit(resource: number): number | undefined {
  const limits = new BigUint64Array(2)
  try {
    if (addon().syscall(syscallNumber('prlimit64'), 0, resource, 0, limits) !== 0) return undefined
  } catch {
    return undefined
  }
  const [soft = NO_LIMIT] = limits
  return soft === NO_LIMIT ? Infinity : Number(soft)
}

/** The text of a setting of the kernel, or `undefined` if it cannot be read. */
function setting(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim()
  } catch {
    return undefined // also if no descriptor is left to read it with
  }
}

/** `fs.file-max`, or `fs.file-max=100` if its value is known. */
function named(name: string): string {
  const value = setting(name)
  return value === undefined ? name : `${name}=${value}`
}

export function tooManyDescriptors(): string {
  const limit = softLimit(RLIMIT_NOFILE)
  if (limit === undefined) return `${OPEN_FILES} is reached: raise it, or run fewer programs at a time.`
  return limit < LEAST_OPEN_FILES
    ? `${OPEN_FILES} is ${limit}, and glassbox needs at least ${LEAST_OPEN_FILES}: raise it.`
    : `${OPEN_FILES} is ${limit}, and all are in use: raise it, or run fewer programs at a time.`
}

/** What to do if a process cannot be made: EAGAIN of clone3(2), execve(2) or setresuid(2). */
export function tooManyProcesses(): string {
  const limit = softLimit(RLIMIT_NPROC) ?? Infinity
  const own = limit === Infinity ? 'none' : String(limit)
  return (
    'A limit of processes is reached. Raise it: that of the box (limits.processes), ' +
    `of the user (ulimit -u, RLIMIT_NPROC: ${own} here), of a cgroup (pids.max) or of the host (${named('kernel.threads-max')}).`
  )
}

const NAMESPACES = ['user', 'mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup'] as const

/** What to do if a namespace cannot be made: ENOSPC of clone3(2) or unshare(2). */
export const tooManyNamespaces = (): string =>
  'A limit of namespaces is reached: raise it (sysctl), or close boxes. ' +
  `Here are ${NAMESPACES.map(kind => named(`user.max_${kind}_namespaces`)).join(', ')}.`

/** What to do if a mount cannot be made: ENOSPC of mount(2) and its relatives. */
export const tooManyMounts = (): string =>
  `The limit of mounts (${named('fs.mount-max')}) is reached, or a file system is full: raise it (sysctl), or use fewer binds.`

/** Errors that mean the same for every call. */
const FOR_EVERY_CALL: Readonly<Record<number, () => string>> = {
  [ERRNO.EMFILE]: tooManyDescriptors,
  [ERRNO.ENFILE]: () =>
    `The host has reached its limit of open files (${named('fs.file-max')}): raise it (sysctl).`,
  [ERRNO.ENOMEM]: () =>
    'There is no memory left: raise the memory limit of this process’s cgroup, or free memory on the host.',
}

/** What to do about an errno that means the same for every call; `undefined` for any other. */
export const limitHint = (errno: number): string | undefined => FOR_EVERY_CALL[errno]?.()

/** What to do about a system call that failed with `errno` (positive). */
export const errnoHint = (name: string, errno: number): string =>
  limitHint(errno) ??
  (errno === ERRNO.EAGAIN && name.startsWith('clone') ? tooManyProcesses() : undefined) ??
  `The man page ${name}(2) says what can cause ${errnoName(errno)}.`
