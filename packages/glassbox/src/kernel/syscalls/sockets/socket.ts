/** Sockets: those of the world itself, unix(7). Other families are EAFNOSUPPORT. */
import {
  AF_UNIX,
  AF_UNSPEC,
  O_CLOEXEC,
  O_NONBLOCK,
  S_IFSOCK,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from '../../../linux/constants.ts'
import {
  EADDRINUSE,
  EAFNOSUPPORT,
  EEXIST,
  EFAULT,
  EINVAL,
  ENOTCONN,
  EOPNOTSUPP,
  EPROTONOSUPPORT,
  EPROTOTYPE,
  ESOCKTNOSUPPORT,
} from '../../../linux/errno-numbers.ts'
import { makeNode } from '../../fs/operations/make.ts'
import { walk } from '../../fs/path/start.ts'
import { abstractNames, bindInode } from '../../fs/socket/names.ts'
import { SocketFile } from '../../fs/socket/socket-file.ts'
import { type SocketCredentials, UnixSocket } from '../../fs/socket/unix-socket.ts'
import type { Task } from '../../task/state.ts'
import { family } from '../tasks/family.ts'
import { addFile } from '../files/file.ts'
import { readAddress, readFamily, socketNamed, writeAddress } from './address.ts'
import { orWait, socketAt } from './support.ts'

/** SOCK_PACKET: types beyond it are EINVAL, whatever the family. */
const MOST_TYPE = 10

const credentialsOf = (task: Task): SocketCredentials => ({
  pid: task.process.pid,
  uid: task.credentials.euid,
  gid: task.credentials.egid,
  groups: task.credentials.groups,
})

/** O_* of SOCK_NONBLOCK and SOCK_CLOEXEC: the numbers are the same. */
const fileFlags = (type: number): number => type & (O_NONBLOCK | O_CLOEXEC)

function checkedType(domain: number, type: number, protocol: number): number {
  const kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)
  if (domain !== AF_UNIX) return -EAFNOSUPPORT
  if (protocol !== 0 && protocol !== AF_UNIX) return -EPROTONOSUPPORT
  if (kind > MOST_TYPE) return -EINVAL
  if (kind === SOCK_RAW) return SOCK_DGRAM
  return kind === SOCK_STREAM || kind === SOCK_DGRAM || kind === SOCK_SEQPACKET ? kind : -ESOCKTNOSUPPORT
}

function socketCall(task: Task, domain: number, type: number, protocol: number): number {
  const kind = checkedType(domain, type, protocol)
  if (kind < 0) return kind
  const file = new SocketFile(new UnixSocket(kind, credentialsOf(task)), fileFlags(type) & O_NONBLOCK)
  return addFile(task, file, fileFlags(type))
}

function socketpair(task: Task, domain: number, type: number, protocol: number, address: number): number {
  const kind = checkedType(domain, type, protocol)
  if (kind < 0) return kind === -EAFNOSUPPORT ? -EAFNOSUPPORT : kind
  const [one, two] = [0, 1].map(
    () => new SocketFile(new UnixSocket(kind, credentialsOf(task)), fileFlags(type) & O_NONBLOCK),
  ) as [SocketFile, SocketFile]
  one.socket.join(two.socket)
  const first = addFile(task, one, fileFlags(type))
  const second = addFile(task, two, fileFlags(type))
  const stored = first >= 0 && second >= 0 && task.memory.writeInt32(address, first) === 0
  if (stored && task.memory.writeInt32(address + 4, second) === 0) return 0
  for (const fd of [first, second]) if (fd >= 0) task.files.close(fd)
  return first < 0 ? first : second < 0 ? second : -EFAULT
}

let nextName = 0

function bind(task: Task, fd: number, address: number, length: number): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  const given = readAddress(task, address, length)
  if (typeof given === 'number') return given
  const { socket } = file
  const isPath = given !== '' && !given.startsWith('\0')
  if (socket.address !== undefined) return isPath && isThere(task, given) ? -EADDRINUSE : -EINVAL
  const name = given === '' ? `\0${(nextName++).toString(16).padStart(5, '0')}` : given
  const error = name.startsWith('\0') ? bindAbstract(task, file, name) : bindPath(task, file, name)
  if (error === 0) socket.address = name
  return error
}

function isThere(task: Task, name: string): boolean {
  const bytes = Buffer.from(name, 'latin1')
  return walk.run(task.fs.cwd, task, bytes, bytes.length, 0) === 0
}

function bindAbstract(task: Task, file: SocketFile, name: string): number {
  const names = abstractNames(task.world)
  if (names.has(name)) return -EADDRINUSE
  names.set(name, file.socket)
  file.onClose = () => void names.delete(name)
  return 0
}

function bindPath(task: Task, { socket }: SocketFile, name: string): number {
  const bytes = Buffer.from(name, 'latin1')
  const error = makeNode(task.fs.cwd, task, bytes, bytes.length, S_IFSOCK | 0o777, 0)
  if (error !== 0) return error === -EEXIST ? -EADDRINUSE : error
  const found = walk.run(task.fs.cwd, task, bytes, bytes.length, 0)
  if (found === 0) bindInode(walk.dentry.inode, socket)
  return found
}

function listen(task: Task, fd: number, backlog: number): number {
  const file = socketAt(task, fd)
  return typeof file === 'number' ? file : file.socket.listen(backlog)
}

function connect(task: Task, fd: number, address: number, length: number): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  if (readFamily(task, address, length) === AF_UNSPEC) return file.socket.disconnect()
  const name = readAddress(task, address, length)
  if (typeof name === 'number') return name
  const target = socketNamed(task, name)
  if (typeof target === 'number') return target
  if (target.type !== file.socket.type) return -EPROTOTYPE
  return orWait(task, file, 'write', 0, () => file.socket.connect(target))
}

function accept4(task: Task, fd: number, address: number, length: number, flags: number): number {
  if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) !== 0) return -EINVAL
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  if (file.socket.isConnectionless) return -EOPNOTSUPP
  return orWait(task, file, 'read', 0, () => {
    const room = task.files.free()
    if (room < 0) return room
    const socket = file.socket.accept()
    if (typeof socket === 'number') return socket
    const accepted = new SocketFile(socket, flags & O_NONBLOCK)
    const added = addFile(task, accepted, flags)
    if (added < 0) return added
    const error = writeAddress(task, socket.peer?.address, address, length)
    if (error === 0) return added
    task.files.close(added)
    return error
  })
}

function getsockname(task: Task, fd: number, address: number, length: number): number {
  const file = socketAt(task, fd)
  return typeof file === 'number' ? file : writeAddress(task, file.socket.address, address, length)
}

function getpeername(task: Task, fd: number, address: number, length: number): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  const { peer, backlog } = file.socket
  return peer === undefined || backlog !== undefined
    ? -ENOTCONN
    : writeAddress(task, peer.address, address, length)
}

function shutdown(task: Task, fd: number, how: number): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  if (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR) return -EINVAL
  file.socket.shutdown(how !== SHUT_WR, how !== SHUT_RD)
  return 0
}

const PARTLY = 'Only sockets of the world itself: AF_UNIX. Others are EAFNOSUPPORT.'

export const socket: ReturnType<typeof family> = family({
  socket: { handler: socketCall, partly: PARTLY },
  socketpair,
  bind,
  listen,
  connect,
  accept: (task, fd, address, length) => accept4(task, fd, address, length, 0),
  accept4,
  getsockname,
  getpeername,
  shutdown,
})
