/**
 * The row about the place around this process: a container, a service, a host. A container has a
 * seccomp filter, read-only cgroups and a partly hidden /proc. The host's settings show none of
 * that, and no sysctl changes it.
 */
import { type Place, placeHere, restrictionText } from '../place/place.ts'
import type { Row } from './row.ts'

/**
 * Where this is, by which signs, and what restricts it. Whether boxes work in it is tried by
 * another row, which has the remedy.
 */
export function placeRow(place: Place = placeHere()): Row {
  const { name, title, signs, restrictions } = place
  const around = restrictions.map(restrictionText)
  const by = signs.map(({ what }) => what)
  const found = name === 'host' ? 'no sign of a container' : `this looks like ${title}`
  return {
    subject: 'place',
    found: [found, ...by].join('; '),
    state: around.length === 0 ? 'yes' : 'partly',
    meaning:
      around.length === 0
        ? 'nothing stands between this process and the kernel'
        : `around this process: ${around.join(', ')}; the row "a box, tried now" says what still works`,
  }
}
