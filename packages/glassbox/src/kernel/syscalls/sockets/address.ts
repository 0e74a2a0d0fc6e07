/** struct sockaddr_un in guest memory, and the sockets that have such an address. */
import { AF_UNIX } from '../../../linux/constants.ts'
import { ECONNREFUSED, EFAULT, EINVAL } from '../../../linux/errno-numbers.ts'
import { walk } from '../../fs/path/start.ts'
import { FOLLOW } from '../../fs/path/walk.ts'
import { permits, WRITE } from '../../fs/permissions.ts'
import { abstractNames, socketOf } from '../../fs/socket/names.ts'
import type { UnixSocket } from '../../fs/socket/unix-socket.ts'
import type { Task } from '../../task/state.ts'

/** sun_path: with the family 110 bytes. */
const MOST_ADDRESS = 110
const FAMILY_BYTES = 2

const addressBytes = new Uint8Array(MOST_ADDRESS + 1)

/** The family of an address, or a negative errno. */
export function readFamily(task: Task, address: number, length: number): number {
  if (length < FAMILY_BYTES) return -EINVAL
  if (task.memory.read(address, addressBytes, 0, FAMILY_BYTES) !== 0) return -EFAULT
  return (addressBytes[0] ?? 0) | ((addressBytes[1] ?? 0) << 8)
}

/** The bytes of the name in an address, or a negative errno. */
export function readAddress(task: Task, address: number, length: number): string | number {
  if (length > MOST_ADDRESS) return -EINVAL
  const family = readFamily(task, address, length)
  if (family < 0) return family
  if (task.memory.read(address, addressBytes, 0, length) !== 0) return -EFAULT
  if (family !== AF_UNIX) return -EINVAL
  const text = Buffer.from(addressBytes.buffer, FAMILY_BYTES, length - FAMILY_BYTES).toString('latin1')
  // An abstract name is all its bytes; a path ends at its NUL.
  return text.startsWith('\0') ? text : text.replace(/\0[^]*$/, '')
}

/** Writes a struct sockaddr_un and its length, which the caller's room may cut. */
export function writeAddress(
  task: Task,
  name: string | undefined,
  address: number,
  lengthAt: number,
): number {
  if (address === 0) return 0
  const room = task.memory.readInt32(lengthAt)
  if (Number.isNaN(room)) return -EFAULT
  if (room < 0) return -EINVAL
  const isPath = name !== undefined && !name.startsWith('\0')
  const bytes = Buffer.from(`\x01\0${name ?? ''}${isPath ? '\0' : ''}`, 'latin1')
  const error = task.memory.write(address, bytes, 0, Math.min(room, bytes.length))
  return error !== 0 ? error : task.memory.writeInt32(lengthAt, bytes.length)
}

/** The socket that has an address, or a negative errno. */
export function socketNamed(task: Task, name: string): UnixSocket | number {
  if (name.startsWith('\0')) return abstractNames(task.world).get(name) ?? -ECONNREFUSED
  const bytes = Buffer.from(name, 'latin1')
  const error = walk.run(task.fs.cwd, task, bytes, bytes.length, FOLLOW)
  if (error !== 0) return error
  const { inode } = walk.dentry
  const denied = permits(inode, WRITE, task.credentials)
  if (denied !== 0) return denied
  const socket = socketOf(inode)
  return socket === undefined || socket.closed ? -ECONNREFUSED : socket
}
