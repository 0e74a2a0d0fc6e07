/** Sending to sockets: sendto, sendmsg, sendmmsg. */
import { MSG_NOSIGNAL, MSG_OOB } from '../../../linux/constants.ts'
import { EAGAIN, EISCONN, EOPNOTSUPP, EPIPE } from '../../../linux/errno-numbers.ts'
import { dropReference } from '../../fs/descriptor-table.ts'
import type { SocketFile } from '../../fs/socket/socket-file.ts'
import type { Parcel, UnixSocket } from '../../fs/socket/unix-socket.ts'
import type { Transfer } from '../../mm/transfer.ts'
import type { Task } from '../../task/state.ts'
import { family } from '../tasks/family.ts'
import { readAddress, socketNamed } from './address.ts'
import { readControl } from './control.ts'
import { HEADER_BYTES, MANY_BYTES, readHeader } from './header.ts'
import { mayWait, orWait, socketAt } from './support.ts'

const SIGPIPE = 13
/** The most messages of sendmmsg(2). */
const MOST_MESSAGES = 1024

/** One message on its way; a stream that may wait sends all of it. */
class Sending {
  done = 0
  readonly #task: Task
  readonly #file: SocketFile
  readonly #flags: number
  readonly #transferFrom: (done: number) => Transfer | number
  #parcel: Parcel

  /** It owns the references of the parcel's files. `transferFrom`: the bytes behind the first. */
  constructor(
    task: Task,
    file: SocketFile,
    flags: number,
    parcel: Parcel,
    transferFrom: (done: number) => Transfer | number,
  ) {
    this.#task = task
    this.#file = file
    this.#flags = flags
    this.#parcel = parcel
    this.#transferFrom = transferFrom
  }

  /** Sends what there is room for: the result, or −EAGAIN if more has to be sent. */
  readonly step = (): number => {
    const { socket } = this.#file
    if ((this.#flags & MSG_OOB) !== 0) return -EOPNOTSUPP
    const transfer = this.#transferFrom(this.done)
    if (typeof transfer === 'number') return transfer
    const wanted = transfer.remaining
    const sent = socket.send(transfer, this.#parcel)
    if (sent === -EPIPE && (this.#flags & MSG_NOSIGNAL) === 0 && socket.isStream) this.#task.signal(SIGPIPE)
    if (sent < 0) return sent !== -EAGAIN && this.done > 0 ? this.done : sent
    // Nothing was sent with an empty write to a stream.
    if (sent > 0 || !socket.isStream) this.#parcel = { ...this.#parcel, files: [] }
    this.done += sent
    return sent < wanted && mayWait(this.#file, this.#flags) ? -EAGAIN : this.done
  }

  /** Files that no message has taken in the end are dropped. */
  readonly end = (): void => {
    for (const left of this.#parcel.files ?? []) dropReference(left)
  }
}

const sendOne = (task: Task, file: SocketFile, flags: number, sending: Sending): number =>
  orWait(task, file, 'write', flags, sending.step, () => sending.done, sending.end)

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
  const parcel = parcelOf(task, to)
  const bytes = (done: number): Transfer => task.memory.buffer(buffer + done, length - done)
  return sendOne(task, file, flags, new Sending(task, file, flags, parcel, bytes))
}

/** What goes with a message unless it says otherwise. */
function parcelOf({ process, credentials }: Task, to: UnixSocket | undefined): Parcel {
  const own = { pid: process.pid, uid: credentials.uid, gid: credentials.gid }
  return { credentials: own, ...(to === undefined ? {} : { to }) }
}

function target(task: Task, { socket }: SocketFile, address: number, length: number): UnixSocket | number {
  if (socket.isStream) return socket.wasConnected ? -EISCONN : -EOPNOTSUPP
  // A connection has one receiver, whoever is named.
  if (!socket.isConnectionless) return socket.peer ?? socket
  const name = readAddress(task, address, length)
  return typeof name === 'number' ? name : socketNamed(task, name)
}

/** The message of a struct msghdr, or a negative errno. */
function messageAt(task: Task, file: SocketFile, at: number, flags: number): Sending | number {
  const parsed = readHeader(task, at)
  if (typeof parsed === 'number') return parsed
  const { address, addressLength, vector, count } = parsed
  const to = address === 0 || addressLength === 0 ? undefined : target(task, file, address, addressLength)
  if (typeof to === 'number') return to
  const control = readControl(task, parsed)
  if (typeof control === 'number') return control
  return new Sending(task, file, flags, { ...parcelOf(task, to), ...control }, done => {
    const transfer = task.memory.vector(vector, count)
    if (typeof transfer !== 'number' && done > 0) transfer.take(new Uint8Array(done), 0, done)
    return transfer
  })
}

function sendmsg(task: Task, fd: number, at: number, flags: number): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  const sending = messageAt(task, file, at, flags)
  return typeof sending === 'number' ? sending : sendOne(task, file, flags, sending)
}

function sendmmsg(task: Task, fd: number, at: number, given: number, flags: number): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  const count = Math.min(given, MOST_MESSAGES)
  let sent = 0
  let current: Sending | number | undefined
  const end = (): void => {
    if (typeof current === 'object') current.end()
  }
  const attempt = (): number => {
    for (; sent < count; sent++) {
      current ??= messageAt(task, file, at + sent * MANY_BYTES, flags)
      const result = typeof current === 'number' ? current : current.step()
      if (result === -EAGAIN && typeof current === 'object') return -EAGAIN
      end()
      current = undefined
      if (result < 0) return sent > 0 ? sent : result
      task.memory.writeInt32(at + sent * MANY_BYTES + HEADER_BYTES, result)
    }
    return sent
  }
  return orWait(task, file, 'write', flags, attempt, () => sent, end)
}

export const sending: ReturnType<typeof family> = family({
  sendto: { handler: sendto, partly: 'MSG_OOB is EOPNOTSUPP.' },
  sendmsg: { handler: sendmsg, partly: 'MSG_OOB is EOPNOTSUPP.' },
  sendmmsg: { handler: sendmmsg, partly: 'MSG_OOB is EOPNOTSUPP.' },
})
