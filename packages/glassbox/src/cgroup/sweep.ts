/**
 * Removes the groups that a killed glassbox process, or the killed init of a box, left behind. A
 * locked group belongs to the init of a living box, in this process or in another one on the same
 * host, and is never removed.
 */
import { closeSync, openSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { syscall } from '../gate/gate.ts'
import { LOCK_EX, LOCK_NB } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { controlsOf, GROUP_PREFIX } from './group.ts'
import { type CgroupSupport, detectCgroups } from './hierarchy.ts'
import { removeGroup } from './remove.ts'

function groupsIn(base: string): string[] {
  try {
    return readdirSync(base).filter(name => name.startsWith(GROUP_PREFIX))
  } catch {
    return []
  }
}

const LOCK_EX_NB = LOCK_EX | LOCK_NB

/** Whether another process holds the lock of the directory, which means that its owner lives. */
function isOwned(directory: string, lockFile: string): boolean {
  const fd = openSync(join(directory, lockFile), 'r')
  try {
    return syscall(syscallNumber('flock'), fd, LOCK_EX_NB) === -ERRNO.EAGAIN
  } finally {
    closeSync(fd)
  }
}

/** A younger group is left alone: its owner may not have locked it yet. */
const YOUNG_MS = 10_000

const mayBeOwned = (directory: string, lockFile: string, youngMs: number): boolean =>
  Date.now() - statSync(directory).ctimeMs < youngMs || isOwned(directory, lockFile)

/**
 * Removes the groups of dead owners. Returns how many boxes they belonged to: a group has the same
 * name in every hierarchy.
 */
export async function sweepCgroups(
  support: CgroupSupport = detectCgroups(),
  youngMs: number = YOUNG_MS,
): Promise<number> {
  const bases = new Map(
    Object.values(support).flatMap(found =>
      'place' in found ? [[found.place.base, controlsOf(found.place.version).joinFile]] : [],
    ),
  )
  const found = [...bases].flatMap(([base, lockFile]) =>
    groupsIn(base).map(name => ({ base, name, lockFile })),
  )
  const owned = new Set<string>()
  for (const { base, name, lockFile } of found) {
    try {
      if (mayBeOwned(join(base, name), lockFile, youngMs)) owned.add(name)
    } catch {
      owned.add(name) // its owner is removing it right now
    }
  }
  const stale = found.filter(({ name }) => !owned.has(name))
  for (const { base, name } of stale) await removeGroup(join(base, name))
  return new Set(stale.map(({ name }) => name)).size
}
