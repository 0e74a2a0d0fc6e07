/** Sending to and receiving from sockets, with files as SCM_RIGHTS; and the options of sockets. */
import {
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
  O_NONBLOCK,
  RLIMIT_NOFILE,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SO_ERROR,
  SO_PASSCRED,
  SO_PEERCRED,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_SNDBUF,
  SO_TYPE,
  SOL_SOCKET,
} from '../../../linux/constants.ts'
import {
  EAGAIN,
  EBADF,
  EFAULT,
  EINVAL,
  EISCONN,
  ENOPROTOOPT,
  EOPNOTSUPP,
  EPIPE,
  ETOOMANYREFS,
} from '../../../linux/errno-numbers.ts'
import { dropReference } from '../../fs/descriptor-table.ts'
import { closeFiles, filesInFlight, unload } from '../../fs/socket/in-flight.ts'
import type { SocketFile } from '../../fs/socket/socket-file.ts'
import type { Message, UnixSocket } from '../../fs/socket/unix-socket.ts'
import type { OpenFile } from '../../fs/vfs.ts'
import type { Transfer } from '../../mm/transfer.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { readAddress, socketAt, socketNamed, writeAddress } from './socket.ts'
import { waitFor } from './support.ts'

const SIGPIPE = 13
const AF_UNIX = 1
const SCM_RIGHTS = 1
const SCM_CREDENTIALS = 2
const MOST_FILES = 253

/** Waits as the flags and the file say. */
function orWait(task: Task, file: SocketFile, flags: number, attempt: () => number): number {
  const result = attempt()
  const mayWait = (flags & MSG_DONTWAIT) === 0 && (file.flags & O_NONBLOCK) === 0
  return result === -EAGAIN && mayWait ? waitFor(task, file, attempt) : result
}

/**
 * Sends what `transfer` makes; a blocking stream sends all of it. It owns the references of the
 * files: those that no message has taken in the end are dropped.
 */
function sendAll(
  task: Task,
  file: SocketFile,
  flags: number,
  files: readonly OpenFile[],
  to: UnixSocket | undefined,
  transferFrom: (done: number) => Transfer | number,
): number {
  let done = 0
  let passed = files
  const mayWait = (flags & MSG_DONTWAIT) === 0 && (file.flags & O_NONBLOCK) === 0
  const attempt = (): number => {
    const transfer = transferFrom(done)
    if (typeof transfer === 'number') return transfer
    const wanted = transfer.remaining
    const sent =
      to === undefined ? file.socket.send(transfer, passed) : file.socket.send(transfer, passed, to)
    if (sent === -EPIPE && (flags & MSG_NOSIGNAL) === 0) task.signal(SIGPIPE)
    if (sent < 0) return sent !== -EAGAIN && done > 0 ? done : sent
    // Nothing was sent with an empty write to a stream.
    if (sent > 0 || !file.socket.isStream) passed = []
    done += sent
    return sent < wanted && mayWait ? -EAGAIN : done
  }
  const dropUnsent = (): void => {
    for (const left of passed) dropReference(left)
  }
  const result = attempt()
  if (result !== -EAGAIN || !mayWait) {
    dropUnsent()
    return done > 0 && result === -EAGAIN ? done : result
  }
  return waitFor(task, file, attempt, {
    interrupted: () => (done > 0 ? done : undefined),
    ended: dropUnsent,
  })
}

function sendto(
  task: Task,
  fd: number,
  buffer: number,
  length: number,
  flags: number,
  address: number,
  addressLength: number,
): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  const to = address === 0 ? undefined : target(task, file, address, addressLength)
  if (typeof to === 'number') return to
  return sendAll(task, file, flags, [], to, done => task.memory.buffer(buffer + done, length - done))
}

function target(task: Task, { socket }: SocketFile, address: number, length: number): UnixSocket | number {
  if (!socket.isConnectionless) return socket.wasConnected ? -EISCONN : -EOPNOTSUPP
  const name = readAddress(task, address, length)
  return typeof name === 'number' ? name : socketNamed(task, name)
}

function recvfrom(
  task: Task,
  fd: number,
  buffer: number,
  length: number,
  flags: number,
  address: number,
  lengthAt: number,
): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  let done = 0
  return orWait(task, file, flags, () => {
    const transfer = task.memory.buffer(buffer + done, length - done)
    const found = file.socket.receive(transfer, (flags & MSG_PEEK) !== 0)
    const { moved, message } = found
    if (moved < 0) return done > 0 && moved !== -EAGAIN ? done : moved
    if (message !== undefined && (flags & MSG_PEEK) === 0) closeFiles(message)
    done += moved
    const waitsForAll = (flags & MSG_WAITALL) !== 0 && file.socket.isStream && moved > 0
    if (waitsForAll && done < length) return -EAGAIN
    const error = writeAddress(task, message?.from.address, message === undefined ? 0 : address, lengthAt)
    if (error !== 0) return error
    return (flags & MSG_TRUNC) !== 0 && !file.socket.isStream ? found.length : done
  })
}

