/**
 * Checks the targets of binds against what the box has there, so that no bind fails while the box
 * is being set up. A target may replace what the box shows of the host, for example /etc or
 * /etc/passwd, but none of what makes it a box. Nothing is made here.
 */
import { lstatSync, type Stats, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { InvalidOptionError } from '../../../errors.ts'
import type { ResolvedBind } from '../../../job/resolved.ts'
import { BOX_DIRECTORY } from '../../../job/box-layout.ts'
import { hostRoot } from '../../../rootfs/host.ts'
import { IDENTITY_DIRECTORY, IDENTITY_FILES } from '../../../rootfs/identity.ts'
import { HOST_ROOT } from '../../../rootfs/steps.ts'

/** Nothing is bound at these paths or below them. */
const CLOSED = ['/proc', HOST_ROOT, IDENTITY_DIRECTORY]

/** Writable directories of the box. A bind may replace one, but not hide one below it. */
export const SCRATCH: Readonly<Record<'work' | 'temporary' | 'memory', string>> = {
  work: BOX_DIRECTORY,
  temporary: '/tmp',
  memory: '/dev/shm',
}
const SCRATCH_PATHS = Object.values(SCRATCH)

type What = 'a directory' | 'a file'

export const isBelow = (path: string, directory: string): boolean =>
  path.startsWith(directory === '/' ? '/' : `${directory}/`)

const kindOf = (stats: Stats): What => (stats.isDirectory() ? 'a directory' : 'a file')

const wrong = (index: number, target: string, why: string): InvalidOptionError =>
  new InvalidOptionError(
    `binds[${index}].target`,
    `Cannot bind to ${target} in the box: ${why}.`,
    'Choose another target, such as /data.',
  )

/** More links than any path of a box goes through. */
const MOST_LINKS = 8

/** The target without the links of the box's root, such as /bin. */
export function withoutLinks(target: string): string {
  let path = target
  for (let followed = 0; followed < MOST_LINKS; followed++) {
    const link = hostRoot().links.find(({ path: at }) => path === at || isBelow(path, at))
    if (!link) break
    path = resolve(dirname(link.path), link.target) + path.slice(link.path.length)
  }
  return path
}

/** What the box makes at a path itself; `undefined` if nothing. */
function madeAt(path: string): What | undefined {
  const { binds } = hostRoot()
  const isMade = (at: string): boolean => at === path
  const made = IDENTITY_FILES
  const bound = binds.find(({ target }) => isMade(target))
  if (bound) return bound.directory ? 'a directory' : 'a file'
  if (made.some(isMade)) return 'a file'
  const all = [...made, ...binds.map(({ target }) => target), ...SCRATCH_PATHS]
  return all.some(at => isMade(at) || isBelow(at, path)) ? 'a directory' : undefined
}

/** Why the box itself cannot be a box with this target. */
function conflict(path: string): string | undefined {
  const own = CLOSED.find(at => path === at || isBelow(path, at))
  if (own !== undefined) return `the box has its own ${own}`
  const hidden = SCRATCH_PATHS.find(at => isBelow(at, path))
  return hidden && `it would hide the box’s own ${hidden}`
}

/** Whole directories of the host in which a box shows a selection only. */
const SELECTIONS = ['/etc', '/dev', '/sys']

/**
 * Throws InvalidOptionError for a current directory that the box has itself: one that it makes, or
 * of which it shows a selection.
 */
export function checkHere(path: string): void {
  const selected = SELECTIONS.some(at => path === at || isBelow(path, at))
  const isOwn = conflict(path) !== undefined || madeAt(path) !== undefined || selected
  if (!isOwn) return
  throw new InvalidOptionError(
    'here',
    `The current directory, ${path}, cannot be shown under its own path: a box has its own ${path}.`,
    `Change to another directory (cd), or show it elsewhere: --bind ${path}:/work:rw --cwd /work.`,
  )
}

/** What the host has at the path, following links; `undefined` if nothing, or unreadable. */
function kindThere(path: string): What | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats && kindOf(stats)
  } catch {
    return undefined
  }
}

type Found = What | 'a link' | 'below a file'

/** What is in the source of a bind, where links are not followed. */
function kindWithoutLinks(source: string, rest: string): Found | undefined {
  let path = source
  let found: What | undefined
  for (const name of rest.split('/')) {
    if (found === 'a file') return 'below a file'
    path = join(path, name)
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats?.isSymbolicLink()) return 'a link'
    found = stats && kindOf(stats)
    if (!found) break
  }
  return found
}

interface Holder {
  readonly source: string
  readonly target: string
  readonly writable: boolean | 'copy'
}

/** The innermost of the directories that contain `path`. */
const innermost = <T extends { readonly target: string }>(path: string, of: readonly T[]): T | undefined =>
  of.filter(({ target }) => isBelow(path, target)).toSorted((a, b) => b.target.length - a.target.length)[0]

/** Throws unless the mount point exists in another bind of the caller, or can be made there. */
function checkInBind(index: number, target: string, wanted: What, other: Holder): void {
  let there: Found | undefined
  try {
    there = kindWithoutLinks(other.source, target.slice(other.target.length + 1))
  } catch {
    return // what cannot be read is not judged here
  }
  const where = `in the bind of ${other.source}`
  if (there === undefined && !other.writable)
    throw wrong(index, target, `it does not exist ${where}, which is read-only`)
  if (there !== undefined && there !== wanted)
    throw wrong(index, target, `it is ${there} ${where}, but the source is ${wanted}`)
}

/** Throws unless the mount point exists in a directory of the host that every box shows. */
function checkInHost(index: number, target: string, wanted: What, path: string): void {
  const shown = innermost(path, hostRoot().binds)
  if (!shown) return
  const there = kindThere(join(shown.source, path.slice(shown.target.length)))
  if (there === undefined && shown.isCopy) return // room is made for it: see `splitFor`
  if (there === undefined)
    throw wrong(index, target, 'it does not exist, and nothing can be created in the host’s directories')
  if (there !== wanted) throw wrong(index, target, `it is ${there}, but the source is ${wanted}`)
}

/**
 * Throws InvalidOptionError for a target that could not be mounted, or that would take from the
 * box what it needs. `directory`: whether the source is a directory.
 */
export function checkTarget(binds: readonly ResolvedBind[], index: number, directory: boolean): void {
  const target = binds[index]?.target ?? ''
  const path = withoutLinks(target)
  const wanted = directory ? 'a directory' : 'a file'
  const conflicting = conflict(path)
  if (conflicting !== undefined) throw wrong(index, target, conflicting)
  const others = binds.map(bind => ({ ...bind, target: withoutLinks(bind.target) }))
  const same = others.findIndex(bind => bind.target === path)
  if (same < index) throw wrong(index, target, `it is the same as the target of binds[${same}]`)
  const other = innermost(path, others)
  if (other) {
    checkInBind(index, target, wanted, other)
    return
  }
  for (let above = dirname(path); above !== '/'; above = dirname(above))
    if (madeAt(above) === 'a file') throw wrong(index, target, `${above} is a file`)
  const made = madeAt(path)
  if (made !== undefined && made !== wanted)
    throw wrong(index, target, `it is ${made}, but the source is ${wanted}`)
  checkInHost(index, target, wanted, path)
}
