/** eventfd(2) and memfd_create(2): files that only descriptors name. */
import {
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  EFD_SEMAPHORE,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  O_CLOEXEC,
  O_LARGEFILE,
  O_RDWR,
} from '../../../../linux/constants.ts'
import { EINVAL, EFAULT, ENAMETOOLONG } from '../../../../linux/errno-numbers.ts'
import { EventFile } from '../../../fs/event/event-file.ts'
import { newMemoryFile } from '../../../fs/memory/unnamed.ts'
import type { Task } from '../../../task/types.ts'
import type { Family } from '../../family.ts'
import { addFile } from '../file.ts'
import { otherBytes } from '../support.ts'

function eventfd2(task: Task, initial: number, flags: number): number {
  if ((flags & ~(EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) !== 0) return -EINVAL
  return addFile(task, new EventFile(initial, flags & (EFD_NONBLOCK | EFD_SEMAPHORE)), flags)
}

const MOST_NAME = 249
const MFD_NOEXEC_SEAL = 8
const MFD_EXEC = 16

function memfdCreate(task: Task, name: number, flags: number): number {
  if ((flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC)) !== 0) return -EINVAL
  const length = task.memory.readString(name, otherBytes)
  if (length === -ENAMETOOLONG || length > MOST_NAME) return -EINVAL
  if (length < 0) return -EFAULT
  const text = Buffer.from(otherBytes.buffer, 0, length).toString('latin1')
  const { fsuid: uid, fsgid: gid } = task.credentials
  const sealable = (flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL)) !== 0
  const mode = (flags & MFD_NOEXEC_SEAL) !== 0 ? 0o666 : 0o777
  const file = newMemoryFile(task.world.root, `memfd:${text}`, { mode, uid, gid }, sealable)
  if (typeof file === 'number') return file
  const opened = file.open(O_RDWR | O_LARGEFILE, task)
  return addFile(task, opened, (flags & MFD_CLOEXEC) !== 0 ? O_CLOEXEC : 0)
}

export const eventfd: Family = {
  eventfd: (task, initial) => eventfd2(task, initial, 0),
  eventfd2,
  memfd_create: memfdCreate,
}
