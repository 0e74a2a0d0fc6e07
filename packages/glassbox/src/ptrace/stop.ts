/** What a wait status means: ptrace(2), "Stopped states". Only for tracees that were seized. */
import { PTRACE_EVENT } from '../linux/ptrace.ts'
import { signalNumber } from '../linux/signals.ts'

export type StopKind =
  | 'exited'
  | 'killed'
  | 'syscall'
  | 'seccomp'
  | 'signal'
  | 'group-stop'
  /**
   * The first stop of a new tracee, the answer to PTRACE_INTERRUPT, or the end of a group-stop.
   */
  | 'trap'
  | 'new-child'
  | 'vfork-done'
  | 'exec'
  | 'exiting'
  | 'unknown'

const STOPPED = 0x7f
const SYSCALL_SIGNAL = 0x85 // SIGTRAP | 0x80
const STOP_SIGNALS: ReadonlySet<number | undefined> = new Set(
  (['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'] as const).map(signalNumber),
)

const EVENTS: Readonly<Record<number, StopKind>> = {
  [PTRACE_EVENT.fork]: 'new-child',
  [PTRACE_EVENT.vfork]: 'new-child',
  [PTRACE_EVENT.clone]: 'new-child',
  [PTRACE_EVENT.vforkDone]: 'vfork-done',
  [PTRACE_EVENT.exec]: 'exec',
  [PTRACE_EVENT.exit]: 'exiting',
  [PTRACE_EVENT.seccomp]: 'seccomp',
}

/** The tracee no longer exists. */
export const isEnd = (kind: StopKind): boolean => kind === 'exited' || kind === 'killed'

export const eventOf = (status: number): number => status >>> 16

/** The signal of a stop, WSTOPSIG. */
export const stopSignal = (status: number): number => (status >> 8) & 0xff

/** WEXITSTATUS. */
export const exitCode = (status: number): number => (status >> 8) & 0xff

/** WTERMSIG. */
export const deathSignal = (status: number): number => status & 0x7f

/** WCOREDUMP. */
export const coreDumped = (status: number): boolean => (status & 0x80) !== 0

export function stopKind(status: number): StopKind {
  const low = status & 0x7f
  if (low === 0) return 'exited'
  if (low !== STOPPED) return 'killed'
  const event = eventOf(status)
  if (event === 0) return stopSignal(status) === SYSCALL_SIGNAL ? 'syscall' : 'signal'
  if (event === PTRACE_EVENT.stop) return STOP_SIGNALS.has(stopSignal(status)) ? 'group-stop' : 'trap'
  return EVENTS[event] ?? 'unknown'
}
