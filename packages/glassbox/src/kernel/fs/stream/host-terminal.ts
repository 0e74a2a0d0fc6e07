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
  TCSETA,
  TCSETAF,
  TCSETAW,
  TCSETS,
  TCSETS2,
  TCSETSF,
  TCSETSF2,
  TCSETSW,
  TCSETSW2,
  TIOCGPGRP,
  TIOCGWINSZ,
  TIOCSCTTY,
  TIOCSWINSZ,
} from '../../../linux/constants.ts'
import { EFAULT, EIO, ENOTTY, EPERM } from '../../../linux/errno-numbers.ts'
import type { UserMemory } from '../../mm/user-memory.ts'
import { settingsChange, settingsRead, settingsSize } from '../terminal/settings.ts'
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
  const form = settingsRead(request)
  if (form !== undefined) return read(fd, request, argument, memory, settingsSize(form))
  if (request === TIOCGWINSZ) return read(fd, request, argument, memory, WINDOW_BYTES)
  if (request === TCSBRK || request === TCSBRKP) return 0
  // It is the controlling terminal of a session of the host.
  if (request === TIOCSCTTY) return -EPERM
  if (request === TCFLSH) return isInBackground(fd) ? -EIO : flushHost(fd, argument)
  const change = settingsChange(request)
  if (change === undefined && request !== TIOCSWINSZ) return -ENOTTY
  const size = change === undefined ? WINDOW_BYTES : settingsSize(change.form)
  const bytes = new Uint8Array(TERMIOS_BYTES)
  if (memory.read(argument, bytes, 0, size) !== 0) return -EFAULT
  if (isInBackground(fd)) return -EIO
  if (change?.flush === true) flushHost(fd, TCIFLUSH)
  return controlHost(fd, AT_ONCE.get(request) ?? request, bytes)
}

function read(fd: number, request: number, argument: number, memory: UserMemory, size: number): number {
  const bytes = new Uint8Array(TERMIOS_BYTES)
  const error = controlHost(fd, request, bytes)
  return error < 0 ? error : memory.write(argument, bytes, 0, size)
}

/** What waits until the output is shown, and does not: a stopped terminal would hold the world. */
const AT_ONCE = new Map([
  [TCSETAW, TCSETA],
  [TCSETAF, TCSETA],
  [TCSETSW, TCSETS],
  [TCSETSF, TCSETS],
  [TCSETSW2, TCSETS2],
  [TCSETSF2, TCSETS2],
])

/** Whether it is this process's own terminal, and another group is in its foreground. */
function isInBackground(fd: number): boolean {
  const bytes = new Uint8Array(group.buffer)
  return controlHost(fd, TIOCGPGRP, bytes) === 0 && group[0] !== ownGroup()
}
