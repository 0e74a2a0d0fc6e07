/** Ancillary data: files as SCM_RIGHTS, and who sends as SCM_CREDENTIALS. See unix(7), cmsg(3). */
import {
  CAP_SETGID,
  CAP_SETUID,
  CAP_SYS_ADMIN,
  MSG_CMSG_CLOEXEC,
  MSG_PEEK,
  RLIMIT_NOFILE,
  SCM_CREDENTIALS,
  SCM_RIGHTS,
  SOL_SOCKET,
} from '../../../linux/constants.ts'
import { EBADF, EFAULT, EINVAL, ENOBUFS, EPERM, ETOOMANYREFS } from '../../../linux/errno-numbers.ts'
import { dropReference } from '../../fs/descriptor-table.ts'
import { filesInFlight, unload } from '../../fs/socket/in-flight.ts'
import type { SocketFile } from '../../fs/socket/socket-file.ts'
import type { Message, Parcel, SocketCredentials } from '../../fs/socket/unix-socket.ts'
import type { OpenFile } from '../../fs/vfs.ts'
import { hasCapability } from '../../task/credentials.ts'
import type { Task } from '../../task/state.ts'
import type { Header } from './header.ts'

const MOST_FILES = 253
/** net.core.optmem_max. */
const MOST_BYTES = 131_072
const HEAD = 16
const CREDENTIAL_BYTES = 12

const aligned = (length: number): number => (length + 7) & ~7

/** The parts of a message's ancillary data, each with a reference of its own for a file. */
export function readControl(task: Task, { control, controlLength }: Header): Parcel | number {
  if (controlLength === 0) return {}
  if (controlLength > MOST_BYTES) return -ENOBUFS
  const bytes = new Uint8Array(controlLength)
  if (task.memory.read(control, bytes, 0, controlLength) !== 0) return -EFAULT
  const data = new DataView(bytes.buffer)
  const files: OpenFile[] = []
  let credentials: SocketCredentials | undefined
  for (let at = 0; at + HEAD <= controlLength; ) {
    const length = Number(data.getBigUint64(at, true))
    if (length < HEAD || at + length > controlLength) return -EINVAL
    const [level, type] = [data.getInt32(at + 8, true), data.getInt32(at + 12, true)]
    if (level === SOL_SOCKET && type === SCM_RIGHTS) {
      for (let place = at + HEAD; place + 4 <= at + length; place += 4) {
        const file = task.files.get(data.getInt32(place, true))
        if (file === undefined) return -EBADF
        files.push(file)
      }
    } else if (level === SOL_SOCKET && type === SCM_CREDENTIALS) {
      if (length !== HEAD + CREDENTIAL_BYTES) return -EINVAL
      const [pid, uid, gid] = [0, 4, 8].map(step => data.getInt32(at + HEAD + step, true)) as [
        number,
        number,
        number,
      ]
      credentials = { pid, uid: uid >>> 0, gid: gid >>> 0 }
      if (!mayClaim(task, credentials)) return -EPERM
    } else if (level === SOL_SOCKET) return -EINVAL
    at += aligned(length)
  }
  if (files.length > MOST_FILES) return -EINVAL
  if (files.length > 0 && filesInFlight() > (task.process.limits[RLIMIT_NOFILE]?.soft ?? Infinity))
    return -ETOOMANYREFS
  for (const file of files) file.references++
  return { files, ...(credentials ? { credentials } : {}) }
}

/** Whether the task may say that it is this process of these users. */
function mayClaim({ process, credentials: own }: Task, claimed: SocketCredentials): boolean {
  const isOneOf = (id: number, ...ids: readonly number[]): boolean => ids.includes(id)
  return (
    (claimed.pid === process.pid || hasCapability(own, CAP_SYS_ADMIN)) &&
    (isOneOf(claimed.uid, own.uid, own.euid, own.suid) || hasCapability(own, CAP_SETUID)) &&
    (isOneOf(claimed.gid, own.gid, own.egid, own.sgid) || hasCapability(own, CAP_SETGID))
  )
}

/** Writes the ancillary data. `used`: its length; `cut`: something had no room. */
export function writeControl(
  task: Task,
  { socket }: SocketFile,
  { control, controlLength }: Header,
  message: Message,
  flags: number,
): { readonly used: number; readonly cut: boolean } {
  const bytes = new Uint8Array(Math.min(controlLength, MOST_BYTES))
  const data = new DataView(bytes.buffer)
  const room = bytes.length
  let used = 0
  let cut = false
  const begin = (type: number, length: number): number => {
    data.setBigUint64(used, BigInt(Math.min(room - used, HEAD + length)), true)
    data.setInt32(used + 8, SOL_SOCKET, true)
    data.setInt32(used + 12, type, true)
    const at = used + HEAD
    used = Math.min(room, used + HEAD + aligned(length))
    return at
  }
  const { passesCredentials } = socket.options
  if (passesCredentials && room >= HEAD) {
    const at = begin(SCM_CREDENTIALS, CREDENTIAL_BYTES)
    const { pid, uid, gid } = message.credentials
    const credentials = new Uint8Array(Int32Array.of(pid, uid, gid).buffer)
    bytes.set(credentials.subarray(0, room - at), at)
  }
  if (passesCredentials) cut = room < HEAD + CREDENTIAL_BYTES
  if (message.files.length > 0 && (flags & MSG_PEEK) === 0) {
    const most = Math.max(0, Math.floor((room - used - HEAD) / 4))
    const files = unload(message)
    const numbers: number[] = []
    for (const passed of files.slice(0, most)) {
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
