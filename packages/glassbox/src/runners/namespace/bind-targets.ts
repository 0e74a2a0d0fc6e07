/**
 * Checks the targets of binds. In a directory that the box shows read-only, the target has to
 * exist already. Nothing is made here.
 */
import { statSync } from 'node:fs'
import { InvalidOptionError } from '../../errors.ts'
import type { ResolvedBind } from '../../job/resolved.ts'

/** Directories of the host that every box shows read-only. No mount point can be made in them. */
const READ_ONLY = /^\/(usr|bin|sbin|lib|lib32|lib64|libx32)\//
const PROC = /^\/proc\//

const isBelow = (path: string, directory: string): boolean => path.startsWith(`${directory}/`)

/** What the host has at the path; `undefined` if nothing, or if it cannot be read. */
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
    'Choose another target, such as /data.',
  )

/**
 * Throws for a target that the kernel would refuse while the box is being set up. `directory`:
 * whether the source is a directory.
 */
export function checkTarget(binds: readonly ResolvedBind[], index: number, directory: boolean): void {
  const target = binds[index]?.target ?? ''
  // A target below another bind may exist there.
  if (binds.some(other => isBelow(target, other.target))) return
  if (PROC.test(target)) throw wrong(index, target, 'the box has its own /proc')
  if (!READ_ONLY.test(target)) return
  const there = kindThere(target)
  const wanted = directory ? 'a directory' : 'a file'
  if (there === undefined)
    throw wrong(index, target, 'it does not exist, and nothing can be created in the host’s directories')
  if (there !== wanted) throw wrong(index, target, `it is ${there}, but the source is ${wanted}`)
}
