/** Extended attributes: xattr(7). Guests have those of the `user.` namespace. */
import { AT_FDCWD, IN_ATTRIB, S_IFDIR, S_IFREG } from '../../../linux/constants.ts'
import {
  E2BIG,
  EFAULT,
  ENAMETOOLONG,
  ENODATA,
  EOPNOTSUPP,
  EPERM,
  ERANGE,
  EROFS,
  EINVAL,
} from '../../../linux/errno-numbers.ts'
import { tell } from '../../fs/notify/watches.ts'
import { permits, READ, WRITE } from '../../fs/permissions.ts'
import type { Location, OpenFile } from '../../fs/vfs.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { dentryOf, findPlace, inodeOf, isFile, opened } from './support.ts'

type Found = Location | OpenFile | number

const MOST_NAME = 255
const MOST_VALUE = 64 * 1024
const nameBytes = new Uint8Array(MOST_NAME + 1)

const byPath = (task: Task, path: number, follow: boolean): Found =>
  findPlace(task, AT_FDCWD, path, 0, follow)

function readName(task: Task, address: number): string | number {
  const length = task.memory.readString(address, nameBytes)
  if (length === -ENAMETOOLONG || length === 0) return -ERANGE
  return length < 0 ? -EFAULT : Buffer.from(nameBytes.buffer, 0, length).toString('latin1')
}

/** The other namespaces are of the system: reading finds nothing there, writing is refused. */
const isOfUsers = (name: string): boolean => name.startsWith('user.')

function get(task: Task, found: Found, nameAt: number, value: number, size: number): number {
  if (typeof found === 'number') return found
  const name = readName(task, nameAt)
  if (typeof name === 'number') return name
  const inode = inodeOf(found)
  if (!isOfUsers(name))
    return name.startsWith('security.') || name.startsWith('trusted.') ? -ENODATA : -EOPNOTSUPP
  if (inode.extended === undefined) return -EOPNOTSUPP
  const denied = permits(inode, READ, task.credentials)
  if (denied !== 0) return denied
  const bytes = inode.extended.get(name)
  if (typeof bytes === 'number') return bytes
  if (size === 0) return bytes.length
  if (size < bytes.length) return -ERANGE
  return task.memory.write(value, bytes, 0, bytes.length) === 0 ? bytes.length : -EFAULT
}

function set(task: Task, found: Found, nameAt: number, value: number, size: number, flags: number): number {
  if (typeof found === 'number') return found
  if ((flags & ~3) !== 0) return -EINVAL
  const name = readName(task, nameAt)
  if (typeof name === 'number') return name
  if (size < 0 || size > MOST_VALUE) return -E2BIG
  const bytes = new Uint8Array(size)
  if (size > 0 && task.memory.read(value, bytes, 0, size) !== 0) return -EFAULT
  const refused = mayChange(task, found, name)
  return refused !== 0 ? refused : told(found, inodeOf(found).extended?.set(name, bytes, flags))
}

function mayChange(task: Task, found: Location | OpenFile, name: string): number {
  const mount = isFile(found) ? found.location?.mount : found.mount
  if (mount?.readOnly === true) return -EROFS
  const inode = inodeOf(found)
  if (!isOfUsers(name)) return name.startsWith('trusted.') ? -EPERM : -EOPNOTSUPP
  if (inode.type !== S_IFREG && inode.type !== S_IFDIR) return -EPERM
  return permits(inode, WRITE, task.credentials)
}

function list(task: Task, found: Found, buffer: number, size: number): number {
  if (typeof found === 'number') return found
  const names = inodeOf(found).extended?.list() ?? []
  const bytes = Buffer.from(names.map(name => `${name}\0`).join(''), 'latin1')
  if (size === 0) return bytes.length
  if (size < bytes.length) return -ERANGE
  return task.memory.write(buffer, bytes, 0, bytes.length) === 0 ? bytes.length : -EFAULT
}

function remove(task: Task, found: Found, nameAt: number): number {
  if (typeof found === 'number') return found
  const name = readName(task, nameAt)
  if (typeof name === 'number') return name
  const refused = mayChange(task, found, name)
  return refused !== 0 ? refused : told(found, inodeOf(found).extended?.remove(name))
}

/** The result of a change, which who watches the inode hears. */
function told(found: Location | OpenFile, result: number = -EOPNOTSUPP): number {
  if (result === 0) tell(dentryOf(found), IN_ATTRIB)
  return result
}

export const extended: Family = {
  getxattr: (task, path, name, value, size) => get(task, byPath(task, path, true), name, value, size),
  lgetxattr: (task, path, name, value, size) => get(task, byPath(task, path, false), name, value, size),
  fgetxattr: (task, fd, name, value, size) => get(task, opened(task, fd), name, value, size),
  setxattr: (task, path, name, value, size, flags) =>
    set(task, byPath(task, path, true), name, value, size, flags),
  lsetxattr: (task, path, name, value, size, flags) =>
    set(task, byPath(task, path, false), name, value, size, flags),
  fsetxattr: (task, fd, name, value, size, flags) => set(task, opened(task, fd), name, value, size, flags),
  listxattr: (task, path, buffer, size) => list(task, byPath(task, path, true), buffer, size),
  llistxattr: (task, path, buffer, size) => list(task, byPath(task, path, false), buffer, size),
  flistxattr: (task, fd, buffer, size) => list(task, opened(task, fd), buffer, size),
  removexattr: (task, path, name) => remove(task, byPath(task, path, true), name),
  lremovexattr: (task, path, name) => remove(task, byPath(task, path, false), name),
  fremovexattr: (task, fd, name) => remove(task, opened(task, fd), name),
}
