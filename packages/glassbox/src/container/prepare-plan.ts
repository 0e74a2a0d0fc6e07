/**
 * The plan that prepares a child before its program is known. init makes the cgroup and clones the
 * child. The child joins the cgroup, gives up all privileges, and waits. So the slow steps are
 * done before the launch; launch-plan.ts has the rest.
 *
 * The order matters. The child joins the cgroups first, so that everything is charged to them.
 * Then it enters a cgroup namespace, so that the box's own cgroup is the root there, and mounts
 * that cgroup, read-only. Then it changes its user id, for which it still needs init's
 * capabilities. The filter comes last, if it allows the steps of the launch. System V objects and
 * message queues live in an IPC namespace of the child's own, and are removed with it.
 */
import type { CgroupLimits } from '../cgroup/controls.ts'
import type { Cgroup } from '../cgroup/group.ts'
import { addMakeSteps, addRemoveSteps, type MadeGroup } from '../cgroup/steps.ts'
import {
  CLONE_CLEAR_SIGHAND,
  CLONE_FILES,
  CLONE_INTO_CGROUP,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_VM,
  O_CLOEXEC,
  PR_SET_NO_NEW_PRIVS,
  SIGCHLD,
} from '../linux/constants.ts'
import { INIT_DESCRIPTOR } from '../gate/generated/layouts.ts'
import { PlanBuilder, text } from '../plan/builder.ts'
import type { Plan, Slot } from '../plan/types.ts'
import { addCapabilityDropSteps } from '../launch/capabilities.ts'
import { addUmaskStep, addUnblockStep } from '../launch/exec-steps.ts'
import { addFilterSteps, type FilterSpec } from '../launch/filter-steps.ts'
import { addHideSteps, addShowSteps } from '../rootfs/groups.ts'
import type { GroupView } from '../rootfs/types.ts'
import type { Identity } from './identity.ts'
import type { PrepareHeader } from './wire.ts'

export interface PreparedGroup {
  readonly cgroup: Cgroup
  readonly limits: CgroupLimits
  /** Given if the program sees its group. */
  readonly shown?: GroupView
}

export interface PrepareSpec {
  readonly identity: Identity
  /** A directory that no program can replace by a link. */
  readonly cwd: string
  /** The cgroup of the program, which replaces the last program's. */
  readonly group?: PreparedGroup
  readonly filter?: FilterSpec
  /**
   * `own`: without a terminal. `callers`: a process group of its own in the session of init, so
   * that it can come to the foreground of the caller's terminal. Default: own.
   */
  readonly session?: 'own' | 'callers'
}

export interface PreparePlan {
  readonly plan: Plan
  readonly header: Omit<PrepareHeader, 'fingerprint'>
}

/** Inputs: the directories in which the parts of the group are made. */
export function preparePlan(spec: PrepareSpec): PreparePlan {
  const { identity, cwd, group, filter, session = 'own' } = spec
  const builder = new PlanBuilder('prepare the process of a program')
  const parents = group ? group.cgroup.parts.map(({ parent }) => builder.input(parent)) : []
  const pid = builder.slot('pid')
  const listener = filter?.listens ? builder.slot('listener') : undefined
  const made = group && addGroupSteps(builder, group, parents)
  const flags = CLONE_VM + CLONE_FILES + CLONE_CLEAR_SIGHAND + CLONE_NEWIPC
  const cgroup = made?.birth
  const clone = {
    flags: BigInt(flags + (cgroup ? CLONE_INTO_CGROUP : 0)),
    exitSignal: SIGCHLD,
    result: pid,
    label: 'clone a child',
    ...(cgroup ? { cgroup } : {}),
  }
  builder
    .call(
      'pwrite64',
      [INIT_DESCRIPTOR.lastPid, { bytes: Buffer.from('1') }, 1, 0],
      'number processes from 2',
      {
        onError: 'ignore',
      },
    )
    .clone(clone, () => {
      for (const join of made?.joins ?? [])
        builder.call('write', [join, { bytes: Buffer.from('0') }, 1], 'join a part of the cgroup')
      // It is a host directory, in the descriptor table that init and the child share.
      if (cgroup) builder.call('close', [cgroup], 'close the directory of the cgroup')
      builder.call('unshare', [CLONE_NEWCGROUP], 'make that cgroup the root that it sees')
      if (group?.shown) addShowSteps(builder, group.shown)
      if (session === 'own') builder.call('setsid', [], 'start a session without a terminal')
      else builder.call('setpgid', [0, 0], 'start a process group')
      addUmaskStep(builder)
      builder
        // Before init's capabilities are dropped: an earlier program may have removed the
        // directory's permissions.
        .call('chdir', [text(cwd)], `go to ${cwd}`)
      addUnblockStep(builder)
      addPrivilegeSteps(builder, identity)
      if (filter) addFilterSteps(builder, filter.bytes, listener)
      if (listener) {
        builder
          .call(
            'dup3',
            [listener, INIT_DESCRIPTOR.listener, O_CLOEXEC],
            'keep the listener out of the program’s way',
          )
          .call('close', [listener], 'close it')
      }
      builder.await('wait for the launch')
    })
  const counters = group?.cgroup.counterFiles.length ?? 0
  const firstCounter = (made?.firstCounter ?? INIT_DESCRIPTOR.firstKept) - INIT_DESCRIPTOR.firstKept
  const cpu = group && firstCounter + group.cgroup.cpuCounter
  const memory = group?.cgroup.watchedFiles.length ? firstCounter + counters : undefined
  return {
    plan: builder.build(),
    header: { mainSlot: pid.slot, firstCounter, counters, cpu, memory, listens: listener !== undefined },
  }
}

function addGroupSteps(
  builder: PlanBuilder,
  { cgroup, limits, shown }: PreparedGroup,
  parents: readonly Slot[],
): MadeGroup {
  if (shown) addHideSteps(builder, shown)
  addRemoveSteps(builder, cgroup, parents)
  const made = addMakeSteps(builder, cgroup, parents, limits, INIT_DESCRIPTOR.firstKept)
  for (const parent of parents) builder.call('close', [parent], `close ${parent.label}`)
  return made
}

function addPrivilegeSteps(builder: PlanBuilder, { uid, gid, userNamespace }: Identity): void {
  builder.call('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'gain no privilege by execve')
  if (!userNamespace) {
    builder
      .call('setgroups', [0, 0], 'drop supplementary groups')
      .call('setresgid', [gid, gid, gid], 'become the group of the box')
      .call('setresuid', [uid, uid, uid], 'become the user of the box')
  }
  addCapabilityDropSteps(builder)
}
