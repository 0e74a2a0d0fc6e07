/** Names of network interfaces in the text of a call, as the tracee of that call knows them. */
import type { EnteredCall, LeftCall } from '../../trace/handlers.ts'
import type { Subject } from '../../trace/subject.ts'
import type { Sink } from '../output/sink.ts'
import type { TraceeState } from '../tracee-state.ts'

export class Interfaces implements Sink {
  #subject: Subject | undefined

  /** It looks at the tracee only for calls that have an address, and those are never deferred. */
  mayDefer(): boolean {
    return true
  }

  enter(_state: TraceeState, _call: EnteredCall, tracee: Subject): void {
    this.#subject = tracee
  }

  exit(_state: TraceeState, _call: LeftCall, tracee: Subject): void {
    this.#subject = tracee
  }

  name(index: number): string | undefined {
    return this.#subject?.interfaceName(index)
  }
}
