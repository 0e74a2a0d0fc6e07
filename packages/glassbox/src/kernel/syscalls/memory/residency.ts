/** mincore(2) and msync(2). */
import { MS_ASYNC, MS_INVALIDATE, MS_SYNC } from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { AREA_LOCKED, type Area } from '../../mm/areas/area.ts'
import { PAGE_SIZE } from '../../mm/pages/page.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { isAligned, rangeEnd, TASK_END, unsigned } from './ranges.ts'

/** Answers of mincore are written in pieces of this many pages. */
const PIECE = 4096

function mincore(task: Task, address: number, length: number, vector: number): number {
  if (!isAligned(address)) return -ERRNO.EINVAL
  const end = rangeEnd(unsigned(address), unsigned(length))
  if (length < 0 || end < 0 || end > TASK_END) return -ERRNO.ENOMEM
  const bytes = new Uint8Array(Math.min(PIECE, (end - address) / PAGE_SIZE))
  for (let at = address; at < end; at += bytes.length * PAGE_SIZE) {
    const count = Math.min(bytes.length, (end - at) / PAGE_SIZE)
    for (let page = 0; page < count; page++) {
      const area = task.addressSpace.areas.find(at + page * PAGE_SIZE)
      if (area === undefined) return -ERRNO.ENOMEM
      bytes[page] = isResident(area, at + page * PAGE_SIZE) ? 1 : 0
    }
    const failure = task.memory.write(vector + (at - address) / PAGE_SIZE, bytes, 0, count)
    if (failure < 0) return failure
  }
  return 0
}

function isResident(area: Area, address: number): boolean {
  if (area.backing !== undefined) return true
  const at = area.fileOffset + (address - area.start)
  return area.file !== undefined && area.file.mappable.pageRun(at, 1) > 0
}

function msync(task: Task, address: number, length: number, flags: number): number {
  if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) !== 0 || !isAligned(address)) return -ERRNO.EINVAL
  if ((flags & MS_ASYNC) !== 0 && (flags & MS_SYNC) !== 0) return -ERRNO.EINVAL
  const start = unsigned(address)
  const end = rangeEnd(start, unsigned(length))
  if (end < start) return -ERRNO.ENOMEM
  let result = 0
  for (let at = start; at < end; ) {
    const area = task.addressSpace.areas.after(at)
    if (area === undefined || area.start >= end) return -ERRNO.ENOMEM
    if (area.start > at) result = -ERRNO.ENOMEM
    if ((flags & MS_INVALIDATE) !== 0 && (area.flags & AREA_LOCKED) !== 0) return -ERRNO.EBUSY
    if ((flags & MS_SYNC) !== 0 && area.shared) {
      const failure = area.file?.mappable.sync(area.fileOffset, area.end - area.start) ?? 0
      if (failure < 0) return failure
    }
    at = area.end
  }
  return result
}

export const RESIDENCY: Family = {
  mincore: {
    handler: mincore,
    partly: 'anonymous pages count as resident from their mapping on, though they are not touched yet',
  },
  msync,
}
