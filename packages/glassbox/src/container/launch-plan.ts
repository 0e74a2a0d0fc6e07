/**
 * The plan by which a prepared child (see prepare-plan.ts) becomes the program. The child shares init's memory and descriptor
 * table until execve: so the seccomp listener that it makes is init's too, and descriptors 0 to 2 are put into place in
 * that table, where init has nothing. Everything else of init's is close-on-exec.
 *
 * The filter comes last, since it may forbid what the steps before it need.
 */
import {
  AT_FDCWD,
  CLOSE_RANGE_CLOEXEC,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  RESOLVE_NO_MAGICLINKS,
  RLIMIT_CORE,
} from '../linux/constants.ts'
import { OPEN_HOW_BYTES } from '../linux/structs.ts'
import { PlanBuilder, stringArray, text, words } from '../plan/builder.ts'
import type { Data, Plan, Slot } from '../plan/types.ts'
import { addReadySteps } from '../ptrace/launch-plan.ts'
import { addFilterSteps, type FilterSpec } from '../launch/filter-steps.ts'

/** The last one that there can be. */
const LAST_DESCRIPTOR = 0xffffffff
const RLIM_INFINITY = 2n ** 64n - 1n

/** A resource limit: soft and hard are the same, but where `hard` says otherwise. */
export interface ResourceLimit {
  /** RLIMIT_*. */
  readonly resource: number
  /** `Infinity` for none. */
  readonly value: number
  readonly hard?: number
  readonly label: string
}

export interface LaunchSpec {
  /** Absolute, as seen in the box. */
  readonly path: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Where that is not the one in which the prepared child waits. The filter must not be laid on yet, see seccomp/guard.ts. */
  readonly cwd?: string
  readonly rlimits: readonly ResourceLimit[]
  /** Where the prepared child has none yet. */
  readonly filter?: FilterSpec
  /** By a tracer, which has seized it. */
  readonly traced?: boolean
}

export interface LaunchPlan {
  readonly plan: Plan
  readonly listener: Slot | undefined
  /** The time just before execve. */
  readonly started: Slot
}

/** Inputs, in this order: stdin, stdout, stderr. */
export function launchPlan(spec: LaunchSpec): LaunchPlan {
  const builder = new PlanBuilder(`run ${spec.path}`)
  const stdio = ['stdin', 'stdout', 'stderr'].map(name => builder.input(name))
  const listener = spec.filter?.listens ? builder.slot('listener') : undefined
  const started = builder.slot('time of the start')
  // They come without close-on-exec, and into these places already where nothing else is there: then this does nothing.
  for (const [index, slot] of stdio.entries())
    builder.call('dup2', [slot, index], `put ${slot.label} into place`)
  builder.call('close_range', [3, LAST_DESCRIPTOR, CLOSE_RANGE_CLOEXEC], 'leave the program nothing else')
  if (spec.cwd !== undefined) addDirectorySteps(builder, spec.cwd)
  for (const limit of spec.rlimits) addLimitStep(builder, limit)
  builder.clock(started, 'note the time')
  // What comes after is hidden by the tracer up to execve.
  if (spec.traced) addReadySteps(builder)
  if (spec.filter) addFilterSteps(builder, spec.filter.bytes, listener)
  builder.call(
    'execve',
    [text(spec.path), stringArray(spec.argv), environment(spec.env)],
    `execute ${spec.path}`,
  )
  return { plan: builder.build(), listener, started }
}

const environment = (env: Readonly<Record<string, string>>): Data =>
  stringArray(Object.entries(env).map(([name, value]) => `${name}=${value}`))

/**
 * Until execve the program has init's descriptors, and some are directories of the host's. A name of the box may be a link
 * to /proc/self/fd/N that an earlier program left: links of that kind are not followed.
 */
function addDirectorySteps(builder: PlanBuilder, path: string): void {
  const directory = builder.slot('working directory')
  const how = words(8, [O_PATH | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_NO_MAGICLINKS])
  builder
    .call('openat2', [AT_FDCWD, text(path), how, OPEN_HOW_BYTES], `open the working directory ${path}`, {
      result: directory,
    })
    .call('fchdir', [directory], `go to ${path}`)
    .call('close', [directory], `close ${path}`)
}

function addLimitStep(builder: PlanBuilder, { resource, value, hard, label }: ResourceLimit): void {
  const number = (limit: number): bigint => (limit === Infinity ? RLIM_INFINITY : BigInt(limit))
  builder.call(
    'prlimit64',
    [0, resource, words(8, [number(value), number(hard ?? value)]), 0],
    `limit ${label}`,
  )
}

/** No core files. Behind a pipe in core_pattern the kernel ignores 0 but never starts the handler for 1 (core(5)). */
export function coreLimit(corePattern: string): ResourceLimit {
  return { resource: RLIMIT_CORE, value: corePattern.startsWith('|') ? 1 : 0, label: 'core files' }
}
