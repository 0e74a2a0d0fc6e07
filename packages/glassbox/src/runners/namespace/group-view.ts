/**
 * What the programs of a box see of control groups: all that the host offers, unless a bind is
 * there.
 */
import { hostView } from '../../cgroup/hierarchy.ts'
import { mayEnterNamespace, visibleHierarchies } from '../../cgroup/visible.ts'
import { GROUP_ROOT } from '../../rootfs/groups.ts'
import type { BindMount, GroupMount, GroupView } from '../../rootfs/types.ts'
import { planGroup } from './accounting.ts'
import { isBelow, withoutLinks } from '../root/binds/targets.ts'

let known: { readonly view: GroupView | undefined } | undefined

/** Examines the host once in the life of the process. */
function hostGroups(): GroupView | undefined {
  if (known) return known.view
  const cgroup = planGroup()
  const hierarchies = cgroup ? visibleHierarchies(cgroup, hostView()) : []
  const mounts = hierarchies.map(({ version, controllers, options, own }) => {
    const name = version === 2 ? '' : `/${controllers.join()}`
    const type: GroupMount['type'] = version === 2 ? 'cgroup2' : 'cgroup'
    return { own, mount: { type, target: `${GROUP_ROOT}${name}`, options, controllers } }
  })
  const of = (isOwn: boolean): GroupMount[] =>
    mounts.filter(({ own }) => own === isOwn).map(({ mount }) => mount)
  const mayEnter = cgroup !== undefined && mayEnterNamespace(cgroup)
  known = { view: cgroup && { own: of(true), covered: of(false), mayEnter } }
  return known.view
}

/**
 * `undefined` if there are no groups, or the caller binds something at, above or below their
 * place.
 */
export function groupView(binds: readonly BindMount[]): GroupView | undefined {
  const taken = binds
    .map(({ target }) => withoutLinks(target))
    .some(target => target === GROUP_ROOT || isBelow(GROUP_ROOT, target) || isBelow(target, GROUP_ROOT))
  return taken ? undefined : hostGroups()
}
