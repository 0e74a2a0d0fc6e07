/** What to do about a failed step of a plan, by its system call and errno. */
import {
  errnoHint,
  limitHint,
  tooManyMounts,
  tooManyNamespaces,
  tooManyProcesses,
} from '../gate/errno-hint.ts'
import { F_DUPFD, F_DUPFD_CLOEXEC } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { hintFor } from '../place/remedies.ts'
import type { Step } from '../plan/types.ts'

/** Hints for the caller's directory and user, which only a plan that executes a program uses. */
const OF_LAUNCH: Readonly<Record<string, string>> = {
  openat2: 'Name a working directory that exists; links through /proc/PID are not followed.',
  fchdir: 'Name a working directory that the program’s user may enter.',
  chdir: 'Name a working directory that exists and that the user may enter.',
  setgroups: 'Running as another user needs root.',
  setresgid: 'Running as another user needs root.',
  setresuid: 'Running as another user needs root.',
}

type Hint = () => string

const fullFileSystem: Hint = () => 'A file system is full: make room on it.'
const tooManyGroups: Hint = () =>
  'A limit of cgroups is reached (cgroup.max.descendants or cgroup.max.depth of a group above): raise it, or close boxes.'

const NO_SPACE: Readonly<Record<string, Hint>> = {
  clone3: tooManyNamespaces,
  unshare: tooManyNamespaces,
  mount: tooManyMounts,
  move_mount: tooManyMounts,
  open_tree: tooManyMounts,
  fsmount: tooManyMounts,
}

const OF_ERRNO: Readonly<Record<number, (syscall: string) => string>> = {
  [ERRNO.ENOSPC]: syscall => (NO_SPACE[syscall] ?? fullFileSystem)(),
  [ERRNO.EAGAIN]: syscall => (syscall === 'mkdirat' ? tooManyGroups : tooManyProcesses)(),
  [ERRNO.EPERM]: syscall =>
    OF_BOXES.includes(syscall)
      ? hintFor('namespaces')
      : 'The user may not do this, or a filter or security module around this process forbids it.',
}

/** The calls with which a box is made and that a container forbids. */
const OF_BOXES = [
  ...['unshare', 'setns', 'mount', 'umount2', 'mount_setattr', 'open_tree', 'move_mount'],
  ...['pivot_root', 'chroot', 'sethostname', 'clone3'],
]

/** Whether the call is to duplicate a descriptor above a number. */
const duplicatesAbove = (step: Step): boolean =>
  step.kind === 'syscall' &&
  step.name === 'fcntl' &&
  (step.args[1] === F_DUPFD || step.args[1] === F_DUPFD_CLOEXEC)

/**
 * The errno that a failure means. If the number is above the limit of descriptors, fcntl(2) fails
 * with EINVAL, not with EMFILE.
 */
const meaning = (step: Step | undefined, errno: number): number =>
  step && errno === ERRNO.EINVAL && duplicatesAbove(step) ? ERRNO.EMFILE : errno

/** `launches`: whether the plan executes the caller's program. */
export function stepHint(step: Step | undefined, syscall: string, errno: number, launches: boolean): string {
  const meant = meaning(step, errno)
  const ofLaunch = launches ? OF_LAUNCH[syscall] : undefined
  return limitHint(meant) ?? ofLaunch ?? OF_ERRNO[meant]?.(syscall) ?? errnoHint(syscall, meant)
}
