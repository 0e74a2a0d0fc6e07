/** Calls of the host on descriptors of a job, none of which waits. */
import { addon } from '../../../gate/addon.ts'
import { MSG_DONTWAIT, MSG_NOSIGNAL, TCFLSH } from '../../../linux/constants.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'

const NR = {
  read: syscallNumber('read'),
  write: syscallNumber('write'),
  recvfrom: syscallNumber('recvfrom'),
  sendto: syscallNumber('sendto'),
  poll: syscallNumber('poll'),
  lseek: syscallNumber('lseek'),
  ioctl: syscallNumber('ioctl'),
  openat: syscallNumber('openat'),
  fcntl: syscallNumber('fcntl'),
  getpgrp: syscallNumber('getpgrp'),
} as const

const call = (nr: number, ...args: (number | NodeJS.TypedArray)[]): number => addon().syscall(nr, ...args)

export const readHost = (fd: number, target: Uint8Array): number => call(NR.read, fd, target, target.length)
export const writeHost = (fd: number, source: Uint8Array): number => call(NR.write, fd, source, source.length)
export const receiveHost = (fd: number, target: Uint8Array): number =>
  call(NR.recvfrom, fd, target, target.length, MSG_DONTWAIT, 0, 0)
export const sendHost = (fd: number, source: Uint8Array): number =>
  call(NR.sendto, fd, source, source.length, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0)
export const seekHost = (fd: number, offset: number, whence: number): number =>
  call(NR.lseek, fd, offset, whence)
export const controlHost = (fd: number, request: number, argument: Uint8Array): number =>
  call(NR.ioctl, fd, request, argument)
/** tcflush(3). `queues`: TC*FLUSH. */
export const flushHost = (fd: number, queues: number): number => call(NR.ioctl, fd, TCFLSH, queues)
/** The process group of this process. */
export const ownGroup = (): number => call(NR.getpgrp)
export const duplicateHost = (fd: number): number => call(NR.fcntl, fd, F_DUPFD_CLOEXEC, 0)
const F_DUPFD_CLOEXEC = 1030

/** Opens what a descriptor of this process refers to once more, with a description of its own. */
export const reopenHost = (fd: number, flags: number): number =>
  call(NR.openat, -100, Buffer.from(`/proc/self/fd/${fd}\0`), flags, 0)

const pollfd = new Uint8Array(8)
const pollView = new DataView(pollfd.buffer)

/** Which of these POLL* events hold now; 0 also if the host refuses. */
export function pollHost(fd: number, events: number): number {
  pollView.setInt32(0, fd, true)
  pollView.setInt16(4, events, true)
  pollView.setInt16(6, 0, true)
  return call(NR.poll, pollfd, 1, 0) > 0 ? pollView.getInt16(6, true) & 0xffff : 0
}
