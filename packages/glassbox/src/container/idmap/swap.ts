/**
 * The id map of a bind: the owner of its source and the user of the box change places, and every
 * other id stays itself. With a map of one id alone, all other ids would be unmapped, and the
 * kernel refuses to write to a file with an unmapped owner or group, whatever its mode
 * (user_namespaces(7)). Pure.
 */
import type { Ids } from '../../rootfs/types.ts'

/** (uid_t) -1 stands for "no user", so it is not an id. */
const IDS = 2 ** 32 - 1

/** The lines of a `uid_map` that exchanges two ids. */
export function swapMap(one: number, other: number): string {
  const [low, high] = one < other ? [one, other] : [other, one]
  const same = (from: number, to: number): string[] => (from < to ? [`${from} ${from} ${to - from}`] : [])
  const swapped = low === high ? same(low, low + 1) : [`${low} ${high} 1`]
  const back = low === high ? [] : [`${high} ${low} 1`]
  return [...same(0, low), ...swapped, ...same(low + 1, high), ...back, ...same(high + 1, IDS)].join('\n')
}

/** Both maps of a bind whose source belongs to `owner`, in a box whose programs are `box`. */
export const mapsOf = (owner: Ids, box: Ids): IdMaps => ({
  uids: swapMap(owner.uid, box.uid),
  gids: swapMap(owner.gid, box.gid),
})

export interface IdMaps {
  readonly uids: string
  readonly gids: string
}
