/**
 * ioctl(2) of a terminal of the host that a job has as a stream. Only its settings and its window
 * reach the host; nothing can be typed into it, and its session stays the host's.
 *
 * A change never stops this process: in the background of its own terminal it is refused.
 */
import {
  S_IFCHR,
  TCFLSH,
  TCGETS,
  TCIFLUSH,
  TCSBRK,
  TCSBRKP,
  TCSETS,
  TCSETS2,
  TCSETSF2,
  TCSETSW2,
  TIOCGPGRP,
  TIOCGWINSZ,
  TIOCSCTTY,
  TIOCSWINSZ,
} from '../../../linux/constants.ts'
import { EFAULT, EIO, ENOTTY, EPERM } from '../../../linux/errno-numbers.ts'
import type { UserMemory } from '../../mm/user-memory.ts'
import { settingsChange, settingsRead } from '../terminal/settings.ts'
import { controlHost, flushHost, ownGroup } from './host-calls.ts'

const TERMIOS_BYTES = 64
const WINDOW_BYTES = 8
const group = new Int32Array(1)

/** Whether the descriptor is a terminal of the host. */
export const isHostTerminal = (fd: number, type: number): boolean =>
  type === S_IFCHR && controlHost(fd, TCGETS, new Uint8Array(TERMIOS_BYTES)) === 0

/** A request of a guest for the host's terminal; a negative errno if it is refused. */
export function controlHostTerminal(
  fd: number,
  request: number,
  argument: number,
  memory: UserMemory,
): number {
  const size = request === TIOCGWINSZ ? WINDOW_BYTES : settingsRead(request)
  if (size !== undefined) return read(fd, request, argument, memory, size)
  if (request === TCSBRK || request === TCSBRKP) return 0
  // It is the controlling terminal of a session of the host.
  if (request === TIOCSCTTY) return -EPERM
  if (request === TCFLSH) return isInBackground(fd) ? -EIO : flushHost(fd, argument)
  const change = request === TIOCSWINSZ ? { size: WINDOW_BYTES, flush: false } : settingsChange(request)
  if (change === undefined) return -ENOTTY
  const bytes = new Uint8Array(TERMIOS_BYTES)
  if (memory.read(argument, bytes, 0, change.size) !== 0) return -EFAULT
  if (isInBackground(fd)) return -EIO
  if (change.flush) flushHost(fd, TCIFLUSH)
  return controlHost(fd, withoutWaiting(request), bytes)
}

function read(fd: number, request: number, argument: number, memory: UserMemory, size: number): number {
  const bytes = new Uint8Array(TERMIOS_BYTES)
  const error = controlHost(fd, request, bytes)
  return error < 0 ? error : memory.write(argument, bytes, 0, size)
}

/** TCSETSW and TCSETSF wait until the output is shown: a stopped terminal would hold the world. */
function withoutWaiting(request: number): number {
  if (request === TIOCSWINSZ) return request
  return request === TCSETSW2 || request === TCSETSF2 ? TCSETS2 : request === TCSETS2 ? request : TCSETS
}

/** Whether it is this process's own terminal, and another group is in its foreground. */
function isInBackground(fd: number): boolean {
  const bytes = new Uint8Array(group.buffer)
  return controlHost(fd, TIOCGPGRP, bytes) === 0 && group[0] !== ownGroup()
}
