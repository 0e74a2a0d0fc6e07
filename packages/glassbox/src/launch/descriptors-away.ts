/**
 * Makes room for descriptors with fixed numbers. A child's inputs have any numbers, and may occupy
 * one that another descriptor needs. So all inputs are first copied above the fixed numbers, and
 * then each copy is duplicated to its own.
 */
import { F_DUPFD_CLOEXEC } from '../linux/constants.ts'
import type { PlanBuilder } from '../plan/builder.ts'
import type { Slot } from '../plan/types.ts'

/** Above every fixed descriptor number. */
const ABOVE_FIXED_PLACES = 64

/**
 * Adds steps that copy each input above all fixed numbers. Returns the slots of the copies, which
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
