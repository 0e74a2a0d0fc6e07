/** Finds the file of a command as execvp(3) does, before anything is started. */
import { accessSync, constants, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ERRNO } from '../linux/errno.ts'
import { executeError } from './step-error.ts'

/** The search path of a shell if PATH is not set. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin'

/** Whether this user may execute or search it. False also for what cannot be reached. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Whether this user may execute the file. False also for a path that this user may not search. */
export function isProgram(path: string): boolean {
  try {
    return isExecutable(path) && statSync(path).isFile()
  } catch {
    return false
  }
}

export interface Lookup {
  /** Colon-separated directories; an empty one is the current directory. */
  readonly path: string
  /** The base of relative directories. Without it they are skipped. */
  readonly cwd?: string
  /** Whether a candidate is a program. Default: `isProgram`. */
  readonly accept?: (candidate: string) => boolean
}

/**
 * The path that execve gets: a relative directory must stay relative, and an empty one is the
 * current directory.
 */
const spelled = (directory: string, name: string): string =>
  directory.startsWith('/') ? join(directory, name) : `${directory === '' ? '.' : directory}/${name}`

/**
 * The first program of that name in the directories of a PATH; `undefined` if there is none.
 *
 * @example
 * findInPath('ls', { path: '/usr/bin:/bin' }) // '/usr/bin/ls'
 */
export function findInPath(name: string, lookup: Lookup): string | undefined {
  const { path, cwd, accept = isProgram } = lookup
  if (name === '') return undefined
  return path
    .split(':')
    .filter(directory => cwd !== undefined || directory.startsWith('/'))
    .map(directory => spelled(directory, name))
    .find(candidate => accept(resolve(cwd ?? '/', candidate)))
}

/**
 * The path to pass to execve. A name with a slash is used as it is, if it exists; any other name
 * is searched for in PATH. Throws ERR_GLASSBOX_PROGRAM_NOT_FOUND.
 */
export function programPath(program: string, cwd: string, path: string = DEFAULT_PATH): string {
  if (program.includes('/')) {
    try {
      statSync(resolve(cwd, program))
      return program
    } catch (error) {
      const number = (error as NodeJS.ErrnoException).errno
      throw executeError(program, number === undefined ? ERRNO.ENOENT : -number)
    }
  }
  const found = findInPath(program, { path, cwd })
  if (found === undefined) throw executeError(program, ERRNO.ENOENT)
  return found
}
