/**
 * The steps that show a bind as the property of the box's user: its mount gets an id map
 * (mount_setattr(2)). The map comes from a user namespace, whose descriptor the plan receives.
 *
 * The number of that descriptor has to be in a struct, which no step can write. So the descriptor
 * is duplicated to a number that is fixed and that init does not use before it has programs.
 */
import { INIT_DESCRIPTOR } from '../gate/generated/layouts.ts'
import { AT_EMPTY_PATH, AT_RECURSIVE, MOUNT_ATTR_IDMAP, O_CLOEXEC } from '../linux/constants.ts'
import { type PlanBuilder, text } from '../plan/builder.ts'
import type { Slot } from '../plan/types.ts'
import { MOUNT_ATTR_BYTES, mountAttributes } from './mount-attributes.ts'
import type { BindMount, Ids } from './types.ts'

const FIXED = INIT_DESCRIPTOR.firstKept

/** Identifies an owner among those of the binds of a box. */
export const ownerKey = ({ uid, gid }: Ids): string => `${uid}:${gid}`

/** The owners for which the binds need a carrier, each once, in the order of the binds. */
export function ownersOf(binds: readonly BindMount[]): readonly Ids[] {
  const owners = binds.flatMap(({ map }) => (map ? [map.owner] : []))
  return [...new Map(owners.map(owner => [ownerKey(owner), owner])).values()]
}

interface Mapping {
  /** The mount, which is not attached anywhere yet. */
  readonly tree: Slot
  readonly carrier: Slot
  readonly recursive: boolean
}

export function addMapSteps(plan: PlanBuilder, { tree, carrier, recursive }: Mapping, source: string): void {
  const attributes = mountAttributes(MOUNT_ATTR_IDMAP, FIXED)
  const flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0)
  plan
    .call('dup3', [carrier, FIXED, O_CLOEXEC], `take the id map of ${source}`)
    .call(
      'mount_setattr',
      [tree, text(''), flags, attributes, MOUNT_ATTR_BYTES],
      `show the owner of ${source} as the user of the box`,
    )
}

export function closeCarriers(plan: PlanBuilder, carriers: ReadonlyMap<string, Slot>): void {
  if (carriers.size === 0) return
  for (const carrier of carriers.values()) plan.call('close', [carrier], `close the ${carrier.label}`)
  plan.call('close', [FIXED], 'close the id map')
}
