/**
 * The plan by which init makes the root of a box from directory rules.
 *
 * The order is that of the original, and matters: first every mount point is made, in an empty
 * tmpfs, and then the rules are mounted in their order. So nothing is ever made in a directory of
 * the host, and a rule that lies inside another one needs a directory there. At the end the tmpfs
 * becomes the root (pivot_root(2)), and the host's root is detached.
 *
 * Sources are resolved in the host's root, with the rights of the caller: its file system ids
 * decide what it can reach. Targets are resolved as if the new root were the root already
 * (RESOLVE_IN_ROOT), because an earlier program may have left links in a directory that a rule
 * shows. A mount gets its flags, and those of all mounts below it, before it becomes visible.
 */
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  FSCONFIG_CMD_CREATE,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MNT_DETACH,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
  OPEN_TREE_CLONE,
  RESOLVE_IN_ROOT,
} from '../../../linux/constants.ts'
import { INIT_DESCRIPTOR } from '../../../gate/generated/layouts.ts'
import { OPEN_HOW_BYTES } from '../../../linux/open-how.ts'
import { addLimitStep, type ResourceLimit } from '../../../launch/exec-steps.ts'
import { PlanBuilder, text, words } from '../../../plan/builder.ts'
import type { Plan, Slot } from '../../../plan/types.ts'
import { MOUNT_ATTR_BYTES, mountAttributes } from '../../../rootfs/mount-attributes.ts'
import type { DirectoryRule, Ids } from '../../types.ts'
import type { BoxPaths } from '../box/paths.ts'

export interface RootSpec {
  readonly paths: BoxPaths
  /** Those that are mounted, in order. */
  readonly rules: readonly DirectoryRule[]
  readonly caller: Ids
  /** Whether init looks at the processes of the box to measure CPU time. */
  readonly ownProc: boolean
  /** The limits of the program that are higher than those of this process. */
  readonly raised: readonly ResourceLimit[]
}

/** Inside the new root. */
const HERE = '.'
/** Processes of other users cannot be seen in it. */
const PROC_OPTIONS = 'hidepid=2'

const attributesOf = ({ writable, noexec, devices }: DirectoryRule): number =>
  MOUNT_ATTR_NOSUID |
  (writable ? 0 : MOUNT_ATTR_RDONLY) |
  (noexec ? MOUNT_ATTR_NOEXEC : 0) |
  (devices ? 0 : MOUNT_ATTR_NODEV)

const flagsOf = ({ writable, noexec, devices }: DirectoryRule): number =>
  MS_NOSUID | (writable ? 0 : MS_RDONLY) | (noexec ? MS_NOEXEC : 0) | (devices ? 0 : MS_NODEV)

/** The path of a bind on the host. */
export function sourceOf(rule: Exclude<DirectoryRule, { kind: 'fs' }>, { top, stores }: BoxPaths): string {
  if (rule.kind === 'tmp') return `${stores}/${rule.store}`
  return rule.outside.startsWith('./') ? `${top}/${rule.outside.slice(2)}` : rule.outside
}

/** For messages: what is mounted where. */
export const describeRule = (rule: DirectoryRule, paths: BoxPaths): string =>
  `${rule.kind === 'fs' ? rule.fileSystem : sourceOf(rule, paths)} on ${rule.inside}`

class Root {
  readonly #plan: PlanBuilder
  readonly #paths: BoxPaths
  readonly #root: Slot
  readonly #target: Slot
  readonly #tree: Slot

  constructor(plan: PlanBuilder, paths: BoxPaths) {
    this.#plan = plan
    this.#paths = paths
    this.#root = plan.slot('root of the box')
    this.#target = plan.slot('target')
    this.#tree = plan.slot('mount')
  }

  begin(): void {
    const { root } = this.#paths
    this.#plan
      .call('mount', [0, text('/'), 0, MS_REC | MS_PRIVATE, 0], 'privatize mounts')
      .call(
        'mount',
        [
          text('isolate'),
          text(root),
          text('tmpfs'),
          MS_NOSUID | MS_NODEV,
          text('size=1m,nr_inodes=4096,mode=755'),
        ],
        `mount the root of the box on ${root}`,
      )
      .call('openat', [AT_FDCWD, text(root), O_PATH | O_DIRECTORY | O_CLOEXEC, 0], `open ${root}`, {
        result: this.#root,
      })
  }

  /** Makes the directory and those above it, each once. */
  directory(inside: string, made: Set<string>): void {
    const names = inside.split('/').filter(name => name !== '' && name !== HERE)
    for (const [index] of names.entries()) {
      const path = names.slice(0, index + 1).join('/')
      if (made.has(path)) continue
      made.add(path)
      this.#plan.call('mkdirat', [this.#root, text(path), 0o755], `create directory ${path} in the box`)
    }
  }

