/**
 * The plan that prepares a child before its program is known: init clones it, it joins its cgroups, gives up everything
 * that programs do not have, and waits. What takes long is done by then; see launch-plan.ts for the rest.
 *
 * Order, and why: into the cgroups first, so that everything is charged; the cgroup namespace after that, so that its root
 * is the box's own cgroup; the identity while init's capabilities are still there. System V objects and message queues live in
 * an IPC namespace that is the child's own, and go with it.
 */
import {
  CLONE_CLEAR_SIGHAND,
  CLONE_FILES,
  CLONE_INTO_CGROUP,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_VM,
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_SET_NO_NEW_PRIVS,
  SIG_SETMASK,
  SIGCHLD,
} from '../linux/constants.ts'
import { PlanBuilder, words } from '../plan/builder.ts'
import type { Plan, Slot } from '../plan/types.ts'
import { LAST_PID } from '../rootfs/steps.ts'
import { CAPABILITY_VERSION_3 } from './capabilities.ts'
import type { Identity } from './identity.ts'

const UMASK = 0o022

export interface PrepareSpec {
  readonly identity: Identity
  /** How many `cgroup.procs` files there are to join by (v1), and whether the child is born in a v2 cgroup. */
  readonly joins: number
  readonly bornInCgroup: boolean
}

/** Inputs, in this order: the files to join by, the v2 cgroup. `pid` is where the process id of the child is left. */
export function preparePlan(spec: PrepareSpec): { plan: Plan; pid: Slot } {
  const builder = new PlanBuilder('prepare the process of a program')
  const joins = Array.from({ length: spec.joins }, (_, index) => builder.input(`cgroup.procs ${index + 1}`))
  const cgroup = spec.bornInCgroup ? builder.input('cgroup') : undefined
  const pid = builder.slot('pid')
  const shared = CLONE_VM + CLONE_FILES + CLONE_CLEAR_SIGHAND
  const flags = BigInt(shared + CLONE_NEWIPC + (cgroup ? CLONE_INTO_CGROUP : 0))
  builder
    .call('pwrite64', [LAST_PID, { bytes: Buffer.from('1') }, 1, 0], 'number processes from 2', {
      onError: 'ignore',
    })
    .clone(
      { flags, exitSignal: SIGCHLD, result: pid, label: 'clone a child', ...(cgroup ? { cgroup } : {}) },
      () => {
        addCgroupSteps(builder, joins, cgroup)
        builder
          .call('setsid', [], 'start a session without a terminal')
          .call('umask', [UMASK], 'fix the file mode mask')
          .call('rt_sigprocmask', [SIG_SETMASK, words(8, [0]), 0, 8], 'unblock all signals')
        addPrivilegeSteps(builder, spec.identity)
        builder.await('wait for the launch')
      },
    )
  return { plan: builder.build(), pid }
}

function addCgroupSteps(builder: PlanBuilder, joins: readonly Slot[], born: Slot | undefined): void {
  for (const join of joins)
    builder.call('write', [join, { bytes: Buffer.from('0') }, 1], `join the cgroup by ${join.label}`)
  // Of the host's, in the table of descriptors that init and the child share.
  for (const slot of [...joins, ...(born ? [born] : [])]) builder.call('close', [slot], `close ${slot.label}`)
  if (joins.length > 0 || born)
    builder.call('unshare', [CLONE_NEWCGROUP], 'make that cgroup the root that it sees')
}

function addPrivilegeSteps(builder: PlanBuilder, { uid, gid, userNamespace }: Identity): void {
  builder.call('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'gain no privilege by execve')
  if (!userNamespace) {
    builder
      .call('setgroups', [0, 0], 'drop supplementary groups')
      .call('setresgid', [gid, gid, gid], 'become the group of the box')
      .call('setresuid', [uid, uid, uid], 'become the user of the box')
  }
  builder
    .call('prctl', [PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0], 'drop ambient capabilities')
    .call(
      'capset',
      [words(4, [CAPABILITY_VERSION_3, 0]), { bytes: new Uint8Array(24) }],
      'drop all capabilities',
    )
}
