/** The files that a caller wants in a box, read before anything is started: so one that is missing starts nothing. */
import { fstatSync, readFileSync } from 'node:fs'
import { GlassboxError } from '../errors.ts'
import { withDescriptor } from '../gate/descriptors.ts'
import { O_NOCTTY, O_NONBLOCK, O_RDONLY } from '../linux/constants.ts'
import type { HostPaths } from './host-paths.ts'
import type { BoxOptions } from '../job/options.ts'

export interface InputFile {
  readonly path: string
  readonly bytes: Uint8Array
  readonly mode: number
}

export function readInputs(files: BoxOptions['files'] = {}, paths: HostPaths): InputFile[] {
  return Object.entries(files).map(([path, contents]) => {
    if (typeof contents === 'string') return { path, bytes: Buffer.from(contents), mode: 0o644 }
    if (contents instanceof Uint8Array) return { path, bytes: contents, mode: 0o644 }
    try {
      return { path, ...readFile(contents.file, contents.mode, paths) }
    } catch (error) {
      const known = error instanceof GlassboxError ? error.hint : undefined
      throw new GlassboxError(
        'ERR_GLASSBOX_FILE',
        `Cannot copy ${contents.file} into the box: ${(error as Error).message}`,
        { path: contents.file, hint: known ?? 'Name a file that you may read.', cause: error },
      )
    }
  })
}

/** What is no regular file may have no end, or none yet: nobody waits for it. */
function readFile(file: string, mode: number | undefined, paths: HostPaths): Omit<InputFile, 'path'> {
  return withDescriptor(paths.open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY), fd => {
    const stats = fstatSync(fd)
    if (!stats.isFile()) throw new GlassboxError('ERR_GLASSBOX_FILE', 'it is not a regular file')
    return { bytes: readFileSync(fd), mode: mode ?? stats.mode & 0o777 }
  })
}
