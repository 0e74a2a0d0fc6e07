/**
 * -y, -yy: what a descriptor of a tracee refers to, for the tracee whose call is being printed.
 * This is an output that receives each call before the one that prints.
 */
import type { EnteredCall, LeftCall } from '../../trace/handlers.ts'
import type { DescriptorInfo, Subject } from '../../trace/subject.ts'
import type { DescriptorDetail } from '../options.ts'
import type { Sink } from '../output/sink.ts'
import type { TraceeState } from '../tracee-state.ts'
import { escaped } from './escape.ts'
import { SocketTexts } from './socket-text.ts'

export class Descriptors implements Sink {
  readonly #details: ReadonlySet<DescriptorDetail>
  readonly #sockets = new SocketTexts()
  #subject: Subject | undefined

  constructor(details: readonly DescriptorDetail[]) {
    this.#details = new Set(details)
  }

  enter(_state: TraceeState, _call: EnteredCall, tracee: Subject): void {
    this.#subject = tracee
  }

  exit(_state: TraceeState, _call: LeftCall, tracee: Subject): void {
    this.#subject = tracee
  }

  /**
   * `</etc/passwd>`, or the empty string for a descriptor that is not open, and for one of a kind
   * that was not asked for (`--decode-fds=dev` shows devices only). AT_FDCWD is the working
   * directory.
   */
  text(fd: number): string {
    return this.#textOf(this.#subject?.descriptor(fd))
  }

  /** The same for a descriptor of another process, by the id that the tracee has for it. */
  textOf(pid: number, fd: number): string {
    const id = this.#subject?.observedId(pid, 'tgid') ?? 0
    return id === 0 ? '' : this.#textOf(this.#subject?.descriptor(fd, id))
  }

  /** The process of a pidfd. */
  processOf(pidfd: number): number | undefined {
    return pidfd < 0 ? undefined : this.#subject?.descriptor(pidfd)?.process()
  }

  #textOf(found: DescriptorInfo | undefined): string {
    if (!found) return ''
    const text = this.#detail(found) ?? (this.#details.has('path') ? escaped(found.target) : undefined)
    return text === undefined ? '' : `<${text}>${found.isDeleted ? '(deleted)' : ''}`
  }

  /** The text between the brackets, if more than the path was asked for. */
  #detail(found: DescriptorInfo): string | undefined {
    const details = this.#details
    const socket = details.has('socket') ? found.socket() : undefined
    if (socket) return this.#sockets.text(socket)
    const pid = details.has('pidfd') ? found.process() : undefined
    if (pid !== undefined) return pid > 0 ? `pid:${pid}` : escaped(found.target)
    // The name of a deleted device is no path to it any more.
    const device = details.has('dev') && !found.isDeleted ? found.device() : undefined
    return device && `${escaped(found.target)}<${device.type} ${device.major}:${device.minor}>`
  }
}
