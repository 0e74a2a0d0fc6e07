/** Finds the file of a command as execvp(3) does, before anything is started. */
import { accessSync, constants, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { executeError } from '../ptrace/launch.ts'
import { ERRNO } from '../linux/errno.ts'

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin'

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/**
 * What execve is to get. A name with a slash stands for itself, and whether it can be executed is the kernel's to say; any other is looked for
 * in PATH. Throws ERR_GLASSBOX_PROGRAM_NOT_FOUND.
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
  for (const directory of path.split(':')) {
    const candidate = directory === '' ? `./${program}` : `${directory}/${program}`
    if (program !== '' && isExecutable(resolve(cwd, candidate))) return candidate
  }
  throw executeError(program, ERRNO.ENOENT)
}
