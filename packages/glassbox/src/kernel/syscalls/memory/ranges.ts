/** What the calls on ranges of memory check alike. */
import { PAGE_SIZE, pageEnd } from '../../mm/pages/page.ts'
import type { Task } from '../../task/types.ts'

export function isAligned(address: number): boolean {
  return address % PAGE_SIZE === 0
}

/** The end of a range in whole pages; −1 if it ends beyond what a guest can have. */
export function rangeEnd(task: Task, start: number, length: number): number {
  if (start < 0 || length < 0) return -1
  const end = start + pageEnd(length)
  return end > task.world.platform.maxAddress ? -1 : end
}

/** A limit of the process in bytes. */
export function softLimit(task: Task, resource: number): number {
  return task.process.limits[resource]?.soft ?? Infinity
}
