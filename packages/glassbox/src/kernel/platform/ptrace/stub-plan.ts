/**
 * The plan by which a child becomes a stub: it keeps nothing of Node but the three descriptors of
 * its memory. It shares Node's memory until it executes the stub, so no step touches that.
 */
import { moveAway } from '../../../launch/descriptors-away.ts'
import { addLimitStep, addUnblockStep, LAST_DESCRIPTOR } from '../../../launch/exec-steps.ts'
import { STUB_CACHE_FD, STUB_PAGE_FD, STUB_WORLD_FD } from '../../../gate/guest.ts'
import { AT_EMPTY_PATH, CLOSE_RANGE_CLOEXEC, PR_SET_NO_NEW_PRIVS } from '../../../linux/constants.ts'
import { PlanBuilder, stringArray, text } from '../../../plan/builder.ts'
import { type EncodedPlan, encodePlan } from '../../../plan/encode.ts'
import type { Plan } from '../../../plan/types.ts'

const PLACES = [STUB_PAGE_FD, STUB_WORLD_FD, STUB_CACHE_FD] as const
const RLIMIT_CORE = 4

export interface MadeStubPlan {
  readonly plan: Plan
  readonly encoded: EncodedPlan
}

/** Inputs: the page of commands, the memory of the world, the page cache, the stub's file. */
export function stubPlan(): MadeStubPlan {
  const builder = new PlanBuilder('start a stub')
  const inputs = ['commands', 'world', 'cache', 'stub'].map(name => builder.input(name))
  const moved = moveAway(builder, inputs)
  for (const [index, place] of PLACES.entries()) {
    const slot = moved[index]
    if (slot) builder.call('dup3', [slot, place, 0], `put ${slot.label} into place`)
  }
  const [, , , file] = moved
  builder
    .call('close_range', [0, PLACES[0] - 1, 0], 'close the streams')
    .call(
      'close_range',
      [PLACES[2] + 1, LAST_DESCRIPTOR, CLOSE_RANGE_CLOEXEC],
      'let all others end with execve',
    )
    // Signals of a terminal are for Node alone.
    .call('setsid', [], 'begin a session of its own')
    .call('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'gain no privileges')
  addLimitStep(builder, { resource: RLIMIT_CORE, value: 0, label: 'core dumps' })
  addUnblockStep(builder)
  builder.call(
    'execveat',
    [file ?? 0, text(''), stringArray(['glassbox-guest']), stringArray([]), AT_EMPTY_PATH],
    'execute the stub',
  )
  const plan = builder.build()
  return { plan, encoded: encodePlan(plan) }
}
