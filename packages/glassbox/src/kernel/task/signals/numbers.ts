/** Signal numbers by name, and what a signal does by default: signal(7). */
import { SIGNALS } from '../../../linux/generated/signals.ts'

type Name = (typeof SIGNALS)[number][0]

export const SIGNAL: Readonly<Record<Name, number>> = Object.fromEntries(SIGNALS) as Record<Name, number>

export const LAST_SIGNAL = 64
export const FIRST_REALTIME = 32

/** The values of a handler that are no address. */
export const SIG_DFL = 0
export const SIG_IGN = 1

export type DefaultAction = 'ignore' | 'stop' | 'continue' | 'core' | 'terminate'

const DEFAULTS: readonly (readonly [DefaultAction, readonly Name[]])[] = [
  ['ignore', ['SIGCHLD', 'SIGURG', 'SIGWINCH']],
  ['stop', ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU']],
  ['continue', ['SIGCONT']],
  [
    'core',
    [
      ...(['SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const),
      ...(['SIGXCPU', 'SIGXFSZ', 'SIGSYS'] as const),
    ],
  ],
]

const ACTIONS: DefaultAction[] = Array.from({ length: LAST_SIGNAL + 1 }, () => 'terminate')
for (const [action, names] of DEFAULTS) for (const name of names) ACTIONS[SIGNAL[name]] = action

export function defaultAction(signal: number): DefaultAction {
  return ACTIONS[signal] as DefaultAction
}

/** Whether the signal can be neither caught, nor blocked, nor ignored. */
export function isUnstoppable(signal: number): boolean {
  return signal === SIGNAL.SIGKILL || signal === SIGNAL.SIGSTOP
}

/** Those that come from what an instruction did: they are delivered first. */
export const SYNCHRONOUS: readonly number[] = [
  SIGNAL.SIGSEGV,
  SIGNAL.SIGBUS,
  SIGNAL.SIGILL,
  SIGNAL.SIGTRAP,
  SIGNAL.SIGFPE,
  SIGNAL.SIGSYS,
]
