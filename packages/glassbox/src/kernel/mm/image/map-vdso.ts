/** Showing the vDSO of the world to a new program. */
import { PROT_EXEC, PROT_READ } from '../../../linux/constants.ts'
import type { AddressSpace } from '../address-space.ts'
import { AREA_DONT_DUMP, Area } from '../areas/area.ts'
import { PAGE_SIZE } from '../pages/page.ts'

/** The address of the image; undefined if the world has none, or there is no room. */
export function mapVdso(space: AddressSpace): number | undefined {
  const { vdso } = space.world
  if (vdso === undefined) return undefined
  const length = (1 + vdso.imagePages) * PAGE_SIZE
  const start = space.areas.gapBelow(space.layout.mmapBase, PAGE_SIZE, length, () => 0)
  if (start < 0) return undefined
  const parameters = new Area(start, start + PAGE_SIZE, PROT_READ, AREA_DONT_DUMP)
  parameters.name = 'vvar'
  parameters.offset = vdso.offset
  const image = new Area(start + PAGE_SIZE, start + length, PROT_READ | PROT_EXEC, 0)
  image.name = 'vdso'
  image.offset = vdso.offset + PAGE_SIZE
  for (const area of [parameters, image]) {
    area.backing = 'world'
    space.world.world.share(area.offset, area.pages)
    area.owned = true
    // The world keeps a reference, so a guest that makes it writable writes a copy.
    area.copyOnWrite = true
    space.add(area)
  }
  return image.start
}
