/** What comes out of a box when everything in it is dead: files that were asked for, and evidence of a full file. */
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { copyOut } from '../container/files.ts'
import { GlassboxError } from '../errors.ts'
import type { CommandOptions } from './options.ts'

const DEFAULT_COLLECT_BYTES = 64 * 2 ** 20
const MAX_ENTRIES = 100_000

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

/**
 * Whether a file of the box is as large as a file may become: the evidence that SIGXFSZ came from the limit. Nothing
 * runs in the box any more, and links are not followed.
 */
export function holdsFileOf(pid: number, bytes: number): boolean {
  const queue = ['box', 'tmp', 'dev/shm'].map(name => `/proc/${pid}/root/${name}`)
  let entries = 0
  for (
    let directory = queue.pop();
    directory !== undefined && entries < MAX_ENTRIES;
    directory = queue.pop()
  ) {
    for (const name of namesIn(directory)) {
      entries++
      const path = join(directory, name)
      const stats = lstatSync(path, { throwIfNoEntry: false })
      if (stats?.isDirectory()) queue.push(path)
      else if (stats?.isFile() && stats.size >= bytes) return true
    }
  }
  return false
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return [] // unreadable or too deep for a name: it holds no evidence that could be had
  }
}
