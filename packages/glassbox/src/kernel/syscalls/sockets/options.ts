/**
 * getsockopt(2) and setsockopt(2) at SOL_SOCKET, as socket(7) and net/core/sock.c say. Options of
 * devices, routes and packets are kept, because a program may look at what it has set, but have no
 * effect between processes of one world.
 */
import {
  AF_UNIX,
  CAP_NET_ADMIN,
  SO_ACCEPTCONN,
  SO_BROADCAST,
  SO_BSDCOMPAT,
  SO_BUSY_POLL,
  SO_DEBUG,
  SO_DOMAIN,
  SO_DONTROUTE,
  SO_ERROR,
  SO_INCOMING_CPU,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_LOCK_FILTER,
  SO_MARK,
  SO_MAX_PACING_RATE,
  SO_NO_CHECK,
  SO_NOFCS,
  SO_OOBINLINE,
  SO_PASSCRED,
  SO_PASSSEC,
  SO_PEEK_OFF,
  SO_PEERCRED,
  SO_PEERGROUPS,
  SO_PRIORITY,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_RCVLOWAT,
  SO_RCVTIMEO,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_RXQ_OVFL,
  SO_SELECT_ERR_QUEUE,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SO_SNDLOWAT,
  SO_SNDTIMEO,
  SO_TIMESTAMP_OLD,
  SO_TIMESTAMPNS_OLD,
  SO_TYPE,
  SO_WIFI_STATUS,
  SOL_SOCKET,
} from '../../../linux/constants.ts'
import {
  EACCES,
  EDOM,
  EFAULT,
  EINVAL,
  ENODATA,
  ENOPROTOOPT,
  EOPNOTSUPP,
  EPERM,
  ERANGE,
} from '../../../linux/errno-numbers.ts'
import { BUFFER_BYTES } from '../../fs/socket/options.ts'
import type { UnixSocket } from '../../fs/socket/unix-socket.ts'
import { hasCapability } from '../../task/credentials.ts'
import type { Task } from '../../task/state.ts'
import { family } from '../tasks/family.ts'
import { socketAt } from './support.ts'

const INT_MAX = 2 ** 31 - 1
/** Sizes of buffers are doubled, and not smaller than these: SOCK_MIN_SNDBUF, SOCK_MIN_RCVBUF. */
const LEAST_SEND_BYTES = 4608
const LEAST_RECEIVE_BYTES = 2304
const SECOND_NS = 1e9
/** Times of sockets are counted in ticks. */
const TICK_NS = 4_000_000
const HIGHEST_PRIORITY = 6

/** What setsockopt(2) was given. `number`: its first four bytes. */
interface Given {
  readonly task: Task
  readonly address: number
  readonly length: number
  readonly number: number
}

interface Option {
  /** Absent: ENOPROTOOPT. The words of the value, or a negative errno. */
  readonly get?: (socket: UnixSocket) => readonly number[] | number
  /** Absent: ENOPROTOOPT. 0, or a negative errno. */
  readonly set?: (socket: UnixSocket, given: Given) => number
}

const mayAdminister = ({ credentials }: Task): boolean => hasCapability(credentials, CAP_NET_ADMIN)

/** A number that is kept. `refusal`: of a value that only an administrator may set. */
const kept = (
  option: number,
  { initial = 0, of = (number: number): number => number, refusal = (_number: number): number => 0 } = {},
): Option => ({
  get: ({ options }) => [options.others.get(option) ?? initial],
  set: ({ options }, { number, task }) => {
    const refused = refusal(number)
    if (refused !== 0 && !mayAdminister(task)) return refused
    options.others.set(option, of(number))
    return 0
  },
})

const truth = (number: number): number => (number === 0 ? 0 : 1)
const FLAGS = [
  ...[SO_REUSEADDR, SO_DONTROUTE, SO_BROADCAST, SO_KEEPALIVE, SO_OOBINLINE, SO_NO_CHECK],
  ...[SO_PASSSEC, SO_TIMESTAMP_OLD, SO_TIMESTAMPNS_OLD, SO_RXQ_OVFL, SO_WIFI_STATUS, SO_NOFCS],
  ...[SO_LOCK_FILTER, SO_SELECT_ERR_QUEUE],
]

const read = (get: (socket: UnixSocket) => readonly number[] | number): Option => ({ get })

const buffer = (
  name: 'sendBytes' | 'receiveBytes',
  least: number,
  most: number,
  mayForce: (task: Task) => boolean = () => true,
): Required<Option> => ({
  get: ({ options }) => [options[name]],
  set: ({ options }, { task, number }) => {
    if (!mayForce(task)) return -EPERM
    options[name] = Math.max(least, 2 * Math.min(number < 0 && most === INT_MAX ? 0 : number >>> 0, most))
    return 0
  },
})

const forced = (name: 'sendBytes' | 'receiveBytes', least: number): Option => ({
  set: buffer(name, least, INT_MAX / 2, mayAdminister).set,
})

/** struct timeval of SO_RCVTIMEO and SO_SNDTIMEO: 0 is for ever. */
const time = (name: 'receiveTimeoutNs' | 'sendTimeoutNs'): Option => ({
  get: ({ options }) => {
    const ns = options[name] === Infinity ? 0 : options[name]
    const seconds = Math.floor(ns / SECOND_NS)
    return [seconds | 0, Math.floor(seconds / 2 ** 32), Math.floor((ns % SECOND_NS) / 1000), 0]
  },
  set: ({ options }, { task: { memory }, address, length }) => {
    if (length < 16) return -EINVAL
    const [seconds, micros] = [memory.readInt64(address), memory.readInt64(address + 8)]
    if (Number.isNaN(seconds) || Number.isNaN(micros)) return -EFAULT
    if (micros < 0 || micros >= 1e6) return -EDOM
    const ns = Math.ceil((seconds * SECOND_NS + micros * 1000) / TICK_NS) * TICK_NS
    options[name] = seconds < 0 ? 0 : ns === 0 ? Infinity : ns
    return 0
  },
})