/** struct msghdr. */
interface Header {
  readonly address: number
  readonly addressLength: number
  readonly vector: number
  readonly count: number
  readonly control: number
  readonly controlLength: number
}

const HEADER_BYTES = 56
const header = new Uint8Array(HEADER_BYTES)
const view = new DataView(header.buffer)
const word = (at: number): number => Number(view.getBigUint64(at, true))

function readHeader(task: Task, at: number): Header | number {
  if (task.memory.read(at, header, 0, HEADER_BYTES) !== 0) return -EFAULT
  const [vector, count, control, controlLength] = [word(16), word(24), word(32), word(40)]
  return { address: word(0), addressLength: view.getInt32(8, true), vector, count, control, controlLength }
}

/** Files of SCM_RIGHTS, each with a reference of the message's own; or a negative errno. */
function readFiles(task: Task, { control, controlLength }: Header): OpenFile[] | number {
  if (controlLength === 0) return []
  if (controlLength > 64 * 1024) return -EINVAL
  const bytes = new Uint8Array(controlLength)
  if (task.memory.read(control, bytes, 0, controlLength) !== 0) return -EFAULT
  const data = new DataView(bytes.buffer)
  const files: OpenFile[] = []
  for (let at = 0; at + 16 <= controlLength; ) {
    const length = Number(data.getBigUint64(at, true))
    if (length < 16 || at + length > controlLength) return -EINVAL
    const [level, type] = [data.getInt32(at + 8, true), data.getInt32(at + 12, true)]
    if (level === SOL_SOCKET && type === SCM_RIGHTS) {
      for (let place = at + 16; place + 4 <= at + length; place += 4) {
        const file = task.files.get(data.getInt32(place, true))
        if (file === undefined) return -EBADF
        files.push(file)
      }
    } else if (level !== SOL_SOCKET || type !== SCM_CREDENTIALS) return -EINVAL
    at += (length + 7) & ~7
  }
  if (files.length > MOST_FILES) return -EINVAL
  if (files.length > 0 && filesInFlight() > (task.process.limits[RLIMIT_NOFILE]?.soft ?? Infinity))
    return -ETOOMANYREFS
  for (const file of files) file.references++
  return files
}

function sendmsg(task: Task, fd: number, at: number, flags: number): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  const parsed = readHeader(task, at)
  if (typeof parsed === 'number') return parsed
  const { address, addressLength, vector, count } = parsed
  const to = address === 0 || addressLength === 0 ? undefined : target(task, file, address, addressLength)
  if (typeof to === 'number') return to
  const files = readFiles(task, parsed)
  if (typeof files === 'number') return files
  return sendAll(task, file, flags, files, to, done => {
    const transfer = task.memory.vector(vector, count)
    if (typeof transfer !== 'number' && done > 0) transfer.take(new Uint8Array(done), 0, done)
    return transfer
  })
}

function recvmsg(task: Task, fd: number, at: number, flags: number): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  const parsed = readHeader(task, at)
  if (typeof parsed === 'number') return parsed
  return orWait(task, file, flags, () => {
    const transfer = task.memory.vector(parsed.vector, parsed.count)
    if (typeof transfer === 'number') return transfer
    const { moved, length, message } = file.socket.receive(transfer, (flags & MSG_PEEK) !== 0)
    if (moved < 0) return moved
    let answer = length > moved && !file.socket.isStream ? MSG_TRUNC : 0
    const control = message && writeControl(task, file, parsed, message, flags)
    if (control?.cut === true) answer |= MSG_CTRUNC
    if (parsed.address !== 0) {
      const error = writeAddress(task, message?.from.address, parsed.address, at + 8)
      if (error !== 0) return error
    }
    task.memory.writeInt64(at + 40, control?.used ?? 0)
    task.memory.writeInt32(at + 48, answer)
    return (flags & MSG_TRUNC) !== 0 && !file.socket.isStream ? length : moved
  })
}

