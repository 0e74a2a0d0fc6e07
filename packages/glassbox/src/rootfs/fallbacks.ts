/**
 * How a box gets its root and its /proc where the usual way is refused, as in many containers. The
 * usual call is tried each time, and decides. The names of the fallbacks that were taken reach the
 * result, because some are weaker: see docs/security.md.
 *
 * - pivot_root is not in Docker's profile, whatever the capabilities. The new root is then moved
 *   over the old one, which stays below it. It is in no path and in no /proc/PID/mountinfo, and
 *   only a process with CAP_SYS_ADMIN could take the new root away; programs have no capability.
 * - A new /proc may not be mounted in a user namespace if the visible one has hidden parts
 *   (mount_namespaces(7)). Then the outer /proc is bound, hidden parts included, and read-only:
 *   writable, it would let a program change /proc/PID/oom_score_adj and the like of the service.
 */
import {
  AT_FDCWD,
  AT_RECURSIVE,
  MNT_DETACH,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MS_BIND,
  MS_MOVE,
  MS_REC,
  O_CLOEXEC,
  O_RDONLY,
} from '../linux/constants.ts'
import { type PlanBuilder, text, words } from '../plan/builder.ts'

/** What a box may lack of its usual root and /proc: names of the fallbacks. */
export const ROOT_FALLBACK = { root: 'moved root', proc: 'outer proc' } as const

const ATTRIBUTES = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC

/**
 * Makes `stage` the root, with the old root below `hostRoot`, as pivot_root would. The bind of the
 * old root shows the new one too, where it was before it moved.
 */
export function addMovedRootSteps(plan: PlanBuilder, stage: string, hostRoot: string): void {
  plan
    .call(
      'mount',
      [text('/'), text(stage + hostRoot), 0, MS_BIND | MS_REC, 0],
      `bind the old root to ${hostRoot}`,
    )
    .call('chdir', [text(stage)], 'go to the new root')
    .call('mount', [text(stage), text('/'), 0, MS_MOVE, 0], 'move the new root over the old one')
    .call('chroot', [text('.')], 'change the root')
    .call('umount2', [text(hostRoot + stage), MNT_DETACH], `show the old ${stage} again`)
}

/**
 * Binds the outer /proc, which is below `hostRoot`. init then finds the processes of its box by
 * their parents, so the kernel must tell the children of a process.
 */
export function addOuterProcSteps(plan: PlanBuilder, hostRoot: string): void {
  const file = plan.slot('children')
  const children = '/proc/thread-self/children'
  plan
    .call('mount', [text(`${hostRoot}/proc`), text('/proc'), 0, MS_BIND | MS_REC, 0], 'bind the outer /proc')
    .call(
      'mount_setattr',
      [AT_FDCWD, text('/proc'), AT_RECURSIVE, words(8, [ATTRIBUTES, 0, 0, 0]), 32],
      'make it and everything below it read-only',
    )
    .call('openat', [AT_FDCWD, text(children), O_RDONLY | O_CLOEXEC, 0], `open ${children}`, { result: file })
    .call('close', [file], 'close it')
}
