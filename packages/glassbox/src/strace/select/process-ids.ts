/**
 * What stands after the id of a process in the text of a call: its name (-Y) and its id in the tracer's namespace (--decode-pids=pidns). Ids are
 * those of the tracee whose line is being printed: as an output it is told of each event before the one that prints.
 */
import type { IdType } from '../../decode/types.ts'
import type { EnteredCall, LeftCall, SignalStop } from '../../trace/types.ts'
import type { PidNamespaces } from './pid-namespaces.ts'
import type { ProcessNames } from '../text/process-names.ts'
import type { Sink } from '../output/sink.ts'
import type { TraceeState } from '../tracee-state.ts'

export class ProcessIds implements Sink {
  readonly #namespaces: PidNamespaces
  readonly #names: ProcessNames | undefined
  readonly #translates: boolean
  #tid = 0

  /** `names`: also those; `translates`: also ids. */
  constructor(namespaces: PidNamespaces, names: ProcessNames | undefined, translates: boolean) {
    this.#namespaces = namespaces
    this.#names = names
    this.#translates = translates
  }

  enter(state: TraceeState, _call: EnteredCall): void {
    this.#tid = state.tid
  }

  exit(state: TraceeState, _call: LeftCall): void {
    this.#tid = state.tid
  }

  signal(state: TraceeState, _stop: SignalStop): void {
    this.#tid = state.tid
  }

  exited(state: TraceeState): void {
    this.#namespaces.forget(state.tid)
  }

  killed(state: TraceeState): void {
    this.#namespaces.forget(state.tid)
  }

  /** Nothing for what is no id, and for one that nobody has. Groups and sessions have no name. */
  text(id: number, type: IdType): string {
    if (id <= 0) return ''
    const ours = this.#namespaces.toOurs(this.#tid, id, type)
    if (ours === 0) return ''
    const name = type === 'tid' || type === 'tgid' ? (this.#names?.text(ours) ?? '') : ''
    return this.#translates && ours !== id ? `${name} /* ${ours} in strace's PID NS */` : name
  }
}
