/** Which walls of a box are weaker than usual: the fallbacks of its set-up, in words. */
import type { Ending, WeakerWall } from '../job/ending.ts'
import { ROOT_FALLBACK } from '../rootfs/fallbacks.ts'

const WALLS: Readonly<Record<string, WeakerWall>> = {
  [ROOT_FALLBACK.proc]: {
    wall: 'proc',
    means:
      'the box shows the /proc around it, read-only: the program sees names, arguments, mounts and ' +
      'connections of the processes in this container, but can neither signal nor read them',
  },
  [ROOT_FALLBACK.root]: {
    wall: 'root',
    means:
      'the root of the host is covered by that of the box instead of detached: only a process with ' +
      'CAP_SYS_ADMIN could uncover it, and no program in a box has a capability',
  },
}

const none: Pick<Ending, 'weaker'> = {}
const known = new WeakMap<readonly string[], Pick<Ending, 'weaker'>>()

/** The member of an ending for a box that took these fallbacks. */
export function weakerWalls(fallbacks: readonly string[]): Pick<Ending, 'weaker'> {
  if (fallbacks.length === 0) return none
  const found = known.get(fallbacks) ?? { weaker: fallbacks.flatMap(name => WALLS[name] ?? []) }
  known.set(fallbacks, found)
  return found
}
