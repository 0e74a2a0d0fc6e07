/**
 * Finds the file that a program's name means, and whether the box needs a bind to show it.
 *
 * - A bare name is searched for in the box's PATH as execvp(3) would do it there, and if the box
 *   has no such program, in the host's PATH.
 * - A name with a slash is a file in the working directory, or else a file of the host.
 *
 * If the box does not show that file of the host anyway, it is bound read-only at its own path. A
 * runner whose programs see the host's files needs no bind.
 */
import { type Stats, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { GlassboxError } from '../errors.ts'
import { BOX_DIRECTORY, DEFAULT_PATH } from '../job/box-layout.ts'
import { type FileInput, isContents } from '../job/files.ts'
import { findInPath, isExecutable } from '../launch/find-program.ts'
import type { Runner } from '../runners/runner.ts'
import { BoxView, mayExecute } from './box-view.ts'
import type { BoxOptions, CommandOptions, RunOptions } from '../job/options.ts'
import { lineHint } from './program-hint.ts'

export interface ResolvedProgram {
  /** Absolute, as seen in the box. */
  readonly path: string
  /** The file of the host that has to be bound so that the path exists in the box. */
  readonly bind?: string
}

function notFound(program: string, hint: string): GlassboxError {
  return new GlassboxError('ERR_GLASSBOX_PROGRAM_NOT_FOUND', `${program}: not found`, {
    path: program,
    hint: lineHint(program) ?? hint,
  })
}

/**
 * The state of a file of the host; `undefined` if it does not exist. Throws if its path leads
 * through a file, or through a directory that this user may not enter.
 */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw new GlassboxError(
      'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE',
      `${path}: ${(error as NodeJS.ErrnoException).code}`,
      {
        path,
        hint: 'Check that you may enter every directory of the path.',
        cause: error,
      },
    )
  }
}

function hostFile(path: string, view: BoxView): ResolvedProgram {
  const stats = statOf(path)
  if (!stats) throw notFound(path, 'Name a file of this host, or one that is copied into the box.')
  if (!stats.isFile() || !isExecutable(path)) {
    throw new GlassboxError(
      'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE',
      `${path}: ${stats.isFile() ? 'not executable' : 'not a file'}`,
      { path, hint: stats.isFile() ? `Make it executable: chmod +x ${path}` : 'Name a program.' },
    )
  }
  // A link to a file that the box does not show would dangle in the box. Its target is then bound
  // at the path of the link.
  const shown = view.isBound(path) || view.showsHostFile(path)
  return shown ? { path } : { path, bind: path }
}

/** Where names of programs are looked up. */
export interface ProgramLookup {
  /** Whether programs run as another user than this process. */
  readonly strangers: boolean
  /** What the paths of the box mean on the host. */
  readonly view: BoxView
  /** The host's directory that relative names are resolved from; none if it was removed. */
  readonly hostDirectory: string | undefined
  readonly cwd: string
  /** Whether a file of that name is in the working directory. */
  readonly inBox: (relative: string) => boolean
  /** The program's PATH, and that of this process. */
  readonly boxPath: string
  readonly hostPath: string
}

/** Throws ERR_GLASSBOX_PROGRAM_NOT_FOUND or ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE. */
export function resolveProgram(program: string, around: ProgramLookup): ResolvedProgram {
  if (program === '' || program.includes('\0')) throw notFound(JSON.stringify(program), 'Name a program.')
  if (!program.includes('/')) {
    const found = findInPath(program, {
      ...{ path: around.boxPath, cwd: around.cwd },
      accept: path => isProgramOfBox(path, around),
    })
    if (found !== undefined) return { path: resolve(around.cwd, found) }
    const other = findInPath(program, { path: around.hostPath })
    if (other === undefined) throw notFound(program, 'Install it, or give its path: ./program.')
    return hostFile(other, around.view)
  }
  const inBox = resolve(around.cwd, program)
  return isInWork(inBox, around) ? { path: inBox } : boundOrHost(program, around)
}

/** Whether the working directory has a file of that path. */
const isInWork = (path: string, { inBox }: ProgramLookup): boolean =>
  path.startsWith(`${BOX_DIRECTORY}/`) && inBox(path.slice(BOX_DIRECTORY.length + 1))

/** Whether the box has a program at the path that its programs may execute. */
function isProgramOfBox(path: string, around: ProgramLookup): boolean {
  const file = around.view.file(path)
  return file ? mayExecute(file, around.strangers) : isInWork(path, around)
}

/** A path below a target of the caller's binds is a path in the box, not on the host. */
function boundOrHost(program: string, around: ProgramLookup): ResolvedProgram {
  const { hostDirectory, view } = around
  if (program.startsWith('/') && view.isBound(program)) return { path: program }
  if (hostDirectory === undefined && !program.startsWith('/'))
    throw notFound(program, 'The current directory was removed: give the absolute path of the program.')
  return hostFile(resolve(hostDirectory ?? '/', program), view)
}

/** `undefined` if it was removed. */
function currentDirectory(): string | undefined {
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}

/** What has to be known of a runner to find its programs. */
export type RunnerFacts = Pick<Runner, 'showsHost' | 'strangers'>

const factsOf = (
  binds: BoxOptions['binds'],
  { showsHost, strangers }: RunnerFacts,
): Pick<ProgramLookup, 'strangers' | 'view'> => ({
  strangers: strangers(),
  view: new BoxView(
    (binds ?? []).map(({ source, target, writable = false }) => ({
      ...{ source: resolve(source), target: target ?? resolve(source), writable: writable === true },
    })),
    showsHost,
  ),
})

/** Finds a program for a box that has yet to be made. */
export function resolveForNewBox(
  program: string,
  options: Omit<RunOptions, 'policy' | 'here'>,
  runner: RunnerFacts,
): ResolvedProgram {
  const files = Object.entries(options.files ?? {}).map(([name, input]) => ({
    name: resolve('/', name),
    input,
  }))
  return resolveProgram(program, {
    ...factsOf(options.binds, runner),
    hostDirectory: currentDirectory(),
    cwd: options.cwd ?? BOX_DIRECTORY,
    inBox: path => files.some(({ name, input }) => shows(name, input, resolve('/', path))),
    boxPath: options.env?.['PATH'] ?? DEFAULT_PATH,
    hostPath: process.env['PATH'] ?? '',
  })
}

/**
 * Whether the box has a file because of an entry of `files`. A path below a copied directory is
 * looked up in the box only.
 */
const shows = (name: string, input: FileInput, path: string): boolean =>
  path === name || (!isContents(input) && 'file' in input && path.startsWith(`${name}/`))

/**
 * Finds a program for a box that is open. No file of the host can be bound any more, and relative
 * names are resolved from the working directory.
 */
export function resolveInBox(
  program: string,
  { cwd, env }: Pick<CommandOptions, 'cwd' | 'env'>,
  { binds, runner }: { readonly binds: BoxOptions['binds']; readonly runner: RunnerFacts },
  inBox: (relative: string) => boolean,
): ResolvedProgram {
  const found = resolveProgram(program, {
    ...factsOf(binds, runner),
    hostDirectory: BOX_DIRECTORY,
    cwd: cwd ?? BOX_DIRECTORY,
    inBox,
    boxPath: env?.['PATH'] ?? DEFAULT_PATH,
    hostPath: '',
  })
  if (found.bind === undefined) return found
  throw new GlassboxError(
    'ERR_GLASSBOX_PROGRAM_NOT_FOUND',
    `${program}: this box does not show ${found.bind}`,
    {
      path: found.bind,
      hint: 'Open the box with a bind of its directory, or copy the file into the box.',
    },
  )
}
