/** The carriers of one container: one for each owner of what its binds show as the box's own. */
import { close } from '../../gate/descriptors.ts'
import { ownersOf } from '../../rootfs/map-steps.ts'
import type { BindMount, Ids } from '../../rootfs/types.ts'
import { makeCarrier } from './carrier.ts'
import { mapsOf } from './swap.ts'

/**
 * Makes the carriers for a box whose programs are `box`, and passes their descriptors to `use`, in
 * the order of `ownersOf`. Closes them when `use` returns.
 */
export function withCarriers<Result>(
  binds: readonly BindMount[],
  box: Ids,
  use: (carriers: readonly number[]) => Result,
): Result {
  const carriers: number[] = []
  try {
    for (const owner of ownersOf(binds)) carriers.push(makeCarrier(mapsOf(owner, box)))
    return use(carriers)
  } finally {
    for (const carrier of carriers) close(carrier)
  }
}
