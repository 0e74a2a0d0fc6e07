/**
 * The two plans of a start. The worker runs the first one: its child becomes the launcher, with
 * the descriptors of the command in place. The second is sent to the launcher once it is seized,
 * and turns it into the command.
 */
import {
  CLONE_CLEAR_SIGHAND,
  CLONE_VFORK,
  CLONE_VM,
  F_SETFD,
  FD_CLOEXEC,
  PR_SET_NO_NEW_PRIVS,
} from '../linux/constants.ts'
import { PLAN_SOCKET } from '../gate/generated/layouts.ts'
import { moveAway } from '../launch/descriptors-away.ts'
import {
  addExecuteStep,
  addIgnoreSteps,
  addReadySteps,
  addSignalResetSteps,
  type Execution,
  LAST_DESCRIPTOR,
} from '../launch/exec-steps.ts'
import { addFilterSteps } from '../launch/filter-steps.ts'
import { addProgramSteps } from '../launch/static-program.ts'
import type { Inherited } from '../trace/source.ts'
import { PlanBuilder, text, words } from '../plan/builder.ts'
import type { Plan, Slot } from '../plan/types.ts'

/**
 * Inputs: the launcher's socket, its file, and the descriptors that become 0, 1 and 2.
 * `inherited`: descriptors of this process that the launcher keeps.
 */
export function spawnPlan(inherited: readonly number[]): { readonly plan: Plan; readonly pid: Slot } {
  const builder = new PlanBuilder('start the launcher')
  const names = ['socket', 'launcher', 'stdin', 'stdout', 'stderr']
  const inputs = names.map(name => builder.input(name))
  const pid = builder.slot('pid of the launcher')
  const flags = BigInt(CLONE_VM + CLONE_VFORK + CLONE_CLEAR_SIGHAND)
  // It has no exit signal, so other waits in this process do not take its end. After its first
  // execve it has SIGCHLD, as any process has.
  builder.clone({ flags, exitSignal: 0, result: pid, label: 'clone the launcher' }, () => {
    const [socket, program, ...rest] = moveAway(builder, inputs)
    if (!socket || !program) throw new RangeError('the launcher has a socket and a file')
    for (const [place, slot] of rest.entries())
      builder.call('dup3', [slot, place, 0], `put ${slot.label} into place`)
    addInheritSteps(builder, inherited)
    addProgramSteps(builder, 'launcher', socket, program, socketPlace(inherited))
  })
  return { plan: builder.build(), pid }
}

/** 0, 1 and 2, and nothing else. */
const NOTHING_INHERITED: Inherited = { descriptors: [0, 1, 2], blocked: 0n, ignored: 0n }

/** The descriptor of the launcher's socket: the lowest one above 2 that is not inherited. */
export function socketPlace(descriptors: readonly number[]): number {
  let place = PLAN_SOCKET
  while (descriptors.includes(place)) place++
  return place
}

/** Closes all descriptors but these. */
function addCloseSteps(builder: PlanBuilder, kept: readonly number[]): void {
  let from = 0
  for (const fd of [...kept].sort((a, b) => a - b)) {
    if (fd > from) builder.call('close_range', [from, fd - 1, 0], 'close what is not the command’s')
    from = fd + 1
  }
  builder.call('close_range', [from, LAST_DESCRIPTOR, 0], 'close what is not the command’s')
}

export interface LaunchSpec extends Execution {
  readonly inherited?: Inherited
  readonly cwd?: string
  readonly user?: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }
  /**
   * An array of sock_filter. `privileged`: it can be installed without no_new_privs, which would
   * disable set-uid programs.
   */
  readonly filter?: { readonly program: Uint8Array; readonly privileged: boolean }
}

/** Node marks every descriptor close-on-exec at its start. */
export function addInheritSteps(builder: PlanBuilder, descriptors: readonly number[]): void {
  for (const fd of descriptors) if (fd > 2) builder.call('fcntl', [fd, F_SETFD, 0], `keep descriptor ${fd}`)
}

/** `failed`: the exit code if no file can be executed, for a parent that is not the tracer. */
export function launchPlan(spec: LaunchSpec, failed?: number): Plan {
  const builder = new PlanBuilder(`run ${spec.path}`)
  const { descriptors, blocked, ignored } = spec.inherited ?? NOTHING_INHERITED
  const socket = socketPlace(descriptors)
  addCloseSteps(builder, [...descriptors, socket])
  builder.call('fcntl', [socket, F_SETFD, FD_CLOEXEC], 'let the socket end with execve')
  addSignalResetSteps(builder)
  addIgnoreSteps(builder, ignored)
  if (spec.cwd !== undefined) builder.call('chdir', [text(spec.cwd)], `go to ${spec.cwd}`)
  // A filter that needs a privilege is installed before the privilege is dropped.
  if (spec.filter?.privileged) addFilterSteps(builder, spec.filter.program)
  if (spec.user) addUser(builder, spec.user)
  if (spec.filter && !spec.filter.privileged) {
    builder.call('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'gain no privileges')
    addFilterSteps(builder, spec.filter.program)
  }
  addReadySteps(builder, blocked)
  addExecuteStep(builder, spec, failed === undefined ? 'fail' : 'ignore')
  if (failed !== undefined) builder.call('exit_group', [failed], 'end')
  return builder.build()
}

function addUser(builder: PlanBuilder, { uid, gid, groups }: NonNullable<LaunchSpec['user']>): void {
  builder
    .call('setgroups', [groups.length, words(4, groups)], 'set the groups')
    .call('setresgid', [gid, gid, gid], `become group ${gid}`)
    .call('setresuid', [uid, uid, uid], `become user ${uid}`)
}
