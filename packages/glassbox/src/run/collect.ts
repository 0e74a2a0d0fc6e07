/** The files that were asked for, brought out of a sandbox when everything in it is dead. */
import { GlassboxError } from '../errors.ts'
import type { CommandOptions } from '../job/options.ts'
import type { CollectedFiles } from '../job/result.ts'
import type { SandboxFiles } from '../runners/runner.ts'

const DEFAULT_COLLECT_BYTES = 64 * 2 ** 20

export const NOTHING_COLLECTED: CollectedFiles = { files: {}, fileModes: {}, fileErrors: {} }

/** Reads the files that were asked for, within their common budget. */
export async function collect(
  from: SandboxFiles,
  { collect: paths = [], collectBytes }: CommandOptions,
): Promise<CollectedFiles> {
  const files: Record<string, Uint8Array> = {}
  const fileModes: Record<string, number> = {}
  const fileErrors: Record<string, string> = {}
  let left = collectBytes ?? DEFAULT_COLLECT_BYTES
  for (const path of paths) {
    try {
      const { bytes, mode } = await from.read(path, left)
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