const lingering: Option = {
  get: ({ options }) => [options.lingers ? 1 : 0, options.lingerSeconds],
  set: ({ options }, { task, address, length, number }) => {
    if (length < 8) return -EINVAL
    const seconds = task.memory.readInt32(address + 4)
    if (Number.isNaN(seconds)) return -EFAULT
    options.lingers = number !== 0
    if (number !== 0) options.lingerSeconds = seconds
    return 0
  },
}

const lowWater: Option = {
  get: ({ options }) => [options.lowWater],
  set: ({ options }, { number }) => {
    options.lowWater = number < 0 ? INT_MAX : number || 1
    return 0
  },
}

const peekOffset: Option = {
  get: ({ options }) => [options.peekOffset],
  set: ({ options }, { number }) => {
    options.peekOffset = Math.max(-1, number)
    return 0
  },
}

const passing: Option = {
  get: ({ options }) => [options.passesCredentials ? 1 : 0],
  set: ({ options }, { number }) => {
    options.passesCredentials = number !== 0
    return 0
  },
}

const OPTIONS = new Map<number, Option>([
  ...FLAGS.map(option => [option, kept(option, { of: truth })] as const),
  [SO_DEBUG, kept(SO_DEBUG, { of: truth, refusal: number => (number === 0 ? 0 : -EACCES) })],
  [SO_MARK, kept(SO_MARK, { refusal: () => -EPERM })],
  [SO_BUSY_POLL, kept(SO_BUSY_POLL, { refusal: number => (number > 0 ? -EPERM : 0) })],
  [
    SO_PRIORITY,
    kept(SO_PRIORITY, { refusal: number => (number >= 0 && number <= HIGHEST_PRIORITY ? 0 : -EPERM) }),
  ],
  [SO_MAX_PACING_RATE, kept(SO_MAX_PACING_RATE, { initial: -1 })],
  [SO_INCOMING_CPU, kept(SO_INCOMING_CPU, { initial: -1 })],
  [SO_REUSEPORT, { get: () => [0], set: (_socket, { number }) => (number === 0 ? 0 : -EOPNOTSUPP) }],
  [SO_BSDCOMPAT, { get: () => [0], set: () => 0 }],
  [SO_TYPE, read(({ type }) => [type])],
  [SO_DOMAIN, read(() => [AF_UNIX])],
  [SO_PROTOCOL, read(() => [0])],
  [SO_ERROR, read(socket => [socket.takeError()])],
  [SO_ACCEPTCONN, read(({ backlog }) => [backlog === undefined ? 0 : 1])],
  [SO_SNDLOWAT, read(() => [1])],
  [SO_SNDBUF, buffer('sendBytes', LEAST_SEND_BYTES, BUFFER_BYTES)],
  [SO_RCVBUF, buffer('receiveBytes', LEAST_RECEIVE_BYTES, BUFFER_BYTES)],
  [SO_SNDBUFFORCE, forced('sendBytes', LEAST_SEND_BYTES)],
  [SO_RCVBUFFORCE, forced('receiveBytes', LEAST_RECEIVE_BYTES)],
  [SO_RCVTIMEO, time('receiveTimeoutNs')],
  [SO_SNDTIMEO, time('sendTimeoutNs')],
  [SO_LINGER, lingering],
  [SO_RCVLOWAT, lowWater],
  [SO_PEEK_OFF, peekOffset],
  [SO_PASSCRED, passing],
  [SO_PEERCRED, read(peerOf)],
  [SO_PEERGROUPS, read(({ peerCredentials }) => peerCredentials?.groups ?? -ENODATA)],
])

function peerOf({ peerCredentials }: UnixSocket): number[] {
  const { pid, uid, gid } = peerCredentials ?? { pid: 0, uid: -1, gid: -1 }
  return [pid, uid, gid]
}

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
  const words = OPTIONS.get(option)?.get?.(file.socket) ?? -ENOPROTOOPT
  if (typeof words === 'number') return words
  const bytes = new Uint8Array(Int32Array.from(words).buffer)
  if (option === SO_PEERGROUPS && room < bytes.length)
    return task.memory.writeInt32(lengthAt, bytes.length) === 0 ? -ERANGE : -EFAULT
  const length = Math.min(room, bytes.length)
  const error = task.memory.write(value, bytes, 0, length)
  return error !== 0 ? error : task.memory.writeInt32(lengthAt, length)
}

function setsockopt(
  task: Task,
  fd: number,
  level: number,
  option: number,
  address: number,
  length: number,
): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  if (level !== SOL_SOCKET) return -EOPNOTSUPP
  if (length < 4) return -EINVAL
  const number = task.memory.readInt32(address)
  if (Number.isNaN(number)) return -EFAULT
  return OPTIONS.get(option)?.set?.(file.socket, { task, address, length, number }) ?? -ENOPROTOOPT
}

const PARTLY = 'Options of filters, time stamps and devices are ENOPROTOOPT or have no effect.'

export const options: ReturnType<typeof family> = family({
  getsockopt: { handler: getsockopt, partly: PARTLY },
  setsockopt: { handler: setsockopt, partly: PARTLY },
})
