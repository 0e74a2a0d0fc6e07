/** Moving and duplicating mappings with their pages: mremap(2). */
import { Area, UNMAPPED } from './areas/area.ts'
import { mapAnonymous, mapFile } from './map.ts'
import { PAGE_SIZE } from './pages/page.ts'
import type { SpacePages } from './space-pages.ts'

/** Moves the areas of a range. The pages stay the same; nothing is at the new place. */
export function moveAreas(space: SpacePages, start: number, end: number, target: number): void {
  let isMapped = false
  const areas = space.detach(start, end)
  for (const area of areas) {
    isMapped ||= area.hostProtection !== UNMAPPED
    area.hostProtection = UNMAPPED
    area.start += target - start
    area.end += target - start
  }
  if (isMapped) space.unmapHost(start, end)
  for (const area of areas) space.attach(area)
  space.join(target, target + end - start)
}

/**
 * Makes the mapping that `last` ends longer: from `start` on, where nothing is. False: no memory.
 */
export function continueArea(space: SpacePages, last: Area, start: number, end: number): boolean {
  const { protection, flags, name, file } = last
  const mapping = { start, end, protection, flags, name }
  if (file === undefined) return mapAnonymous(space, mapping)
  return mapFile(space, mapping, file, last.fileOffset + (start - last.start))
}

/** A second mapping of the same shared pages. */
export function duplicate(space: SpacePages, start: number, length: number, target: number): boolean {
  const first = space.areas.find(start) as Area
  if (first.file !== undefined) {
    const mapping = { start: target, end: target + length, protection: first.protection, flags: first.flags }
    return mapFile(space, mapping, first.file, first.fileOffset + (start - first.start))
  }
  const end = Math.min(start + length, first.end)
  const copy = first.part(start, end)
  copy.start = target
  copy.end = target + (end - start)
  copy.hostProtection = UNMAPPED
  space.world.world.share(copy.offset, copy.pages)
  space.remove(copy.start, copy.end, true)
  space.add(copy)
  return length === end - start || continueArea(space, copy, copy.end, target + length)
}

/** An empty mapping in the place of one that was moved away: MREMAP_DONTUNMAP. */
export function leaveEmpty(space: SpacePages, model: Area, start: number, end: number): void {
  const area = new Area(start, end, model.protection, model.flags)
  area.name = model.name
  space.add(area)
}

/** The areas of a range if a guest sees them as one mapping; else undefined. */
export function oneMapping(space: SpacePages, start: number, end: number): Area | undefined {
  const first = space.areas.find(start)
  let area = first
  while (area !== undefined && area.end < end) {
    const next = space.areas.find(area.end)
    if (next === undefined || !area.looksContinuedBy(next)) return undefined
    area = next
  }
  return area === undefined ? undefined : space.areas.find(Math.max(start, end - PAGE_SIZE))
}
