/**
 * The option `here`: the current directory of this process, writable, under its own path, and as
 * the working directory. Some directories are refused, because showing them whole is a mistake
 * more often than a wish. Whether a runner can show the directory is its own question.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { InvalidOptionError } from '../errors.ts'
import type { ResolvedBind, ResolvedBox } from '../job/resolved.ts'

const refusal = (path: string, why: string, hint: string): InvalidOptionError =>
  new InvalidOptionError('here', `The current directory, ${path}, cannot be shown writable: ${why}.`, hint)

const PROJECT = 'Change to the directory of the project (cd).'

function currentDirectory(): string {
  try {
    return process.cwd()
  } catch (error) {
    const message = 'The current directory cannot be shown: it was removed.'
    throw new InvalidOptionError('here', message, 'Change to a directory that exists (cd).', error)
  }
}

const isAtOrBelow = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(`${directory}/`)

function refuseHome(path: string): void {
  const home = homedir()
  if (!isAtOrBelow(home, path)) return
  const what = path === home ? 'it is your home directory' : `it contains your home directory, ${home}`
  throw refusal(
    path,
    `${what}, with your keys and settings`,
    `${PROJECT} To show it all the same, use a bind: --bind ${path}:${path}:rw --cwd ${path}.`,
  )
}

function refuseUnwritable(path: string): void {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    const owner = statSync(path, { throwIfNoEntry: false })?.uid
    const belongs = owner === undefined ? '' : `; it belongs to user ${owner}`
    const { code } = error as NodeJS.ErrnoException
    throw refusal(
      path,
      `you may not write to it (${code})${belongs}`,
      `Change to a directory of yours, or show it read-only: --bind ${path} --cwd ${path}.`,
    )
  }
}

/** The bind of `here`. Throws InvalidOptionError for a directory that it does not show. */
function hereBind(): ResolvedBind {
  const path = currentDirectory()
  if (path === '/') throw refusal(path, 'it is the root of the host', PROJECT)
  refuseHome(path)
  refuseUnwritable(path)
  return { source: path, target: path, writable: true }
}

/** The options of a box as its table reads them. */
export type ReadBox = Omit<ResolvedBox, 'here'> & { readonly here?: boolean }

/** Replaces `here: true` by its path, and adds the bind. A bind of the caller there is kept. */
export function resolveHere({ here = false, ...box }: ReadBox): ResolvedBox {
  if (!here) return box
  const bind = hereBind()
  const isBound = box.binds.some(({ target }) => target === bind.target)
  return { ...box, binds: isBound ? box.binds : [...box.binds, bind], here: bind.target }
}
