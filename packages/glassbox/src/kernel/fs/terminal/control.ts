/** ioctl(2) of pseudo terminals: ioctl_tty(2). Tables of what each request does. */
import {
  FIONREAD,
  TCFLSH,
  TCIFLUSH,
  TCIOFLUSH,
  TCOFLUSH,
  TCOOFF,
  TCOON,
  TCSBRK,
  TCSBRKP,
  TCXONC,
  TIOCEXCL,
  TIOCGETD,
  TIOCGLCKTRMIOS,
  TIOCGPGRP,
  TIOCGPTLCK,
  TIOCGPKT,
  TIOCGPTN,
  TIOCGSID,
  TIOCGWINSZ,
  TIOCNOTTY,
  TIOCNXCL,
  TIOCOUTQ,
  TIOCPKT,
  TIOCSCTTY,
  TIOCSLCKTRMIOS,
  TIOCSPGRP,
  TIOCSPTLCK,
  TIOCSTI,
  TIOCSWINSZ,
} from '../../../linux/constants.ts'
import { EFAULT, EINVAL, ENOTTY, EPERM, ESRCH } from '../../../linux/errno-numbers.ts'
import type { UserMemory } from '../../mm/user-memory.ts'
import { SIGNAL } from './jobs.ts'
import { NEWS } from './packets.ts'
import { settingsBytes, settingsChange, settingsFrom, settingsRead, settingsSize } from './settings.ts'
import type { Terminal } from './terminal.ts'

type Request = (terminal: Terminal, argument: number, memory: UserMemory) => number

/** struct termios, as the kernel has it. */
const LOCKED_BYTES = settingsSize('termios')

/** Answered by both sides alike. */
const SHARED = new Map<number, Request>([
  [
    TIOCGWINSZ,
    (terminal, argument, memory) => memory.write(argument, terminal.window, 0, terminal.window.length),
  ],
  [TIOCSWINSZ, setWindow],
  [TIOCGETD, (_terminal, argument, memory) => memory.writeInt32(argument, 0)],
  [TCSBRK, () => 0],
  [TCSBRKP, () => 0],
  [TIOCEXCL, terminal => setExclusive(terminal, true)],
  [TIOCNXCL, terminal => setExclusive(terminal, false)],
  // No setting is locked: to lock one, a process needs CAP_SYS_ADMIN.
  [
    TIOCGLCKTRMIOS,
    (_terminal, argument, memory) => memory.write(argument, new Uint8Array(LOCKED_BYTES), 0, LOCKED_BYTES),
  ],
  [TIOCSLCKTRMIOS, () => -EPERM],
])

const SLAVE = new Map<number, Request>([
  ...SHARED,
  [FIONREAD, ({ line }, argument, memory) => memory.writeInt32(argument, line.available)],
  [TIOCOUTQ, (_terminal, argument, memory) => memory.writeInt32(argument, 0)],
  [TCFLSH, (terminal, argument) => changing(terminal, () => flush(terminal, argument))],
  [TCXONC, (terminal, argument) => changing(terminal, () => setFlow(terminal, argument))],
  [TIOCSCTTY, takeControl],
  [TIOCNOTTY, leave],
  [TIOCGPGRP, (terminal, ...rest) => ofCaller(terminal, ...rest, terminal.foreground)],
  [TIOCGSID, (terminal, ...rest) => ofCaller(terminal, ...rest, terminal.session)],
  [TIOCSPGRP, setForeground],
  [TIOCSTI, type],
])

const MASTER = new Map<number, Request>([
  ...SHARED,
  [FIONREAD, ({ screen }, argument, memory) => memory.writeInt32(argument, screen.length)],
  [TIOCOUTQ, ({ line }, argument, memory) => memory.writeInt32(argument, line.available)],
  [TCFLSH, (terminal, argument) => flush(terminal, argument)],
  [TIOCGPTN, ({ number }, argument, memory) => memory.writeInt32(argument, number)],
  [TIOCSPTLCK, setLock],
  [TIOCPKT, setPackets],
  [TIOCGPKT, ({ packets }, argument, memory) => memory.writeInt32(argument, Number(packets))],
  [TIOCGPTLCK, ({ locked }, argument, memory) => memory.writeInt32(argument, Number(locked))],
  [TIOCGPGRP, ({ foreground }, argument, memory) => memory.writeInt32(argument, foreground)],
  [
    TIOCGSID,
    ({ session }, argument, memory) => (session === 0 ? -ENOTTY : memory.writeInt32(argument, session)),
  ],
  [TIOCSPGRP, setForeground],
])

/** A request of the side that is a program's terminal. */
export function controlSlave(
  terminal: Terminal,
  request: number,
  argument: number,
  memory: UserMemory,
): number {
  const known = SLAVE.get(request)
  if (known !== undefined) return known(terminal, argument, memory)
  return settings(terminal, request, argument, memory, SIGNAL.SIGTTOU)
}

