/**
 * The files that a caller puts into a box. Files of the host are opened and checked before
 * anything is started, so nothing is started if one is missing. They are opened again when they
 * are copied, so no descriptor is held in between.
 */
import { fstatSync, type Stats } from 'node:fs'
import { GlassboxError, InvalidOptionError } from '../errors.ts'
import { close, withDescriptor } from '../gate/descriptors.ts'
import { pathComponents } from '../job/box-path.ts'
import { type Contents, type FileInput, type Files, hostPath, isContents } from '../job/files.ts'
import { entryPath } from '../options/record.ts'
import { O_NOCTTY, O_NONBLOCK, O_PATH, O_RDONLY } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { BENEATH, kindOf } from './files/beneath.ts'
import { copyFile, writeBytes } from './files/copy.ts'
import { hintFor, inWords, refusal } from './files/errors.ts'
import type { Pace } from './files/pace.ts'
import type { TreeWriter } from './files/tree-writer.ts'
import { walk } from './files/walk.ts'
import type { HostPaths } from './host-paths.ts'

const FILE_MODE = 0o644
const DIRECTORY_MODE = 0o755
/** The permissions that programs of the box, as owner, need to use a directory. */
const OWNER_ALL = 0o700

/** A file or directory of the host. */
export interface HostSource {
  readonly path: string
  /** Opens the path, safely below writable binds. */
  readonly paths: HostPaths
  readonly directory: boolean
}

/** One file or directory to put into a box. `path` is relative and normalized. */
export type InputFile = { readonly path: string } & (
  | { readonly contents: Uint8Array | Blob; readonly mode: number }
  | { readonly directory: true; readonly mode: number }
  | { readonly source: HostSource; readonly mode: number | undefined }
)

/**
 * Converts the checked option `files` to the form that a runner takes. Opens files of the host.
 */
export const readInputs = (files: Files | undefined, paths: HostPaths): InputFile[] =>
  Object.entries(files ?? {}).map(([name, input]) => readInput(entryPath('files', name), name, input, paths))

/** Converts one entry. `key`: its path in the options, for messages. */
export function readInput(key: string, name: string, input: FileInput, paths: HostPaths): InputFile {
  const path = pathComponents(name).join('/')
  if (isContents(input)) return { path, contents: bytesOf(input), mode: FILE_MODE }
  if ('contents' in input && input.contents !== undefined)
    return { path, contents: bytesOf(input.contents), mode: input.mode ?? FILE_MODE }
  if ('directory' in input && input.directory !== undefined)
    return { path, directory: true, mode: input.mode ?? DIRECTORY_MODE }
  const { file, mode } = input as { file: string | URL; mode?: number }
  const source = lookAtSource(hostPath(file), paths)
  if (source.directory && mode !== undefined)
    throw new InvalidOptionError(
      `${key}.mode`,
      `${key}.mode: ${source.path} is a directory, whose files keep their modes.`,
      'Leave the mode out.',
    )
  return { path, source, mode }
}

function bytesOf(contents: Contents): Uint8Array | Blob {
  if (typeof contents === 'string') return Buffer.from(contents)
  if (contents instanceof Uint8Array || contents instanceof Blob) return contents
  if (ArrayBuffer.isView(contents))
    return new Uint8Array(contents.buffer, contents.byteOffset, contents.byteLength)
  return new Uint8Array(contents)
}

function lookAtSource(path: string, paths: HostPaths): HostSource {
  try {
    return withDescriptor(openSource(path, paths), fd => {
      const stats = fstatSync(fd)
      refuseKind(stats)
      return { path, paths, directory: stats.isDirectory() }
    })
  } catch (error) {
    throw notCopied(path, error)
  }
}

/**
 * Opens a file or directory for reading. Its type is checked first: a FIFO may have no end, and
 * opening a device may have an effect.
 */
function openSource(path: string, paths: HostPaths): number {
  withDescriptor(paths.open(path, O_PATH), fd => refuseKind(fstatSync(fd)))
  return paths.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
}

