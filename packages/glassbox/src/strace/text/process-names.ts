/** -Y: the names of processes, as the kernel keeps them (comm). Of tracees they are remembered, since one that has ended has none any more. */
import { readFileSync } from 'node:fs'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { LeftCall } from '../../trace/types.ts'
import { escaped } from './escape.ts'
import type { Sink } from '../output/sink.ts'
import type { TraceeState } from '../tracee-state.ts'

const PRCTL = syscallNumber('prctl')
const PR_SET_NAME = 15n

export class ProcessNames implements Sink {
  readonly #states: ReadonlyMap<number, TraceeState>

  constructor(states: ReadonlyMap<number, TraceeState>) {
    this.#states = states
  }

  started(state: TraceeState): void {
    state.comm = commOf(state.tid)
  }

  exec(state: TraceeState): void {
    state.comm = commOf(state.tid)
  }

  exit(state: TraceeState, { nr, args }: LeftCall): void {
    if (nr === PRCTL && args[0] === PR_SET_NAME) state.comm = commOf(state.tid)
  }

  of(state: TraceeState): string {
    return state.comm === '' ? '' : `<${state.comm}>`
  }

  /** What stands after a process number; nothing, where there is no such process. */
  text(pid: number): string {
    if (pid <= 0) return ''
    const state = this.#states.get(pid)
    if (state) return this.of(state)
    const comm = commOf(pid)
    return comm === '' ? '' : `<${comm}>`
  }
}

function commOf(tid: number): string {
  try {
    const bytes = readFileSync(`/proc/${tid}/comm`)
    return escaped(bytes.subarray(0, bytes.length - 1))
  } catch {
    return ''
  }
}