/** A request of the master: the settings are those of the other side, and are never refused. */
export function controlMaster(
  terminal: Terminal,
  request: number,
  argument: number,
  memory: UserMemory,
): number {
  const known = MASTER.get(request)
  return known === undefined
    ? settings(terminal, request, argument, memory, 0)
    : known(terminal, argument, memory)
}

/** A change is refused in the background, unless `signal` is 0. */
function settings(
  terminal: Terminal,
  request: number,
  argument: number,
  memory: UserMemory,
  signal: number,
): number {
  const { line } = terminal
  const form = settingsRead(request)
  if (form !== undefined)
    return memory.write(argument, settingsBytes(line.settings, form), 0, settingsSize(form))
  const change = settingsChange(request)
  if (change === undefined) return -ENOTTY
  const refused = signal === 0 ? 0 : terminal.check(signal)
  if (refused !== 0) return refused
  const bytes = new Uint8Array(settingsSize(change.form))
  if (memory.read(argument, bytes, 0, bytes.length) !== 0) return -EFAULT
  if (change.flush) line.flushInput()
  line.settings = settingsFrom(bytes, change.form, line.settings)
  terminal.queue.wake()
  return 0
}

/** What only the foreground may do. */
function changing(terminal: Terminal, act: () => number): number {
  const refused = terminal.check(SIGNAL.SIGTTOU)
  if (refused !== 0) return refused
  const result = act()
  terminal.queue.wake()
  return result
}

function setExclusive(terminal: Terminal, value: boolean): number {
  terminal.exclusive = value
  return 0
}

function setWindow(terminal: Terminal, argument: number, memory: UserMemory): number {
  const window = new Uint8Array(terminal.window.length)
  if (memory.read(argument, window, 0, window.length) !== 0) return -EFAULT
  terminal.resize(window)
  return 0
}

/** Types a byte, as if it came from the keyboard: into one's own terminal only, or by root. */
function type(terminal: Terminal, argument: number, memory: UserMemory): number {
  if (!terminal.isCallers && !terminal.jobs.caller.privileged) return -EPERM
  const byte = new Uint8Array(1)
  if (memory.read(argument, byte, 0, 1) !== 0) return -EFAULT
  terminal.line.type(byte[0] as number)
  terminal.queue.wake()
  return 0
}

function setPackets(terminal: Terminal, argument: number, memory: UserMemory): number {
  const value = memory.readInt32(argument)
  if (Number.isNaN(value)) return -EFAULT
  if (value !== 0 && !terminal.packets) terminal.news = 0
  terminal.packets = value !== 0
  return 0
}

function setLock(terminal: Terminal, argument: number, memory: UserMemory): number {
  const value = memory.readInt32(argument)
  if (Number.isNaN(value)) return -EFAULT
  terminal.locked = value !== 0
  return 0
}

function flush(terminal: Terminal, queues: number): number {
  if (queues !== TCIFLUSH && queues !== TCOFLUSH && queues !== TCIOFLUSH) return -EINVAL
  // What was written is at the master already, as natively after a moment.
  if (queues !== TCOFLUSH) terminal.line.flushInput()
  if (queues !== TCIFLUSH) terminal.tell(NEWS.flushWrite)
  return 0
}

function setFlow(terminal: Terminal, action: number): number {
  if (action === TCOOFF || action === TCOON) terminal.line.stopped = action === TCOOFF
  else if (action !== TCOOFF + 2 && action !== TCOOFF + 3) return -EINVAL
  return 0
}

/** A session leader without a terminal takes it; root may steal it from another session. */
function takeControl(terminal: Terminal, steal: number): number {
  const { caller } = terminal.jobs
  if (terminal.isCallers && caller.pid === caller.session) return 0
  if (caller.pid !== caller.session || terminal.hasOther(caller.session)) return -EPERM
  if (terminal.session !== 0 && !(steal === 1 && caller.privileged)) return -EPERM
  terminal.control(caller.session, caller.group)
  return 0
}

/** Of a leader: its whole session loses the terminal. */
function leave(terminal: Terminal): number {
  if (!terminal.isCallers) return -ENOTTY
  const { caller } = terminal.jobs
  if (caller.pid !== caller.session) return 0
  const group = terminal.foreground
  terminal.leave()
  if (group === 0) return 0
  terminal.jobs.signalGroup(group, SIGNAL.SIGHUP)
  terminal.jobs.signalGroup(group, SIGNAL.SIGCONT)
  return 0
}

function ofCaller(terminal: Terminal, argument: number, memory: UserMemory, value: number): number {
  return terminal.isCallers ? memory.writeInt32(argument, value) : -ENOTTY
}

function setForeground(terminal: Terminal, argument: number, memory: UserMemory): number {
  if (!terminal.isCallers) return -ENOTTY
  const refused = terminal.check(SIGNAL.SIGTTOU)
  if (refused !== 0) return refused
  const group = memory.readInt32(argument)
  if (Number.isNaN(group)) return -EFAULT
  if (group < 0) return -EINVAL
  const session = terminal.jobs.sessionOf(group)
  if (session === undefined) return -ESRCH
  if (session !== terminal.session) return -EPERM
  terminal.foreground = group
  terminal.queue.wake()
  return 0
}