  #open(inside: string, label: string): void {
    const how = words(8, [O_PATH | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_IN_ROOT])
    this.#plan.call('openat2', [this.#root, text(inside), how, OPEN_HOW_BYTES], label, {
      result: this.#target,
    })
  }

  #close(slot: Slot): void {
    this.#plan.call('close', [slot], `close the ${slot.label}`)
  }

  bind(rule: Exclude<DirectoryRule, { kind: 'fs' }>): void {
    const source = sourceOf(rule, this.#paths)
    const recursive = rule.kind === 'tmp' || rule.recursive
    const label = `mount ${describeRule(rule, this.#paths)}`
    const whole = recursive ? AT_RECURSIVE : 0
    // With a slash at its end, it must be a directory.
    this.#plan
      .call('open_tree', [AT_FDCWD, text(`${source}/`), OPEN_TREE_CLONE | O_CLOEXEC | whole], label, {
        result: this.#tree,
      })
      .call(
        'mount_setattr',
        [this.#tree, text(''), AT_EMPTY_PATH | whole, mountAttributes(attributesOf(rule)), MOUNT_ATTR_BYTES],
        label,
      )
    this.#open(rule.inside, label)
    this.#plan.call(
      'move_mount',
      [this.#tree, text(''), this.#target, text(''), MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH],
      label,
    )
    this.#close(this.#target)
    this.#close(this.#tree)
  }

  fileSystem(rule: Extract<DirectoryRule, { kind: 'fs' }>): void {
    const { inside, fileSystem } = rule
    const label = `mount ${describeRule(rule, this.#paths)}`
    const options = inside === 'proc' && fileSystem === 'proc' ? text(PROC_OPTIONS) : 0
    const type = text(fileSystem)
    this.#open(inside, label)
    this.#plan
      .call('fchdir', [this.#target], label)
      .call('mount', [type, text(HERE), type, flagsOf(rule), options], label)
    this.#close(this.#target)
  }

  enter(): void {
    this.#plan
      .call('fchdir', [this.#root], 'go to the root of the box')
      .call('pivot_root', [text(HERE), text(HERE)], 'change the root')
      // The host's root is now on top of the new one.
      .call('umount2', [text(HERE), MNT_DETACH], 'detach the root of the host')
      .call('chdir', [text('/')], 'go to the new root')
      .call(
        'mount_setattr',
        [
          AT_FDCWD,
          text('/'),
          0,
          mountAttributes(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV),
          MOUNT_ATTR_BYTES,
        ],
        'make the root of the box read-only',
      )
    this.#close(this.#root)
  }
}

/** What the caller can reach is decided by the ids of the one process that mounts. */
function addCallerSteps(plan: PlanBuilder, { uid, gid }: Ids): void {
  plan
    .call('setgroups', [0, 0], 'drop supplementary groups')
    .call('setfsgid', [gid], 'reach files as the caller’s group')
    .call('setfsuid', [uid], 'reach files as the caller')
}

function addRootStep(plan: PlanBuilder): void {
  plan.call('setfsuid', [0], 'reach files as root').call('setfsgid', [0], 'reach files as root’s group')
}

/**
 * A proc of init's own, at the descriptor where init looks for it: /proc of the box may be
 * missing, or be a directory that programs can write.
 */
function addOwnProcSteps(plan: PlanBuilder): void {
  const context = plan.slot('file system')
  const mount = plan.slot('proc')
  const directory = plan.slot('directory of proc')
  plan
    .call('fsopen', [text('proc'), FSOPEN_CLOEXEC], 'open a proc', { result: context })
    .call('fsconfig', [context, FSCONFIG_CMD_CREATE, 0, 0, 0], 'make it')
    .call('fsmount', [context, FSMOUNT_CLOEXEC, 0], 'get a mount of it', { result: mount })
    .call('openat', [mount, text(HERE), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0], 'open its root', {
      result: directory,
    })
    .call('dup3', [directory, INIT_DESCRIPTOR.proc, O_CLOEXEC], 'keep it, to look at processes')
  for (const slot of [directory, mount, context]) plan.call('close', [slot], `close the ${slot.label}`)
}

/** No inputs: init still has the host's root when it runs it. */
export function rootPlan({ paths, rules, caller, ownProc, raised }: RootSpec): Plan {
  const plan = new PlanBuilder('make the root of the box')
  const root = new Root(plan, paths)
  root.begin()
  const made = new Set<string>()
  for (const { inside } of rules) root.directory(inside, made)
  if (caller.uid !== 0) addCallerSteps(plan, caller)
  for (const rule of rules) {
    if (rule.kind === 'fs') root.fileSystem(rule)
    else root.bind(rule)
  }
  if (caller.uid !== 0) addRootStep(plan)
  root.enter()
  if (ownProc) addOwnProcSteps(plan)
  for (const limit of raised) addLimitStep(plan, limit)
  return plan.build()
}
