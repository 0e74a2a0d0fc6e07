/** What the calls on ranges of memory check alike. */
import { PAGE_SIZE, pageEnd } from '../../mm/pages/page.ts'
import type { Task } from '../../task/types.ts'

export function isAligned(address: number): boolean {
  return address % PAGE_SIZE === 0
}

/**
 * Where the addresses of a program of Linux end. Those of a guest end a little below it: nothing
 * is ever mapped between, but calls may name it.
 */
export const TASK_END: number = 2 ** 47 - PAGE_SIZE

/** An argument of 64 bits that was taken for a signed number. */
export function unsigned(argument: number): number {
  return argument < 0 ? argument + 2 ** 64 : argument
}

/** The end of a range in whole pages; −1 if it wraps around. Both arguments are unsigned. */
export function rangeEnd(start: number, length: number): number {
  // Rounding up wraps a length around too.
  const end = start + (pageEnd(length) % 2 ** 64)
  return end >= 2 ** 64 ? -1 : end
}

/** A limit of the process in bytes. */
export function softLimit(task: Task, resource: number): number {
  return task.process.limits[resource]?.soft ?? Infinity
}
