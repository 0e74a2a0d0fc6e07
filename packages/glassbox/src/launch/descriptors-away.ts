/**
 * Room for descriptors with a fixed place. A child finds its inputs under any numbers, also those
 * that it has to put something else at: so the inputs are first copied above all fixed places,
 * and then each copy to its own.
 */
import { F_DUPFD_CLOEXEC } from '../linux/constants.ts'
import type { PlanBuilder } from '../plan/builder.ts'
import type { Slot } from '../plan/types.ts'

/** Above every descriptor that has a fixed place. */
const ABOVE_FIXED_PLACES = 64

/**
 * Adds steps that copy each input above all fixed places. Returns the slots of the copies, which
 * close at execve.
 *
 * @example
 * const [socket, program] = moveAway(builder, [builder.input('socket'), builder.input('init')])
 */
export function moveAway<const Inputs extends readonly Slot[]>(
  builder: PlanBuilder,
  inputs: Inputs,
): { readonly [Index in keyof Inputs]: Slot } {
  const moved = inputs.map(({ label }) => builder.slot(label))
  for (const [index, result] of moved.entries()) {
    const input = inputs[index] as Slot
    builder.call('fcntl', [input, F_DUPFD_CLOEXEC, ABOVE_FIXED_PLACES], `move the ${input.label} away`, {
      result,
    })
  }
  return moved as { readonly [Index in keyof Inputs]: Slot }
}
