/**
 * What the text of a call needs to know of the network, as the tracee of that call knows it: names
 * of interfaces, protocols of netlink sockets.
 */
import type { EnteredCall, LeftCall } from '../../trace/handlers.ts'
import type { Subject } from '../../trace/subject.ts'
import type { Sink } from '../output/sink.ts'
import type { TraceeState } from '../tracee-state.ts'

export class Interfaces implements Sink {
  #subject: Subject | undefined

  /**
   * It looks at the tracee only for calls that have an address. Messages of netlink sockets are
   * never deferred: native/captures.c.
   */
  mayDefer(): boolean {
    return true
  }

  enter(_state: TraceeState, _call: EnteredCall, tracee: Subject): void {
    this.#subject = tracee
  }

  exit(_state: TraceeState, _call: LeftCall, tracee: Subject): void {
    this.#subject = tracee
  }

  /** NETLINK_ROUTE and others; `undefined` if the descriptor is not a netlink socket. */
  netlink(fd: number): number | undefined {
    return this.#subject?.descriptor(fd)?.socket()?.netlinkProtocol()
  }

  name(index: number): string | undefined {
    return this.#subject?.interfaceName(index)
  }
}
