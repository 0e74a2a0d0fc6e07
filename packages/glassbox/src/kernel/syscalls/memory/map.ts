/** mmap(2) and munmap(2). */
import {
  MAP_32BIT,
  MAP_ANONYMOUS,
  MAP_DENYWRITE,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_SYNC,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  RLIMIT_MEMLOCK,
} from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import type { OpenFile } from '../../fs/vfs.ts'
import type { AddressSpace } from '../../mm/address-space.ts'
import {
  AREA_GROWS_DOWN,
  AREA_LOCKED,
  AREA_MAY_EXECUTE,
  AREA_MAY_WRITE,
  AREA_NO_RESERVE,
  AREA_SHARED,
  isData,
} from '../../mm/areas/area.ts'
import { bytesWithin, mayExpand } from '../../mm/expand.ts'
import { LOWEST_ADDRESS, STACK_GUARD } from '../../mm/layout.ts'
import { mapAnonymous, mapFile, populate } from '../../mm/map.ts'
import type { MappedFile } from '../../mm/mapped-file.ts'
import { PAGE_SIZE, pageEnd, pageStart } from '../../mm/pages/page.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { mappedFile } from './mapped-file.ts'
import { noHugePages } from './huge-pages.ts'
import { isAligned, softLimit, TASK_END } from './ranges.ts'

const { EACCES, EAGAIN, EBADF, EEXIST, EINVAL, ENODEV, ENOMEM, EOPNOTSUPP, EOVERFLOW, EPERM } = ERRNO

const MAP_TYPE = 0xf
/** The highest address that MAP_32BIT gives. */
const END_OF_32_BITS = 2 ** 31
const MAX_OFFSET = 2 ** 63
const O_ACCMODE = 3
const O_WRONLY = 1
const O_RDWR = 2
const O_PATH = 0o10000000
const RIGHTS = PROT_READ | PROT_WRITE | PROT_EXEC

function mmap(
  task: Task,
  address: number,
  length: number,
  protection: number,
  flags: number,
  fd: number,
  offset: number,
): number {
  if (offset % PAGE_SIZE !== 0) return -EINVAL
  let file: OpenFile | undefined
  if ((flags & MAP_ANONYMOUS) === 0) {
    file = task.files.get(fd)
    if (file === undefined || (file.flags & O_PATH) !== 0) return -EBADF
  } else if ((flags & MAP_HUGETLB) !== 0) return noHugePages(flags)
  if (length === 0) return -EINVAL
  const space = task.addressSpace
  const size = pageEnd(length)
  if (length < 0 || !space.hasRoom) return -ENOMEM
  if (offset < 0 || offset + size >= MAX_OFFSET) return -EOVERFLOW
  const start = choosePlace(task, address, size, flags)
  if (start < 0) return start
  const locked = (flags & MAP_LOCKED) !== 0 || space.lockFuture
  const refusal = checkLimits(task, start, size, protection, flags, locked)
  if (refusal !== 0) return refusal
  const areaFlags = (locked ? AREA_LOCKED : 0) | ((flags & MAP_NORESERVE) !== 0 ? AREA_NO_RESERVE : 0)
  const mapping = { start, end: start + size, protection: protection & RIGHTS, flags: areaFlags }
  const result =
    file === undefined ? mapPlain(space, mapping, flags) : mapOpenFile(space, mapping, flags, file, offset)
  if (result < 0) return result
  if (locked || ((flags & MAP_POPULATE) !== 0 && (flags & MAP_NONBLOCK) === 0))
    populate(space, start, start + size)
  return start
}

interface Wanted {
  readonly start: number
  readonly end: number
  readonly protection: number
  readonly flags: number
}

const growsDown = (flags: number): number => ((flags & MAP_GROWSDOWN) !== 0 ? AREA_GROWS_DOWN : 0)

function mapPlain(space: AddressSpace, wanted: Wanted, flags: number): number {
  const type = flags & MAP_TYPE
  if (type !== MAP_SHARED && type !== MAP_PRIVATE) return -EINVAL
  if (type === MAP_SHARED && growsDown(flags) !== 0) return -EINVAL
  const more = (type === MAP_SHARED ? AREA_SHARED : 0) | growsDown(flags)
  const mapping = { ...wanted, flags: wanted.flags | more | AREA_MAY_WRITE | AREA_MAY_EXECUTE }
  return mapAnonymous(space, mapping) ? 0 : -ENOMEM
}

