/** Where objects of the caller may be mounted: beside binds, not over the box's own files. */
import { InvalidOptionError } from '../../errors.ts'
import type { ResolvedBox } from '../../job/resolved.ts'
import { entryPath } from '../../options/record.ts'

/** Directories that every world has. Below /tmp there is room. */
const OWN = /^\/(?:usr|bin|sbin|lib|lib32|lib64|libx32|etc|proc|dev|box)(?:\/|$)|^\/tmp$/

/** Throws InvalidOptionError for a mount point that would hide a bind or be hidden by one. */
export function checkMounts({ binds, mounts, here }: ResolvedBox): void {
  for (const point of Object.keys(mounts)) {
    const path = entryPath('mounts', point)
    if (OWN.test(point))
      throw new InvalidOptionError(
        path,
        `Nothing can be mounted at ${point}: the box has its own files there.`,
        "Name another directory, for example '/world'.",
      )
    const bind = binds.find(
      ({ target }) => target === point || target.startsWith(`${point}/`) || point.startsWith(`${target}/`),
    )
    if (!bind) continue
    const what = bind.target === here ? 'the current directory (here)' : `the bind ${bind.target}`
    throw new InvalidOptionError(
      path,
      `The mount point ${point} and ${what} would hide each other.`,
      'Name a directory that is neither above nor below a bind.',
    )
  }
}
