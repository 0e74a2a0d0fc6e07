/**
 * Which of the caller's binds are shown as the property of the box's user. With privilege, each
 * box has a user id of its own, to which the caller's files belong to somebody else. An id map
 * (container/idmap/) makes the owner of the source and the user of the box change places: the
 * program can use the source as its owner can, and what it writes belongs to the owner. Without
 * privilege the program is the caller outside, so nothing is mapped.
 *
 * - A writable bind is always mapped.
 * - A read-only bind is mapped if its source is a file or directory that others may not read.
 *   Otherwise the program sees it as others do: /etc shows no /etc/shadow.
 * - Devices are not mapped, because they do not work in a bind.
 *
 * If the kernel refuses the map, a source that others may use as the bind says is shown unmapped.
 * Any other one is an error, before anything is started.
 */
import type { Stats } from 'node:fs'
import { InvalidOptionError, MissingFeatureError } from '../../../errors.ts'
import { MAX_DESCRIPTORS } from '../../../gate/generated/layouts.ts'
import { type Mappable, mappable } from '../../../container/idmap/probe.ts'
import { ownersOf } from '../../../rootfs/map-steps.ts'
import type { BindMount } from '../../../rootfs/types.ts'
import { whyUnmappable } from './unmappable.ts'

/** How sources become the property of the box's user. */
export interface Owning {
  /** Whether a source, a path without links, can be mapped. */
  readonly mappable: (source: string) => Mappable
}

/** `undefined`: the user of the box is the caller's. */
export const owningOf = (privileged: boolean, can: Owning['mappable'] = mappable): Owning | undefined =>
  privileged ? { mappable: can } : undefined

/** The rights of others, as bits of a mode. */
const READ = 4
const WRITE = 2
const ENTER = 1

const isMade = (stats: Stats): boolean => !stats.isCharacterDevice() && !stats.isBlockDevice()

/** The bits that others need, to use the source as the bind says. */
function neededBits(stats: Stats, writable: boolean): number {
  const enter = stats.isDirectory() || (stats.isFile() && (stats.mode & 0o111) !== 0) ? ENTER : 0
  return READ | enter | (writable ? WRITE : 0)
}

const isOpenToOthers = (stats: Stats, writable: boolean): boolean => {
  const needed = neededBits(stats, writable)
  return (stats.mode & needed) === needed
}

function isWanted(stats: Stats, writable: boolean): boolean {
  if (writable) return isMade(stats)
  return (stats.isDirectory() || stats.isFile()) && !isOpenToOthers(stats, false)
}

/** The bind with its map. Throws MissingFeatureError if it needs one and cannot have it. */
export function owned(bind: BindMount, stats: Stats, owning: Owning): BindMount {
  if (!isWanted(stats, bind.writable)) return bind
  const found = owning.mappable(bind.source)
  if ('recursive' in found) return withMap(bind, stats, found.recursive)
  if (isOpenToOthers(stats, bind.writable)) return bind
  const { errno, syscall } = found
  const { message, hint } = whyUnmappable(bind, stats, found)
  throw new MissingFeatureError('id-mapped mounts', message, hint, undefined, { errno, syscall })
}

/** The same for a program. If others may not execute it, the launch fails and says so. */
export function ownedProgram(bind: BindMount, stats: Stats, owning: Owning): BindMount {
  if (!isWanted(stats, false)) return bind
  const found = owning.mappable(bind.source)
  return 'recursive' in found ? withMap(bind, stats, found.recursive) : bind
}

const withMap = (bind: BindMount, { uid, gid }: Stats, recursive: boolean): BindMount => ({
  ...bind,
  map: { owner: { uid, gid }, recursive },
})

/** init receives the map of each owner as a descriptor, all in one message. */
export function refuseTooManyOwners(binds: readonly BindMount[]): void {
  const owners = ownersOf(binds).length
  if (owners < MAX_DESCRIPTORS) return
  throw new InvalidOptionError(
    'binds',
    `The sources of the binds belong to ${owners} owners; a box takes at most ${MAX_DESCRIPTORS - 1}.`,
    'Bind a directory above them, or give them to one owner.',
  )
}
