/** Giving memory back while its mapping stays: madvise(2). */
import type { Area } from './areas/area.ts'
import type { SpacePages } from './space-pages.ts'

/**
 * The private pages of an area are forgotten: it reads as zero, or as the file, again. Pages that
 * are the guest's own are punched in place, so the mapping does not change at all.
 */
export function discard(space: SpacePages, area: Area): void {
  if (area.backing === undefined || area.shared || !area.owned) return
  const { world } = space.world
  const isAlone = world.singleRun(area.offset, area.pages) === area.pages
  if (isAlone && area.anonymous && !area.copyOnWrite) world.discard(area.offset, area.pages)
  else space.strip(area)
}

/** MADV_REMOVE: a hole in the shared memory or the file behind an area. */
export function removePages(space: SpacePages, area: Area): void {
  if (area.backing === undefined || !area.owned) return
  space.world.world.discard(area.offset, area.pages)
}
