/**
 * The plan by which a prepared child (see prepare-plan.ts) becomes the program. Until its execve
 * the child shares init's memory and descriptor table. So init has the seccomp listener that the
 * child makes, and descriptors 0 to 2 are put into place in that table, where init has none. All
 * other descriptors of init close at execve.
 *
 * The filter comes last, because it may forbid what the steps before it need.
 */
import { INIT_DESCRIPTOR, MAX_DESCRIPTORS } from '../gate/generated/layouts.ts'
import { addLandlockSteps } from '../landlock/steps.ts'
import type { OwnGrant } from '../landlock/types.ts'
import { CLOSE_RANGE_CLOEXEC } from '../linux/constants.ts'
import {
  addDirectorySteps,
  addExecuteStep,
  addLimitStep,
  addReadySteps,
  type Execution,
  LAST_DESCRIPTOR,
  type ResourceLimit,
} from '../launch/exec-steps.ts'
import { addFilterSteps, type FilterSpec } from '../launch/filter-steps.ts'
import { PlanBuilder } from '../plan/builder.ts'
import type { Plan, Slot } from '../plan/types.ts'

export type { ResourceLimit } from '../launch/exec-steps.ts'

/** `path` is absolute, as seen in the box. */
export interface LaunchSpec extends Execution {
  /**
   * Given if it is not the directory in which the prepared child waits. Then the filter must not
   * be installed yet, because it refuses openat2: see seccomp/guard.ts.
   */
  readonly cwd?: string
  /** Given if the program enters a Landlock ruleset: the rules that it adds itself. */
  readonly wall?: readonly OwnGrant[]
  readonly rlimits: readonly ResourceLimit[]
  /** Given if the prepared child has no filter yet. */
  readonly filter?: FilterSpec
  /** Whether a tracer has seized the child. */
  readonly traced?: boolean
}

export interface LaunchPlan {
  readonly plan: Plan
  readonly listener: Slot | undefined
  /** The time just before execve. */
  readonly started: Slot
}

/**
 * Where a launch may put a descriptor for a moment: below those that it is given (native/init.c),
 * above those that init keeps.
 */
const SPARE = INIT_DESCRIPTOR.firstDisconnect + 2 * MAX_DESCRIPTORS - 1

/** Inputs, in this order: stdin, stdout, stderr, and the ruleset if there is a wall. */
export function launchPlan(spec: LaunchSpec): LaunchPlan {
  const builder = new PlanBuilder(`run ${spec.path}`)
  const stdio = ['stdin', 'stdout', 'stderr'].map(name => builder.input(name))
  const ruleset = spec.wall && builder.input('ruleset')
  const listener = spec.filter?.listens ? builder.slot('listener') : undefined
  const started = builder.slot('time of the start')
  // They arrive without close-on-exec, and usually at these numbers already. Then this does
  // nothing.
  for (const [index, slot] of stdio.entries())
    builder.call('dup2', [slot, index], `put ${slot.label} into place`)
  builder.call('close_range', [3, LAST_DESCRIPTOR, CLOSE_RANGE_CLOEXEC], 'leave the program nothing else')
  if (spec.cwd !== undefined) addDirectorySteps(builder, spec.cwd)
  if (spec.wall && ruleset) addLandlockSteps(builder, { ruleset, own: spec.wall, spare: SPARE })
  for (const limit of spec.rlimits) addLimitStep(builder, limit)
  builder.clock(started, 'note the time')
  // The tracer hides everything from here to execve.
  if (spec.traced) addReadySteps(builder)
  if (spec.filter) addFilterSteps(builder, spec.filter.bytes, listener)
  addExecuteStep(builder, spec)
  return { plan: builder.build(), listener, started }
}
