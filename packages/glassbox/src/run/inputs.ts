/** The files that a caller wants in a box, read before anything is started: so one that is missing starts nothing. */
import { readFileSync, statSync } from 'node:fs'
import { GlassboxError } from '../errors.ts'
import type { BoxOptions } from './options.ts'

export interface InputFile {
  readonly path: string
  readonly bytes: Uint8Array
  readonly mode: number
}

export function readInputs(files: BoxOptions['files'] = {}): InputFile[] {
  return Object.entries(files).map(([path, contents]) => {
    if (typeof contents === 'string') return { path, bytes: Buffer.from(contents), mode: 0o644 }
    if (contents instanceof Uint8Array) return { path, bytes: contents, mode: 0o644 }
    try {
      const mode = contents.mode ?? statSync(contents.file).mode & 0o777
      return { path, bytes: readFileSync(contents.file), mode }
    } catch (error) {
      throw new GlassboxError(
        'ERR_GLASSBOX_FILE',
        `Cannot copy ${contents.file} into the box: ${(error as Error).message}`,
        { path: contents.file, hint: 'Name a file that you may read.', cause: error },
      )
    }
  })
}
