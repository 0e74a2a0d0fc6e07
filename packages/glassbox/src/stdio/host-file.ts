/**
 * Opens files of the host as streams of a program. Opening does not block, and the type of the
 * file is checked before it is used. From a directory, the program could reach the whole host
 * through `..`. A FIFO without a process at its other end would block this process, and a socket
 * cannot be opened.
 */
import { fstatSync, type Stats, statSync } from 'node:fs'
import { GlassboxError, InvalidOptionError } from '../errors.ts'
import { keepDescriptor, makeBlocking } from '../gate/descriptors.ts'
import { O_NOCTTY, O_NONBLOCK } from '../linux/constants.ts'
import { hintFor } from './files/errors.ts'
import type { HostPaths } from './host-paths.ts'
import { sourceOf, type StreamOptions, targetOf } from '../job/streams.ts'
import { refuseInputAsOutput } from './same-file.ts'

export type StreamOption = 'stdin' | 'stdout' | 'stderr'

const DIRECTORY_HINT = 'Name a file; a directory is shown in the box with a bind.'
const PIPE_HINT = 'Redirect it with the shell and inherit it, or give a stream.'

function refuseDirectory(name: StreamOption, which: string, stats: Stats): void {
  if (!stats.isDirectory()) return
  throw new InvalidOptionError(
    name,
    `${name} cannot be ${which}, a directory: the program would reach the host from it.`,
    DIRECTORY_HINT,
  )
}

function refuseKind(name: StreamOption, path: string, stats: Stats): void {
  refuseDirectory(name, path, stats)
  const kind = stats.isFIFO() ? 'FIFO' : stats.isSocket() ? 'socket' : undefined
  if (kind === undefined) return
  throw new InvalidOptionError(
    name,
    `${name} cannot be ${path}, a ${kind}: opening it may never end.`,
    PIPE_HINT,
  )
}

/**
 * Checks the streams before anything is started. A file is checked again when it is opened, by its
 * descriptor. Throws InvalidOptionError.
 */
export function checkHostStreams({ stdin, stdout, stderr }: StreamOptions): void {
  const streams = {
    stdin: sourceOf(stdin),
    stdout: targetOf('stdout', stdout),
    stderr: targetOf('stderr', stderr),
  }
  for (const [fd, name] of (['stdin', 'stdout', 'stderr'] as const).entries()) {
    const stream = streams[name]
    if (stream.kind === 'inherit')
      refuseDirectory(name, `descriptor ${fd} of this process`, ownStats(name, fd))
    else if (stream.kind === 'file') refuseIfThere(name, stream.path)
  }
  refuseInputAsOutput(streams.stdin, { stdout: streams.stdout, stderr: streams.stderr })
}

function ownStats(name: StreamOption, fd: number): Stats {
  try {
    return fstatSync(fd)
  } catch (cause) {
    throw new InvalidOptionError(
      name,
      `${name} cannot be inherited: descriptor ${fd} of this process is closed (${(cause as Error).message}).`,
      `Use ${name}: 'ignore', or open the descriptor.`,
    )
  }
}

function refuseIfThere(name: StreamOption, path: string): void {
  let stats: Stats | undefined
  try {
    stats = statSync(path, { throwIfNoEntry: false })
  } catch {
    return // opening it will fail with the reason
  }
  if (stats) refuseKind(name, path, stats)
}

export interface HostFile {
  /** The caller closes it. */
  readonly fd: number
  readonly stats: Stats
}

export interface HostFileRequest {
  readonly name: StreamOption
  readonly path: string
  readonly flags: number
  readonly paths: HostPaths
}

/**
 * Opens a file for a stream, with flags of open(2). Throws ERR_GLASSBOX_FILE, or
 * InvalidOptionError for a wrong type.
 */
export function openHostFile({ name, path, flags, paths }: HostFileRequest): HostFile {
  try {
    // O_NOCTTY: a terminal must not become the controlling terminal of this process.
    const fd = paths.open(path, flags | O_NONBLOCK | O_NOCTTY, 0o666)
    return keepDescriptor(fd, () => {
      const stats = fstatSync(fd)
      refuseKind(name, path, stats)
      makeBlocking(fd)
      return { fd, stats }
    })
  } catch (error) {
    throw error instanceof InvalidOptionError ? error : cannotOpen(name, path, error)
  }
}

/** The error for a file that the caller named as a stream. */
export function cannotOpen(name: StreamOption, path: string, cause: unknown): GlassboxError {
  const { message, errno } = cause as NodeJS.ErrnoException
  const [what, hint] =
    name === 'stdin'
      ? ['read stdin from', 'Name a file that you may read.']
      : [`write ${name} to`, 'Name a file in a directory that you may write to.']
  return new GlassboxError('ERR_GLASSBOX_FILE', `Cannot ${what} ${path}: ${message}`, {
    path,
    hint: hintFor(cause, hint),
    cause,
    ...(errno === undefined ? {} : { errno: Math.abs(errno) }),
  })
}