function mapOpenFile(
  space: AddressSpace,
  wanted: Wanted,
  flags: number,
  open: OpenFile,
  offset: number,
): number {
  const type = flags & MAP_TYPE
  if (type === MAP_SHARED_VALIDATE && (flags & MAP_SYNC) !== 0) return -EOPNOTSUPP
  if (type !== MAP_SHARED && type !== MAP_PRIVATE && type !== MAP_SHARED_VALIDATE) return -EINVAL
  const isShared = type !== MAP_PRIVATE
  const access = open.flags & O_ACCMODE
  if (isShared && (wanted.protection & PROT_WRITE) !== 0 && access !== O_RDWR) return -EACCES
  if (access === O_WRONLY) return -EACCES
  const noExec = open.location?.mount.noExec === true
  if (noExec && (wanted.protection & PROT_EXEC) !== 0) return -EPERM
  const file = mappedFile(open)
  if (file === undefined) return -ENODEV
  if ((flags & MAP_GROWSDOWN) !== 0) return -EINVAL
  if (file.mappable.anonymous === true) return mapPlain(space, wanted, isShared ? MAP_SHARED : MAP_PRIVATE)
  if (!mayBeShared(file, isShared, access)) return -EACCES
  const mayWrite = !isShared || access === O_RDWR
  const more =
    (isShared ? AREA_SHARED : 0) | (mayWrite ? AREA_MAY_WRITE : 0) | (noExec ? 0 : AREA_MAY_EXECUTE)
  const mapping = { ...wanted, flags: wanted.flags | more }
  if ((flags & MAP_DENYWRITE) === 0) return mapFile(space, mapping, file, offset) ? 0 : -ENOMEM
  return mapLibrary(space, mapping, file, offset)
}

/**
 * Only the loader of libraries sets MAP_DENYWRITE, which means nothing any more. It maps a library
 * as a whole and then each of its segments over that, and touches none before the one that it can
 * write, whose end it zeroes: one batch.
 */
function mapLibrary(space: AddressSpace, wanted: Wanted, file: MappedFile, offset: number): number {
  const { start, end } = wanted
  const platformSpace = space.space
  if (!space.areas.occupied(start, end)) platformSpace.startFresh?.(start, end - start)
  if (!mapFile(space, wanted, file, offset)) return -ENOMEM
  if ((wanted.protection & PROT_WRITE) === 0) platformSpace.defer?.()
  return 0
}

/** Guests cannot write pages of the cache: a file that may be written has its pages elsewhere. */
function mayBeShared(file: MappedFile, isShared: boolean, access: number): boolean {
  return !isShared || access !== O_RDWR || file.mappable.backing === 'world'
}

/** Where a mapping goes, or a negative errno. */
function choosePlace(task: Task, address: number, size: number, flags: number): number {
  const { maxAddress } = task.world.platform
  const { areas, layout } = task.addressSpace
  if (size > maxAddress) return -ENOMEM
  if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) !== 0) {
    if (address < 0 || address > maxAddress - size) return -ENOMEM
    if (!isAligned(address)) return -EINVAL
    if (address < LOWEST_ADDRESS) return -EPERM
    const isTaken = areas.occupied(address, address + size)
    return (flags & MAP_FIXED_NOREPLACE) !== 0 && isTaken ? -EEXIST : address
  }
  const hint = Math.max(LOWEST_ADDRESS, pageEnd(address))
  if (address > 0 && hint <= maxAddress - size && isFree(task.addressSpace, hint, hint + size)) return hint
  const high = (flags & MAP_32BIT) !== 0 ? END_OF_32_BITS : layout.mmapBase
  const found = findGap(task.addressSpace, high, size)
  if (found >= 0) return found
  // Above the usual place there may be room yet, below the stack.
  const above = (flags & MAP_32BIT) !== 0 ? -1 : findGap(task.addressSpace, maxAddress, size)
  return above >= 0 ? above : -ENOMEM
}

function isFree(space: AddressSpace, start: number, end: number): boolean {
  const above = space.areas.after(start)
  return above === undefined || above.start - guardOf(above.flags) >= end
}

/** The highest free place below `high`; −1 if there is none. */
export function findGap(space: AddressSpace, high: number, size: number): number {
  return space.areas.gapBelow(pageStart(high), LOWEST_ADDRESS, size, area => guardOf(area.flags))
}

function guardOf(flags: number): number {
  return (flags & AREA_GROWS_DOWN) !== 0 ? STACK_GUARD : 0
}

function checkLimits(
  task: Task,
  start: number,
  size: number,
  protection: number,
  flags: number,
  locked: boolean,
): number {
  const space = task.addressSpace
  if (locked && !task.credentials.privileged) {
    const limit = softLimit(task, RLIMIT_MEMLOCK)
    if ((flags & MAP_LOCKED) !== 0 && limit === 0) return -EPERM
    if (space.lockedPages * PAGE_SIZE + size > limit) return -EAGAIN
  }
  const data = (flags & MAP_TYPE) === MAP_PRIVATE && isData(protection, growsDown(flags))
  // What it replaces is not counted.
  if (
    !mayExpand(space, size, data) &&
    !mayExpand(space, size - bytesWithin(space, start, start + size), data)
  )
    return -ENOMEM
  // As Linux does: what can never fit is refused at once, everything else when it is touched.
  const isCharged = (protection & PROT_WRITE) !== 0 && (flags & MAP_NORESERVE) === 0
  return isCharged && size > task.world.memory.limitBytes ? -ENOMEM : 0
}

function munmap(task: Task, address: number, length: number): number {
  const named = address + pageEnd(length)
  if (!isAligned(address) || address < 0 || length <= 0 || named > TASK_END) return -EINVAL
  // The host has memory of its own above what a guest can have.
  const end = Math.min(named, task.world.platform.maxAddress)
  if (address >= end) return 0
  const space = task.addressSpace
  if (!space.mayIsolate(address, end)) return -ENOMEM
  space.remove(address, end, true)
  return 0
}

export const MAPPING: Family = { mmap, munmap }
