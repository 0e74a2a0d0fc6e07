/**
 * What follows a process id in the text of a call: its name (-Y) and its id in the tracer's PID
 * namespace (--decode-pids=pidns). Ids are those of the tracee whose line is being printed: this
 * is an output that receives each event before the one that prints.
 */
import type { IdType } from '../../decode/types.ts'
import type { EnteredCall, LeftCall, SignalStop } from '../../trace/handlers.ts'
import type { Subject } from '../../trace/subject.ts'
import type { ProcessNames } from '../text/process-names.ts'
import type { Sink } from '../output/sink.ts'
import type { TraceeState } from '../tracee-state.ts'

export class ProcessIds implements Sink {
  readonly #names: ProcessNames | undefined
  readonly #translates: boolean
  #subject: Subject | undefined

  /** `names`: print names too. `translates`: print translated ids too. */
  constructor(names: ProcessNames | undefined, translates: boolean) {
    this.#names = names
    this.#translates = translates
  }

  enter(_state: TraceeState, _call: EnteredCall, tracee: Subject): void {
    this.#subject = tracee
  }

  exit(_state: TraceeState, _call: LeftCall, tracee: Subject): void {
    this.#subject = tracee
  }

  signal(_state: TraceeState, _stop: SignalStop, tracee: Subject): void {
    this.#subject = tracee
  }

  /**
   * Empty for a value that is not an id, and for an id that no process has. Groups and sessions
   * have no name.
   */
  text(id: number, type: IdType): string {
    const subject = this.#subject
    if (id <= 0 || !subject) return ''
    const observed = subject.observedId(id, type)
    if (observed === 0) return ''
    const hasName = type === 'tid' || type === 'tgid'
    const name = hasName ? (this.#names?.text(observed, subject) ?? '') : ''
    return this.#translates && observed !== id ? `${name} /* ${observed} in strace's PID NS */` : name
  }
}
