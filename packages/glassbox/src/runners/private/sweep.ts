/**
 * Removes the private directories that killed glassbox processes of this user have left. A locked
 * directory belongs to a sandbox of a living process, perhaps in another container, and is never
 * removed. No program is left in an unlocked one: the kernel kills what a supervisor traced.
 */
import { fstatSync, readdirSync } from 'node:fs'
import { close, openat2 } from '../../gate/descriptors.ts'
import { AT_FDCWD, O_DIRECTORY, O_NOFOLLOW, O_PATH, O_RDONLY } from '../../linux/constants.ts'
import { BENEATH_ON_ONE_MOUNT as BENEATH } from '../../stdio/files/beneath.ts'
import { Pace } from '../../stdio/files/pace.ts'
import { removeTree } from '../../stdio/files/remove.ts'
import { baseDirectory, takeLock, PREFIX } from './directory.ts'

const NAME = new RegExp(`^${PREFIX}[0-9a-f]{7}$`)

/** Removes them. Returns how many there were. */
export async function sweepDirectories(base: string = baseDirectory()): Promise<number> {
  const names = readdirSync(base).filter(name => NAME.test(name))
  if (names.length === 0) return 0
  const directory = openat2(AT_FDCWD, base, { flags: O_PATH | O_DIRECTORY, resolve: 0 })
  let swept = 0
  try {
    for (const name of names) if (await removeIfLeft(directory, name)) swept++
  } finally {
    close(directory)
  }
  return swept
}

async function removeIfLeft(base: number, name: string): Promise<boolean> {
  let top: number
  try {
    top = openat2(base, name, { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW, resolve: BENEATH })
  } catch {
    return false // its owner removes it right now, or it belongs to another user
  }
  try {
    if (fstatSync(top).uid !== process.geteuid?.() || !takeLock(top)) return false
    await removeTree(base, name, BENEATH, new Pace())
    return true
  } catch {
    return false // the next sweep tries again
  } finally {
    close(top)
  }
}

let isSwept = false

/** Sweeps in the background, once in the life of the process. */
export function sweepOnce(): void {
  if (isSwept) return
  isSwept = true
  sweepDirectories().catch(() => {}) // a later process tries again
}
