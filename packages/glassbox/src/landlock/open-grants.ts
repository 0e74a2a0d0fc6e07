/**
 * Opens the files of many grants by few plans, which takes a fraction of the time that one call
 * after another takes. This is for grants of the simplest kind only, and for those that have been
 * seen before: all others are returned, for the matcher (matches.ts). So are those whose files
 * could not be opened, because the matcher knows what each error means.
 *
 * What is remembered is the plan, which depends on the paths alone. The files are opened anew each
 * time.
 */
import { close } from '../gate/descriptors.ts'
import { runPlan } from '../gate/gate.ts'
import { PLAN_SLOTS } from '../gate/generated/layouts.ts'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { bytesOfPath } from '../linux/path-bytes.ts'
import { OPEN_HOW_BYTES } from '../linux/open-how.ts'
import { PlanBuilder, text, words } from '../plan/builder.ts'
import { encodePlan } from '../plan/encode.ts'
import type { Data, Slot } from '../plan/types.ts'
import { type Look, lookOf, STAT } from './look.ts'
import type { Grant } from './types.ts'

/** A plan has two slots for each: the descriptor, and the result of fstat. */
const MOST_OPEN = PLAN_SLOTS / 2
const MOST_PLANS = 32
const MOST_SEEN = 1024

export interface OpenedGrant extends Look {
  /** Whether the path alone says that this is not an entry of this process in /proc. */
  readonly isOutsideOwn: boolean
}

/**
 * Adds the rule of a grant. The file is open during this call. Returns false if it cannot add it.
 */
type Use = (grant: Grant, fd: number, found: OpenedGrant) => boolean

interface Opening {
  readonly bytes: Uint8Array
  /** By slot: what fstat(2) wrote. Its result is `stats.length` slots later. */
  readonly stats: readonly DataView[]
  readonly made: { readonly descriptors: readonly number[] }
}

const seen = new Set<string>()
const openings = new Map<string, Opening>()

/** Returns the grants that are left. */
export function openGrants(grants: readonly Grant[], use: Use): Grant[] {
  const left: Grant[] = []
  const simple: Grant[] = []
  for (const grant of grants) (isSimple(grant) && hasBeenSeen(grant) ? simple : left).push(grant)
  for (let at = 0; at < simple.length; at += MOST_OPEN)
    left.push(...openSome(simple.slice(at, at + MOST_OPEN), use))
  return left
}

/** Entries of this process, or perhaps of it. */
const OWN = /^\/proc(?:\/(?:self|thread-self|\d+)(?=\/|$)|\/?$)/
const isInProc = (path: string): boolean => path.startsWith('/proc/')

/** It names one file, which no program can have replaced by a link. */
const isSimple = ({ kind, path, within }: Grant): boolean =>
  (kind === 'exact' || kind === 'tree') &&
  within === undefined &&
  path.startsWith('/') &&
  !path.includes('\0') &&
  !/\/[./]/.test(path) &&
  !OWN.test(path)

/** Paths that are used once, such as those of private directories, would make a plan each time. */
function hasBeenSeen({ path }: Grant): boolean {
  if (seen.has(path)) return true
  if (seen.size >= MOST_SEEN) seen.clear()
  seen.add(path)
  return false
}

/** Errors that say that there is no such file, whether or not links are followed. */
const MISSING: readonly number[] = [ERRNO.ENOENT, ERRNO.ENOTDIR]

function openSome(grants: readonly Grant[], use: Use): Grant[] {
  const { bytes, stats, made } = openingOf(grants)
  const { slots } = runPlan(bytes, [], made)
  const left: Grant[] = []
  try {
    for (const [slot, grant] of grants.entries()) {
      const fd = Number(slots[slot])
      const stat = stats[slot]
      if (fd < 0 && MISSING.includes(-fd)) continue
      const isStated = stat && fd >= 0 && Number(slots[grants.length + slot]) === 0
      const isUsed = isStated && use(grant, fd, { ...lookOf(stat), isOutsideOwn: isInProc(grant.path) })
      if (!isUsed) left.push(grant)
    }
    return left
  } finally {
    for (const slot of grants.keys()) if (Number(slots[slot]) >= 0) close(Number(slots[slot]))
  }
}

function openingOf(grants: readonly Grant[]): Opening {
  const key = grants.map(({ kind, path }) => `${kind} ${path}`).join('\0')
  const made = openings.get(key) ?? makeOpening(grants)
  if (openings.size >= MOST_PLANS) openings.clear()
  openings.set(key, made)
  return made
}

function makeOpening(grants: readonly Grant[]): Opening {
  const builder = new PlanBuilder('open the files of a policy')
  const empty = text('')
  const files = grants.map(({ path }) => builder.slot(path))
  const stats: Data[] = grants.map(() => ({ bytes: new Uint8Array(STAT.SIZE) }))
  for (const [index, { kind, path }] of grants.entries()) {
    const file = files[index] as Slot
    const stat = stats[index] as Data
    const flags = O_PATH | O_CLOEXEC | (kind === 'tree' ? O_DIRECTORY : 0)
    // A path in /proc without links says by its text whether it is about this process.
    const how = words(8, [flags, 0, isInProc(path) ? RESOLVE_NO_SYMLINKS : RESOLVE_NO_MAGICLINKS])
    const name: Data = { bytes: bytesOfPath(`${path}\0`) }
    builder
      .call('openat2', [AT_FDCWD, name, how, OPEN_HOW_BYTES], `open ${path}`, {
        result: file,
        onError: 'ignore',
      })
      .call('newfstatat', [file, empty, stat, AT_EMPTY_PATH], 'look what it is', {
        result: builder.slot(`whether ${path} was looked at`),
        onError: 'ignore',
      })
  }
  const { bytes, dataOf } = encodePlan(builder.build())
  const views = stats.map(stat => {
    const place = dataOf(stat)
    return new DataView(place.buffer, place.byteOffset, place.length)
  })
  return { bytes, stats: views, made: { descriptors: [...grants.keys()] } }
}