function refuseKind(stats: Stats): void {
  if (stats.isFile() || stats.isDirectory()) return
  throw new GlassboxError('ERR_GLASSBOX_FILE', `it is a ${kindOf(stats)}, not a regular file or directory`, {
    hint: 'Name a file or a directory. Data from a FIFO or device can be given as a stream.',
  })
}

/** The error for a file of the host that cannot be copied. */
function notCopied(path: string, cause: unknown): GlassboxError {
  const { errno } = cause as NodeJS.ErrnoException
  return new GlassboxError('ERR_GLASSBOX_FILE', `Cannot copy ${path} into the box: ${inWords(cause)}`, {
    path,
    hint: hintFor(cause, 'Name a file that you may read.'),
    cause,
    ...(errno === undefined ? {} : { errno: Math.abs(errno) }),
  })
}

/** Writes one input at the path `names`. */
export async function putInput(
  input: InputFile,
  names: readonly string[],
  writer: TreeWriter,
  pace: Pace,
): Promise<void> {
  if ('directory' in input) writer.directory(names, input.mode | OWNER_ALL)
  else if ('contents' in input)
    await writer.file(names, input.mode, fd => writeContents(fd, input.contents, pace))
  else await putSource(input.source, input.mode, names, writer, pace)
}

async function writeContents(to: number, contents: Uint8Array | Blob, pace: Pace): Promise<void> {
  if (contents instanceof Uint8Array) return writeBytes(to, contents, pace)
  for await (const chunk of contents.stream()) await writeBytes(to, chunk as Uint8Array, pace)
}

async function putSource(
  { path, paths, directory }: HostSource,
  mode: number | undefined,
  names: readonly string[],
  writer: TreeWriter,
  pace: Pace,
): Promise<void> {
  let fd: number
  try {
    fd = openSource(path, paths)
  } catch (error) {
    throw notCopied(path, error)
  }
  try {
    const stats = fstatSync(fd)
    if (stats.isDirectory() !== directory) throw notCopied(path, exchanged())
    if (directory) await putTree(fd, path, names, writer, pace)
    else await writer.file(names, mode ?? stats.mode & 0o777, to => copyFile(fd, to, pace))
  } finally {
    close(fd)
  }
}

const exchanged = (): GlassboxError =>
  new GlassboxError('ERR_GLASSBOX_FILE', 'it was replaced by a file of another type meanwhile', {
    hint: 'Make sure that no other program changes it during the copy.',
  })

/**
 * Copies a directory of the host, across all its file systems. The disk limits of the box limit
 * its size.
 */
async function putTree(
  directory: number,
  path: string,
  names: readonly string[],
  writer: TreeWriter,
  pace: Pace,
): Promise<void> {
  for await (const found of walk(directory, { resolve: BENEATH, maxEntries: Infinity, pace })) {
    const below = found.path === '' ? [] : found.path.split('/')
    const target = [...names, ...below]
    if (found.type === 'directory') writer.directory(target, found.mode | OWNER_ALL)
    else if (found.type === 'link') writer.link(target, found.target)
    else if (found.type === 'file') await writer.file(target, found.mode, to => copyFile(found.fd, to, pace))
    else {
      const cause = found.type === 'failed' ? found.error : refusal(ERRNO.EOPNOTSUPP, `it is a ${found.kind}`)
      throw notCopied(below.length === 0 ? path : `${path}/${found.path}`, cause)
    }
  }
}

/** The part of an AbortSignal that long work asks between its pieces. */
export type StopSignal = Pick<AbortSignal, 'aborted' | 'throwIfAborted'>

/**
 * Writes all inputs into a sandbox, one after another. If `signal` is aborted meanwhile, it
 * resolves without writing the rest: the caller checks the signal.
 */
export async function putInputs(
  files: { write(input: InputFile, signal?: StopSignal): Promise<void> },
  inputs: readonly InputFile[],
  signal?: StopSignal,
): Promise<void> {
  for (const input of inputs) {
    if (signal?.aborted) return
    try {
      await files.write(input, signal)
    } catch (error) {
      if (!signal?.aborted) throw error
    }
  }
}
