/**
 * -Y: the names of processes, as the kernel keeps them (comm). The names of tracees are
 * remembered, because a thread that has ended has no name any more.
 */
import { PR_SET_NAME } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { LeftCall } from '../../trace/handlers.ts'
import type { Subject } from '../../trace/subject.ts'
import type { Sink } from '../output/sink.ts'
import type { TraceeState } from '../tracee-state.ts'
import { escaped } from './escape.ts'

const PRCTL = syscallNumber('prctl')
const SET_NAME = BigInt(PR_SET_NAME)

export class ProcessNames implements Sink {
  readonly #states: ReadonlyMap<number, TraceeState>

  constructor(states: ReadonlyMap<number, TraceeState>) {
    this.#states = states
  }

  started(state: TraceeState, _timeNs: bigint, parent: TraceeState | undefined, subject: Subject): void {
    // Before its execve a command is still the launcher. To users of strace that is strace, so it
    // is called that.
    state.comm = parent || state.attached ? commText(subject) : STRACE
  }

  exec(state: TraceeState, _timeNs: bigint, _former: TraceeState | undefined, subject: Subject): void {
    state.comm = commText(subject)
  }

  exit(state: TraceeState, { nr, args }: LeftCall, subject: Subject): void {
    if (nr === PRCTL && args[0] === SET_NAME) state.comm = commText(subject)
  }

  of(state: TraceeState): string {
    return state.comm === '' ? '' : `<${state.comm}>`
  }

  /**
   * The text after a process id; empty if there is no such process. `subject`: the thread to ask.
   */
  text(pid: number, subject: Subject): string {
    if (pid <= 0) return ''
    const state = this.#states.get(pid)
    if (state) return this.of(state)
    const comm = commText(subject, pid)
    return comm === '' ? '' : `<${comm}>`
  }
}

const STRACE = 'strace'

function commText(subject: Subject, tid?: number): string {
  const bytes = subject.comm(tid)
  return bytes ? escaped(bytes) : ''
}
