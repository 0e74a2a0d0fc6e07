/** Segments of shared memory: shmget, shmat, shmdt, shmctl. */
import {
  CAP_IPC_LOCK,
  IPC_INFO,
  IPC_RMID,
  IPC_SET,
  IPC_STAT,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  RLIMIT_MEMLOCK,
  SHM_EXEC,
  SHM_HUGETLB,
  SHM_INFO,
  SHM_LOCK,
  SHM_RDONLY,
  SHM_REMAP,
  SHM_RND,
  SHM_STAT,
  SHM_STAT_ANY,
  SHM_UNLOCK,
} from '../../../linux/constants.ts'
import { EACCES, EINVAL, ENOMEM, EPERM } from '../../../linux/errno-numbers.ts'
import { AREA_MAY_EXECUTE, AREA_MAY_WRITE, AREA_SHARED, type Area } from '../../mm/areas/area.ts'
import { mayExpand } from '../../mm/expand.ts'
import { LOWEST_ADDRESS } from '../../mm/layout.ts'
import { mapFile } from '../../mm/map.ts'
import { PAGE_SIZE, pageEnd, pageStart } from '../../mm/pages/page.ts'
import { hasCapability } from '../../task/credentials.ts'
import { SEGMENT_BYTES, SEGMENTS } from '../../task/ipc/limits.ts'
import { MAY_EXECUTE, MAY_READ, MAY_WRITE } from '../../task/ipc/object.ts'
import { Attachment, attachmentOf, LOCKED, type Segment } from '../../task/ipc/segment.ts'
import type { Task } from '../../task/state.ts'
import { noHugePages } from '../memory/huge-pages.ts'
import { findGap } from '../memory/map.ts'
import { isAligned, softLimit } from '../memory/ranges.ts'
import { family } from '../tasks/family.ts'
import { answer, change, obtain, permissionsOf, putSequence, remove, roomIn } from './support.ts'

/** Sizes beyond are no file's: MAX_LFS_FILESIZE. */
const LARGEST = 2 ** 63

function shmget(task: Task, key: number, size: number, flags: number): number {
  const { ipc, memory } = task.world
  return obtain(
    task,
    {
      table: ipc.segments,
      suits: found => size >= 0 && found.size >= size,
      make: () => {
        if (size <= 0 || size >= LARGEST) return -EINVAL
        const full = roomIn(ipc.segments)
        if (full !== 0) return full
        if ((flags & SHM_HUGETLB) !== 0) {
          const error = noHugePages(flags)
          return error === -ENOMEM && !hasCapability(task.credentials, CAP_IPC_LOCK) ? -EPERM : error
        }
        // What can never fit is refused at once.
        if (size > memory.limitBytes) return -ENOMEM
        return ipc.addSegment({ key: key | 0, mode: flags, size, credentials: task.credentials })
      },
    },
    key,
    flags,
  )
}

function shmat(task: Task, id: number, address: number, flags: number): number {
  const asked = placeAsked(address, flags)
  if (asked !== undefined && asked < 0) return asked
  const segment = task.world.ipc.segments.find(id)
  if (segment === undefined) return -EINVAL
  const readOnly = (flags & SHM_RDONLY) !== 0
  const executes = (flags & SHM_EXEC) !== 0
  const wanted = MAY_READ | (readOnly ? 0 : MAY_WRITE) | (executes ? MAY_EXECUTE : 0)
  if (!segment.permits(task.credentials, wanted)) return -EACCES
  const start = choosePlace(task, asked, pageEnd(segment.size), flags)
  if (start < 0) return start
  const mapping = {
    start,
    end: start + pageEnd(segment.size),
    protection: PROT_READ | (readOnly ? 0 : PROT_WRITE) | (executes ? PROT_EXEC : 0),
    flags: AREA_SHARED | AREA_MAY_EXECUTE | (readOnly ? 0 : AREA_MAY_WRITE),
  }
  segment.keep()
  const isMapped = mapFile(task.addressSpace, mapping, attachmentOf(segment), 0)
  segment.release()
  return isMapped ? start : -ENOMEM
}

/** Undefined: anywhere. An address on the first page that is rounded is 0, and refused as such. */
function placeAsked(address: number, flags: number): number | undefined {
  const remaps = (flags & SHM_REMAP) !== 0
  if (address === 0) return remaps ? -EINVAL : undefined
  if (address < 0) return -EINVAL
  if (isAligned(address)) return address
  if ((flags & SHM_RND) === 0) return -EINVAL
  const rounded = pageStart(address)
  return rounded === 0 && remaps ? -EINVAL : rounded
}

