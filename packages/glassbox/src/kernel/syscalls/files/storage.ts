/** What is about storage: sync, space, advice, statistics of file systems. */
import {
  IN_MODIFY,
  AT_FDCWD,
  FALLOC_FL_PUNCH_HOLE,
  S_IFDIR,
  S_IFIFO,
  S_IFREG,
  ST_NOEXEC,
  ST_NOSUID,
  ST_NODEV,
  ST_RDONLY,
  ST_RELATIME,
  ST_VALID,
} from '../../../linux/constants.ts'
import { EBADF, EINVAL, EISDIR, ENODEV, EOPNOTSUPP, ESPIPE } from '../../../linux/errno-numbers.ts'
import { tellFile } from '../../fs/notify/watches.ts'
import { isReadable, isWritable } from '../../fs/open-file.ts'
import type { Location, Mount, OpenFile } from '../../fs/vfs.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { mayGrowTo } from './size-limit.ts'
import { findPlace, isFile, opened } from './support.ts'

const STATFS_BYTES = 120
const bytes = new Uint8Array(STATFS_BYTES)
const view = new DataView(bytes.buffer)

function writeStatistics(task: Task, address: number, mount: Mount): number {
  const { type, blockSize, blocks, freeBlocks, files, freeFiles, nameLength } = mount.fileSystem.statistics()
  const flags =
    ST_VALID |
    ST_RELATIME |
    (mount.readOnly ? ST_RDONLY : 0) |
    (mount.noExec ? ST_NOEXEC : 0) |
    (mount.noSuid ? ST_NOSUID : 0) |
    (mount.noDevices ? ST_NODEV : 0)
  const words = [type, blockSize, blocks, freeBlocks, freeBlocks, files, freeFiles, mount.id]
  for (const [index, word] of [...words, nameLength, blockSize, flags, 0, 0, 0, 0].entries()) {
    view.setBigInt64(index * 8, BigInt(word), true)
  }
  return task.memory.write(address, bytes, 0, STATFS_BYTES)
}

const mountOf = (found: Location | OpenFile): Mount | undefined =>
  isFile(found) ? found.location?.mount : found.mount

function statfs(task: Task, path: number, buffer: number): number {
  const found = findPlace(task, AT_FDCWD, path, 0, true)
  if (typeof found === 'number') return found
  const mount = mountOf(found)
  return mount === undefined ? -ENODEV : writeStatistics(task, buffer, mount)
}

function fstatfs(task: Task, fd: number, buffer: number): number {
  const file = task.files.get(fd)
  if (file === undefined) return -EBADF
  const mount = mountOf(file) ?? task.world.root
  return writeStatistics(task, buffer, mount)
}

function fsync(task: Task, fd: number): number {
  const file = opened(task, fd)
  if (typeof file === 'number') return file
  if (file.stream) return -EINVAL
  return file.sync?.() ?? 0
}

const syncfs = (task: Task, fd: number): number => {
  const file = opened(task, fd)
  return typeof file === 'number' ? file : 0
}

function syncFileRange(task: Task, fd: number, offset: number, length: number, flags: number): number {
  const file = opened(task, fd)
  if (typeof file === 'number') return file
  if (offset < 0 || length < 0 || (flags & ~7) !== 0) return -EINVAL
  return file.stream ? -ESPIPE : 0
}

function fallocate(task: Task, fd: number, mode: number, offset: number, length: number): number {
  const file = opened(task, fd)
  if (typeof file === 'number') return file
  if (offset < 0 || length <= 0) return -EINVAL
  if (!isWritable(file)) return -EBADF
  if (file.inode.type === S_IFIFO) return -ESPIPE
  if (file.inode.type === S_IFDIR) return -EISDIR
  if (file.inode.type !== S_IFREG) return -ENODEV
  const error = (mode & FALLOC_FL_PUNCH_HOLE) === 0 ? mayGrowTo(task, offset + length) : 0
  if (error !== 0) return error
  const result = file.allocate?.(mode, offset, length) ?? -EOPNOTSUPP
  if (result === 0) tellFile(file, IN_MODIFY)
  return result
}

function fadvise64(task: Task, fd: number, _offset: number, _length: number, advice: number): number {
  const file = opened(task, fd)
  if (typeof file === 'number') return file
  if (file.inode.type === S_IFIFO) return -ESPIPE
  return advice < 0 || advice > 5 ? -EINVAL : 0
}

function readahead(task: Task, fd: number): number {
  const file = opened(task, fd)
  if (typeof file === 'number' || !isReadable(file)) return -EBADF
  return file.inode.type === S_IFREG ? 0 : -EINVAL
}

export const storage: Family = {
  statfs,
  fstatfs,
  sync: () => 0,
  fsync,
  fdatasync: fsync,
  syncfs,
  sync_file_range: syncFileRange,
  fallocate,
  fadvise64,
  readahead,
}