/** Writes the ancillary data. `used`: its length; `cut`: something had no room. */
function writeControl(
  task: Task,
  { socket }: SocketFile,
  { control, controlLength }: Header,
  message: Message,
  flags: number,
): { readonly used: number; readonly cut: boolean } {
  const bytes = new Uint8Array(controlLength)
  const data = new DataView(bytes.buffer)
  let used = 0
  let cut = false
  const begin = (type: number, length: number): number => {
    data.setBigUint64(used, BigInt(16 + length), true)
    data.setInt32(used + 8, SOL_SOCKET, true)
    data.setInt32(used + 12, type, true)
    const at = used + 16
    used = Math.min(controlLength, used + 16 + ((length + 7) & ~7))
    return at
  }
  if (socket.wantsCredentials && controlLength >= 28) {
    const at = begin(SCM_CREDENTIALS, 12)
    const { pid, uid, gid } = message.credentials
    for (const [index, id] of [pid, uid, gid].entries()) data.setInt32(at + index * 4, id, true)
  } else cut ||= socket.wantsCredentials
  if (message.files.length > 0 && (flags & MSG_PEEK) === 0) {
    const room = Math.max(0, Math.floor((controlLength - used - 16) / 4))
    const files = unload(message)
    const numbers: number[] = []
    for (const passed of files.slice(0, room)) {
      const fd = task.files.add(passed, (flags & MSG_CMSG_CLOEXEC) !== 0)
      if (fd < 0) break
      numbers.push(fd)
    }
    for (const left of files.slice(numbers.length)) dropReference(left)
    cut ||= numbers.length < files.length
    const at = numbers.length === 0 ? 0 : begin(SCM_RIGHTS, numbers.length * 4)
    for (const [index, fd] of numbers.entries()) data.setInt32(at + index * 4, fd, true)
  }
  if (used > 0) task.memory.write(control, bytes, 0, used)
  return { used, cut }
}

/** Options that are numbers, by their name. */
const OPTIONS = new Map<number, (file: SocketFile) => number>([
  [SO_TYPE, ({ socket }) => socket.type],
  [SO_DOMAIN, () => AF_UNIX],
  [SO_PROTOCOL, () => 0],
  [SO_ERROR, () => 0],
  [SO_SNDBUF, () => 212_992],
  [SO_RCVBUF, () => 212_992],
  [SO_ACCEPTCONN, ({ socket }) => (socket.backlog === undefined ? 0 : 1)],
  [SO_PASSCRED, ({ socket }) => (socket.wantsCredentials ? 1 : 0)],
])

function getsockopt(
  task: Task,
  fd: number,
  level: number,
  option: number,
  value: number,
  lengthAt: number,
): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  if (level !== SOL_SOCKET) return -EOPNOTSUPP
  const room = task.memory.readInt32(lengthAt)
  if (Number.isNaN(room)) return -EFAULT
  if (room < 0) return -EINVAL
  const numbers = option === SO_PEERCRED ? peerOf(file) : [OPTIONS.get(option)?.(file) ?? 0]
  if (option !== SO_PEERCRED && !OPTIONS.has(option) && !IGNORED.has(option)) return -ENOPROTOOPT
  const bytes = new Uint8Array(Int32Array.from(numbers).buffer)
  const length = Math.min(room, bytes.length)
  const error = task.memory.write(value, bytes, 0, length)
  return error !== 0 ? error : task.memory.writeInt32(lengthAt, length)
}

function peerOf({ socket }: SocketFile): number[] {
  const { pid, uid, gid } = socket.peerCredentials ?? { pid: 0, uid: -1, gid: -1 }
  return [pid, uid, gid]
}

/** Options that change nothing between processes of one world: SO_REUSEADDR and the like. */
const IGNORED = new Set([2, 4, 5, 6, 7, 8, 9, 10, 13, 15, 18, 19, 20, 21, 29, 32, 33, 35])

function setsockopt(
  task: Task,
  fd: number,
  level: number,
  option: number,
  value: number,
  length: number,
): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  if (level !== SOL_SOCKET) return -EOPNOTSUPP
  if (length < 4) return -EINVAL
  const number = task.memory.readInt32(value)
  if (Number.isNaN(number)) return -EFAULT
  if (option === SO_PASSCRED) file.socket.wantsCredentials = number !== 0
  else if (!IGNORED.has(option)) return -ENOPROTOOPT
  return 0
}

const MMSG_BYTES = 64

function sendmmsg(task: Task, fd: number, at: number, count: number, flags: number): number {
  let done = 0
  for (; done < Math.min(count, 1024); done++) {
    const sent = sendmsg(task, fd, at + done * MMSG_BYTES, flags | MSG_DONTWAIT)
    if (sent < 0) return done > 0 ? done : sent
    task.memory.writeInt32(at + done * MMSG_BYTES + HEADER_BYTES, sent)
  }
  return done
}

export const message: Family = {
  sendto,
  recvfrom,
  sendmsg,
  recvmsg,
  getsockopt,
  setsockopt,
  sendmmsg: { handler: sendmmsg, partly: 'It never waits.' },
}