function choosePlace(task: Task, asked: number | undefined, size: number, flags: number): number {
  const space = task.addressSpace
  const { maxAddress } = task.world.platform
  if (!space.hasRoom || size > maxAddress) return -ENOMEM
  if (!mayExpand(space, size, false)) return -ENOMEM
  if (asked === undefined) {
    const found = findGap(space, space.layout.mmapBase, size)
    return found < 0 ? -ENOMEM : found
  }
  if ((flags & SHM_REMAP) === 0 && space.areas.occupied(asked, asked + size)) return -EINVAL
  if (asked > maxAddress - size) return -ENOMEM
  return asked < LOWEST_ADDRESS ? -EPERM : asked
}

/** The attachment that an area shows, if it shows it as shmat(2) mapped it. */
function attachmentAt(area: Area, address: number): Attachment | undefined {
  const mappable = area.file?.mappable
  return mappable instanceof Attachment && area.start - area.fileOffset === address ? mappable : undefined
}

function shmdt(task: Task, address: number): number {
  if (address < 0 || !isAligned(address)) return -EINVAL
  const space = task.addressSpace
  let segment: Segment | undefined
  let end = Infinity
  for (const area of space.areas.all.filter(({ start }) => start >= address)) {
    if (area.start >= end) break
    const found = attachmentAt(area, address)?.segment
    if (found === undefined || (segment !== undefined && found !== segment)) continue
    segment = found
    end = address + pageEnd(found.size)
    space.remove(area.start, area.end, true)
  }
  return segment === undefined ? -EINVAL : 0
}

function shmctl(task: Task, id: number, command: number, address: number): number {
  if (id < 0) return -EINVAL
  switch (command) {
    case IPC_INFO:
    case SHM_INFO:
      return describeAll(task, command, address)
    case IPC_STAT:
    case SHM_STAT:
    case SHM_STAT_ANY:
      return describe(task, id, command, address)
    case IPC_SET:
      return change(task, task.world.ipc.segments.find(id), 'shmid_ds', address, ({ shm_perm }) => shm_perm)
    case IPC_RMID:
      return remove(task, task.world.ipc.segments.find(id), segment => task.world.ipc.removeSegment(segment))
    case SHM_LOCK:
    case SHM_UNLOCK:
      return lock(task, id, command === SHM_LOCK)
    default:
      return -EINVAL
  }
}

function describeAll(task: Task, command: number, address: number): number {
  const { segments } = task.world.ipc
  const highest = segments.highestIndex
  if (command === IPC_INFO) {
    const most = BigInt(SEGMENT_BYTES)
    const limits = { shmmni: SEGMENTS, shmseg: SEGMENTS, shmmax: most, shmall: most, shmmin: 1 }
    const failure = answer(task, address, 'shminfo64', limits)
    return failure === 0 ? highest : failure
  }
  let [total, resident] = [0, 0]
  for (const { size, pages } of segments.all) {
    total += pageEnd(size) / PAGE_SIZE
    resident += pages.pages
  }
  const usage = { used_ids: segments.size, shm_tot: total, shm_rss: resident }
  const failure = answer(task, address, 'shm_info', usage)
  return failure === 0 ? highest : failure
}

function describe(task: Task, id: number, command: number, address: number): number {
  const { segments } = task.world.ipc
  const segment = command === IPC_STAT ? segments.find(id) : segments.at(id)
  if (segment === undefined) return -EINVAL
  if (command !== SHM_STAT_ANY && !segment.permits(task.credentials, MAY_READ)) return -EACCES
  const value = {
    shm_perm: permissionsOf(segment),
    shm_segsz: segment.size,
    ...{ shm_atime: segment.attachedAt, shm_dtime: segment.detachedAt, shm_ctime: segment.changedAt },
    ...{ shm_cpid: segment.creatorPid, shm_lpid: segment.lastPid, shm_nattch: segment.attachments },
  }
  const failure = answer(task, address, 'shmid_ds', value, view => putSequence(view, segment))
  return failure !== 0 || command === IPC_STAT ? failure : segment.id
}

/** Pages of guests are never swapped out: only the rights and the mark matter. */
function lock(task: Task, id: number, locks: boolean): number {
  const segment = task.world.ipc.segments.find(id)
  if (segment === undefined) return -EINVAL
  if (!hasCapability(task.credentials, CAP_IPC_LOCK)) {
    const limit = softLimit(task, RLIMIT_MEMLOCK)
    if (!segment.isOwnedBy(task.credentials) || (locks && limit === 0)) return -EPERM
    if (locks && segment.size > limit) return -ENOMEM
  }
  segment.mode = locks ? segment.mode | LOCKED : segment.mode & ~LOCKED
  return 0
}

export const SHARED_MEMORY: ReturnType<typeof family> = family({
  shmget: { handler: shmget, partly: 'no huge pages: SHM_HUGETLB is ENOMEM or EPERM' },
  shmat,
  shmdt,
  shmctl,
})
