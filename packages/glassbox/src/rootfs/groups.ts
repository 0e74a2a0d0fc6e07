/**
 * The steps by which a program sees its own control groups, read-only, below /sys/fs/cgroup.
 * Language runtimes size their heaps by the memory limit that they find there.
 *
 * Who mounts what: init makes the directories, and mounts once what shows nothing. The child that
 * becomes a program mounts the program's own group, after it has entered a cgroup namespace whose
 * root is that group, so neither the path in /proc/self/mountinfo nor that in /proc/self/cgroup
 * names anything of the host. init detaches this mount before it removes the group.
 *
 * In a user namespace the files of the group belong to the program's user. That the mount is
 * read-only is then all that protects them. So the flag is part of the call that makes the mount,
 * and no other call may ever be needed for it.
 */
import {
  AT_FDCWD,
  CLONE_NEWCGROUP,
  MNT_DETACH,
  MS_BIND,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_RDONLY,
} from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { type PlanBuilder, text } from '../plan/builder.ts'
import type { GroupMount, GroupView, SymbolicLink } from './types.ts'

export const GROUP_ROOT = '/sys/fs/cgroup'
/** An empty directory, which covers hierarchies that are mounted but show nothing. */
const NOTHING = `${GROUP_ROOT}/.none`

const READ_ONLY = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC

/** Of a v1 hierarchy with several controllers, each has its usual name too. */
const linksOf = ({ target, controllers }: GroupMount): SymbolicLink[] =>
  controllers.length < 2
    ? []
    : controllers.map(name => ({
        path: `${GROUP_ROOT}/${name}`,
        target: target.slice(GROUP_ROOT.length + 1),
      }))

/** The directories that `addCoverSteps` and `addShowSteps` need. */
export const groupDirectories = ({ own, covered }: GroupView): readonly string[] => [
  ...[...own, ...covered].map(({ target }) => target),
  ...(covered.length > 0 ? [NOTHING] : []),
]

/** Adds links to the directories. Before the root of the box becomes read-only. */
export function addLinkSteps(plan: PlanBuilder, { own, covered }: GroupView): void {
  for (const { target, path } of [...own, ...covered].flatMap(linksOf))
    plan.call('symlinkat', [text(target), AT_FDCWD, text(path)], `link ${path}`)
}

function mountGroup(plan: PlanBuilder, { type, target, options }: GroupMount, label: string): void {
  const data = options === '' ? 0 : text(options)
  plan.call('mount', [text('cgroup'), text(target), text(type), READ_ONLY, data], label, {
    // A filter or a security module of the host may refuse it. Then there is nothing to see.
    onError: 'ignore',
  })
}

/**
 * Mounts the hierarchies that show nothing. After the root of the box has become read-only: the
 * cover is a bind of one of its directories, and has its flags.
 */
export function addCoverSteps(plan: PlanBuilder, { covered, mayEnter }: GroupView): void {
  // As seen by a program, the mounts then begin at the groups in which it is: its namespace and
  // that of init have the same roots there. In a user namespace the mounts need it, too.
  if (covered.length > 0 && mayEnter)
    plan.call('unshare', [CLONE_NEWCGROUP], 'make the own cgroups the roots that init sees')
  for (const each of covered) {
    // The cover comes in any case. If the hierarchy is not there, it covers an empty directory.
    mountGroup(plan, each, `mount a hierarchy on ${each.target}`)
    plan.call('mount', [text(NOTHING), text(each.target), 0, MS_BIND, 0], `cover ${each.target}`)
  }
}

/** For the child of a program, in its new cgroup namespace and still with privilege. */
export function addShowSteps(plan: PlanBuilder, { own }: GroupView): void {
  for (const each of own) mountGroup(plan, each, `show the program its own group on ${each.target}`)
}

/** For init, before it removes the group: a mounted group is not freed. */
export function addHideSteps(plan: PlanBuilder, { own }: GroupView): void {
  for (const { target } of own)
    plan.call('umount2', [text(target), MNT_DETACH], `detach ${target}`, {
      onError: [ERRNO.EINVAL], // nothing is mounted there
    })
}
