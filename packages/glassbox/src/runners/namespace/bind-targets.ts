/**
 * Where a bind can be put: in what a box cannot write there has to be a place for it already.
 * Nothing is made here.
 */
import { statSync } from 'node:fs'
import { InvalidOptionError } from '../../errors.ts'
import type { ResolvedBind } from '../../job/resolved.ts'

/** Directories of the host that every box shows, read-only, and that nothing can be made in. */
const READ_ONLY = /^\/(usr|bin|sbin|lib|lib32|lib64|libx32)\//
const PROC = /^\/proc\//

const isBelow = (path: string, directory: string): boolean => path.startsWith(`${directory}/`)

/** Whether the host has a directory, or something else, at the path. */
function kindThere(path: string): 'a directory' | 'a file' | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats && (stats.isDirectory() ? 'a directory' : 'a file')
  } catch {
    return undefined
  }
}

const wrong = (index: number, target: string, why: string): InvalidOptionError =>
  new InvalidOptionError(
    `binds[${index}].target`,
    `Cannot bind to ${target} in the box: ${why}.`,
    'Choose a target of its own, such as /data.',
  )

/**
 * Refuses a target that the kernel would refuse when the box is half made. `directory`: whether
 * the source is one.
 */
export function checkTarget(binds: readonly ResolvedBind[], index: number, directory: boolean): void {
  const target = binds[index]?.target ?? ''
  if (binds.some(other => isBelow(target, other.target))) return // there is what that bind shows
  if (PROC.test(target)) throw wrong(index, target, '/proc is the box’s own')
  if (!READ_ONLY.test(target)) return
  const there = kindThere(target)
  const wanted = directory ? 'a directory' : 'a file'
  if (there === undefined)
    throw wrong(
      index,
      target,
      'it is not there, and nothing can be made where the host’s directories are shown',
    )
  if (there !== wanted) throw wrong(index, target, `there is ${there}, and the source is ${wanted}`)
}
