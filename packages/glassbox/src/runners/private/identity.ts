/**
 * The user and group ids of a sandbox's programs.
 *
 * If this process is root, each sandbox has a user id of its own, so its programs cannot signal or
 * read those of another sandbox, and own no file of the host's. The id is derived from the random
 * number of its private directory, which no other sandbox in the same TMPDIR has. It is above the
 * ids of the namespace runner's boxes (see container/identity.ts). In a user namespace that has no
 * such ids, it is in the upper half of those that the namespace has.
 *
 * Otherwise the programs have the user id of this process.
 */
import { readFileSync } from 'node:fs'
import { randomHex } from '../../gate/random.ts'
import { hasCapabilities } from '../../launch/capabilities.ts'
import { FIRST_BOX_ID, MOST_PROCESS_IDS } from '../../launch/user-ids.ts'
import { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_SETGID, CAP_SETUID } from '../../linux/constants.ts'
import type { Owner } from '../../stdio/pipe.ts'

/** With FIRST_BOX_ID, all ids are below 2^31. */
const MOST_IDS = 2 ** 28

/** A random number below 2^28 that is not used by the namespace runner. */
export function randomId(): number {
  for (;;) {
    const id = Number.parseInt(randomHex(4), 16) % MOST_IDS
    if (id >= MOST_PROCESS_IDS) return id
  }
}

let ids: { readonly uid: readonly IdRange[]; readonly gid: readonly IdRange[] } | undefined

/** Whether sandboxes get user ids of their own. */
export const hasOwnUsers = (): boolean =>
  hasCapabilities(CAP_SETUID, CAP_SETGID, CAP_CHOWN, CAP_FOWNER, CAP_DAC_OVERRIDE)

/** The owner for the sandbox with that number; `undefined` if it is the user of this process. */
export function ownerOf(id: number): Owner | undefined {
  if (!hasOwnUsers()) return undefined
  // A process does not change its user namespace once it has threads.
  ids ??= { uid: readIds('/proc/self/uid_map'), gid: readIds('/proc/self/gid_map') }
  const uid = idWithin(ids.uid, id)
  const gid = idWithin(ids.gid, id)
  return uid === undefined || gid === undefined ? undefined : { uid, gid }
}

/** The owner that a plan shows: that of the lowest number. */
export const exampleOwner = (): Owner | undefined => ownerOf(MOST_PROCESS_IDS)

/** A range of ids of this user namespace. */
export interface IdRange {
  readonly first: number
  readonly count: number
}

/**
 * Lines of uid_map: the first id inside, the first id outside, and their number
 * (user_namespaces(7)).
 */
export const idRanges = (text: string): IdRange[] =>
  text
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/).map(Number))
    .map(([first = 0, , count = 0]) => ({ first, count }))

const readIds = (path: string): IdRange[] => idRanges(readFileSync(path, 'utf8'))

/** The id for a sandbox with the number `id`; `undefined` if the ranges have too few ids. */
export function idWithin(ranges: readonly IdRange[], id: number): number | undefined {
  const wanted = FIRST_BOX_ID + id
  if (ranges.some(({ first, count }) => first <= FIRST_BOX_ID && FIRST_BOX_ID + MOST_IDS <= first + count))
    return wanted
  const [largest] = ranges.toSorted((a, b) => b.count - a.count)
  const half = Math.floor((largest?.count ?? 0) / 2)
  return largest === undefined || half < 2 ? undefined : largest.first + half + (id % half)
}
