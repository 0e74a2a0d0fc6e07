/**
 * Which file a program's name means, and whether the box must be made to show it.
 *
 * - a bare name: the first executable of that name in the box's PATH; if there is none, in the
 *   host's PATH
 * - a name with a slash: a file that was put into the working directory, else a file of the host
 * A file of the host that the box does not show anyway is bound read-only at its own path.
 */
import { realpathSync, type Stats, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { GlassboxError } from '../errors.ts'
import { BOX_DIRECTORY, DEFAULT_PATH } from '../job/box-layout.ts'
import { type FileInput, isContents } from '../job/files.ts'
import { findInPath, isProgram } from '../launch/find-program.ts'
import type { BoxOptions, CommandOptions, RunOptions } from '../job/options.ts'
import { lineHint } from './program-hint.ts'

/** Directories of the host that every box shows under the same name. */
const SHOWN = /^\/(usr|bin|sbin|lib|lib32|lib64|libx32)\//

export interface ResolvedProgram {
  /** Absolute, as seen in the box. */
  readonly path: string
  /** A file of the host that must be bound so that the path exists. */
  readonly bind?: string
}

const shownAt = (path: string, binds: readonly string[]): boolean =>
  SHOWN.test(path) || binds.some(target => path === target || path.startsWith(`${target}/`))

function notFound(program: string, hint: string): GlassboxError {
  return new GlassboxError('ERR_GLASSBOX_PROGRAM_NOT_FOUND', `${program}: not found`, {
    path: program,
    hint: lineHint(program) ?? hint,
  })
}

/** A path that leads through a file, or through a directory that this user may not enter. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw new GlassboxError(
      'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE',
      `${path}: ${(error as NodeJS.ErrnoException).code}`,
      {
        path,
        hint: 'Check that every directory on the way may be entered.',
        cause: error,
      },
    )
  }
}

function hostFile(path: string, binds: readonly string[]): ResolvedProgram {
  const stats = statOf(path)
  if (!stats) throw notFound(path, 'Name a file of this host, or one that is copied into the box.')
  if (!isProgram(path)) {
    throw new GlassboxError(
      'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE',
      `${path}: ${stats.isFile() ? 'not executable' : 'not a file'}`,
      { path, hint: stats.isFile() ? `Make it executable: chmod +x ${path}` : 'Name a program.' },
    )
  }
  // A link out of what the box shows would dangle in there: its target is what is bound, at the
  // link's own path.
  const shown = shownAt(path, binds) && shownAt(realpathSync.native(path), binds)
  return shown ? { path } : { path, bind: path }
}

export interface Surroundings {
  /** Directory of the host that relative names begin at; none where it was removed. */
  readonly hostDirectory: string | undefined
  readonly cwd: string
  /** Whether a file of that name was put into the working directory. */
  readonly inBox: (relative: string) => boolean
  /** Targets of the caller's own binds. */
  readonly bindTargets: readonly string[]
  /** PATH as the program will see it, and that of this process. */
  readonly boxPath: string
  readonly hostPath: string
}

export function resolveProgram(program: string, around: Surroundings): ResolvedProgram {
  if (program === '' || program.includes('\0')) throw notFound(JSON.stringify(program), 'Name a program.')
  if (!program.includes('/')) {
    const shown = findInPath(program, {
      path: around.boxPath,
      accept: path => SHOWN.test(path) && isProgram(path),
    })
    const other = shown ?? findInPath(program, { path: around.hostPath })
    if (other === undefined) throw notFound(program, 'Install it, or name its file with a slash: ./program.')
    return hostFile(other, around.bindTargets)
  }
  const inBox = resolve(around.cwd, program)
  if (inBox.startsWith(`${BOX_DIRECTORY}/`) && around.inBox(inBox.slice(BOX_DIRECTORY.length + 1)))
    return { path: inBox }
  return boundOrHost(program, around)
}

/** A path below a bind of the caller's is a path of the box, whatever the host has there. */
function boundOrHost(program: string, { hostDirectory, bindTargets }: Surroundings): ResolvedProgram {
  if (
    program.startsWith('/') &&
    bindTargets.some(target => program === target || program.startsWith(`${target}/`))
  ) {
    return { path: program }
  }
  if (hostDirectory === undefined && !program.startsWith('/'))
    throw notFound(program, 'The current directory was removed: name the program by its whole path.')
  return hostFile(resolve(hostDirectory ?? '/', program), bindTargets)
}

/** None if it was removed. */
function currentDirectory(): string | undefined {
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}

/** Where a program's name leads before there is a box. */
export function resolveForNewBox(program: string, options: RunOptions): ResolvedProgram {
  const files = Object.entries(options.files ?? {}).map(([name, input]) => ({
    name: resolve('/', name),
    input,
  }))
  return resolveProgram(program, {
    hostDirectory: currentDirectory(),
    cwd: options.cwd ?? BOX_DIRECTORY,
    inBox: path => files.some(({ name, input }) => shows(name, input, resolve('/', path))),
    bindTargets: (options.binds ?? []).map(({ source, target }) => target ?? resolve(source)),
    boxPath: options.env?.['PATH'] ?? DEFAULT_PATH,
    hostPath: process.env['PATH'] ?? '',
  })
}

/** What lies below a directory that is copied in is looked for in the box alone. */
const shows = (name: string, input: FileInput, path: string): boolean =>
  path === name || (!isContents(input) && 'file' in input && path.startsWith(`${name}/`))

/**
 * As `resolveProgram`, for a box that is open already: it shows what it shows, and names begin in
 * its working directory.
 */
export function resolveInBox(
  program: string,
  { cwd, env }: CommandOptions,
  binds: BoxOptions['binds'],
  inBox: (relative: string) => boolean,
): ResolvedProgram {
  const found = resolveProgram(program, {
    hostDirectory: BOX_DIRECTORY,
    cwd: cwd ?? BOX_DIRECTORY,
    inBox,
    bindTargets: (binds ?? []).map(({ source, target }) => target ?? resolve(source)),
    boxPath: env?.['PATH'] ?? DEFAULT_PATH,
    hostPath: '',
  })
  if (found.bind === undefined) return found
  throw new GlassboxError(
    'ERR_GLASSBOX_PROGRAM_NOT_FOUND',
    `${program}: this box does not show ${found.bind}`,
    {
      path: found.bind,
      hint: 'Open the box with a bind of its directory, or put the file into the box.',
    },
  )
}
