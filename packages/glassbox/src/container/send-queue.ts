/**
 * Messages from this process to an init, sent in order and without ever waiting. What does not fit
 * into the socket is kept here and sent when there is room. So an init that does not read (it is
 * stopped, or in a mount that does not return) delays only its own box.
 *
 * The bytes of a message are not copied and must not change. The caller keeps its descriptors.
 * Descriptors of a waiting message are duplicated, and the duplicates are closed when they are
 * sent or the queue is dropped.
 */
import { close } from '../gate/descriptors.ts'
import { call, send } from '../gate/gate.ts'
import { retry } from '../launch/retry.ts'
import { F_DUPFD_CLOEXEC } from '../linux/constants.ts'

/** Node cannot wait for room in a socket that it also reads, so sending is tried again. */
const LONGEST_PAUSE_MS = 20

interface Message {
  /** Not sent yet. */
  rest: Uint8Array
  /** Duplicates; empty once the first byte is sent. */
  descriptors: readonly number[]
  /** Called when the last byte is sent. */
  readonly sent: () => void
}

export class SendQueue {
  readonly #socket: number
  readonly #waiting: Message[] = []
  #dropped = false
  /** Called if the socket fails while messages wait. They are dropped. */
  readonly #failed: () => void

  constructor(socket: number, failed: () => void) {
    this.#socket = socket
    this.#failed = failed
  }

  /**
   * Sends a message, or as much as fits, and queues the rest. Throws the error of sendmsg(2), or
   * EMFILE; then no byte of the message has been sent.
   */
  send(bytes: Uint8Array, descriptors: readonly number[], sent: () => void): void {
    if (this.#dropped) return
    const count = this.#waiting.length === 0 ? send(this.#socket, bytes, descriptors) : 0
    if (count === bytes.length) {
      sent()
      return
    }
    const kept = count === 0 ? duplicate(descriptors) : []
    this.#waiting.push({ rest: bytes.subarray(count), descriptors: kept, sent })
    if (this.#waiting.length === 1) retry(() => this.#isFlushed(), { longestPauseMs: LONGEST_PAUSE_MS })
  }

  /** Discards the waiting messages; nothing is sent afterwards. Does not close the socket. */
  drop(): void {
    this.#dropped = true
    for (const { descriptors } of this.#waiting.splice(0)) descriptors.forEach(close)
  }

  /** Sends as much as fits. Returns true if no message waits any more. */
  #isFlushed(): boolean {
    try {
      for (let message = this.#waiting[0]; message; message = this.#waiting[0]) {
        const count = send(this.#socket, message.rest, message.descriptors)
        if (count === 0) return false
        message.descriptors.forEach(close)
        message.descriptors = []
        message.rest = message.rest.subarray(count)
        if (message.rest.length > 0) return false
        this.#waiting.shift()
        message.sent()
      }
    } catch {
      // The box has ended. The reader of the socket notices too, and reports it.
      this.drop()
      this.#failed()
    }
    return true
  }
}

function duplicate(descriptors: readonly number[]): readonly number[] {
  const made: number[] = []
  try {
    for (const fd of descriptors) made.push(call('fcntl', [fd, F_DUPFD_CLOEXEC, 3], `descriptor ${fd}`))
    return made
  } catch (error) {
    made.forEach(close)
    throw error
  }
}
