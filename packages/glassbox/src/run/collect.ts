/** The files that were asked for, brought out of a box when everything in it is dead. */
import { copyOut } from '../container/files.ts'
import { GlassboxError } from '../errors.ts'
import type { CommandOptions } from '../job/options.ts'

const DEFAULT_COLLECT_BYTES = 64 * 2 ** 20

export interface Collected {
  readonly files: Readonly<Record<string, Uint8Array>>
  readonly fileModes: Readonly<Record<string, number>>
  readonly fileErrors: Readonly<Record<string, string>>
}

/** Reads the files that were asked for, within their common budget. */
export async function collect(
  directory: () => number,
  { collect: paths = [], collectBytes }: CommandOptions,
): Promise<Collected> {
  const files: Record<string, Uint8Array> = {}
  const fileModes: Record<string, number> = {}
  const fileErrors: Record<string, string> = {}
  let left = collectBytes ?? DEFAULT_COLLECT_BYTES
  for (const path of paths) {
    try {
      const { bytes, mode } = await copyOut(directory(), path, left)
      left -= bytes.length
      files[path] = bytes
      fileModes[path] = mode
    } catch (error) {
      if (!(error instanceof GlassboxError)) throw error
      fileErrors[path] = error.message
    }
  }
  return { files, fileModes, fileErrors }
}
