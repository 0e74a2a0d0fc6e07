/**
 * Says which paths of /etc and /var a failed program has named that the host has and its box does
 * not show. Only what was looked up is said: that the path is missing there, not that it is why
 * the program failed.
 */
import { lstatSync } from 'node:fs'
import { hostRoot } from '../../rootfs/host.ts'
import { isSecret } from '../../rootfs/configuration/secrets.ts'
import { isForEveryone } from '../../rootfs/configuration/tree.ts'
import { quoted } from './shell-words.ts'

const PATHS = /\/(?:etc|var)\/[\p{L}\p{N}@%+=:,._/~-]+/gu
/** What ends a path in a sentence, rather than belonging to it. */
const ENDS = /[.,:;~/-]+$/

const MOST = 3

const exists = (path: string): boolean => {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false // below a file, or in a directory that this user may not enter
  }
}

/** Whether the copy of the configuration has the path, or a bind of the caller could show it. */
function isShown(path: string, etc: readonly string[], targets: readonly string[]): boolean {
  if (
    targets.some(target => path === target || path.startsWith(`${target}/`) || target.startsWith(`${path}/`))
  )
    return true
  return hostRoot(etc).binds.some(
    ({ source, target }) =>
      (path === target || path.startsWith(`${target}/`)) && exists(source + path.slice(target.length)),
  )
}

/** How the path could be shown. */
function remedy(path: string): string {
  if (isSecret(path)) return 'it is secret, or belongs to the host'
  const [, top, ...names] = path.split('/')
  const everyone = names.every((_, index) => {
    const part = `/${[top, ...names.slice(0, index + 1)].join('/')}`
    return isForEveryone(lstatSync(part))
  })
  if (top !== 'etc' || !everyone) return `to show it: --bind ${quoted(path)}`
  return `to show it: --etc ${quoted(names.join('/'))}`
}

export interface Named {
  /** What the program wrote. */
  readonly text: string
  /** The options of the box. */
  readonly etc: readonly string[]
  /** Targets of the caller's binds. */
  readonly targets: readonly string[]
}

/** A sentence for each such path, for at most three of them. */
export function missingPaths({ text, etc, targets }: Named): string[] {
  const named = [...text.matchAll(PATHS)].map(([path]) => path.replace(ENDS, ''))
  return [...new Set(named)]
    .filter(path => exists(path) && !isShown(path, etc, targets))
    .slice(0, MOST)
    .map(path => `the program names ${path}, which the host has and the box does not show; ${remedy(path)}`)
}
