/**
 * A POSIX message queue: mq_overview(7). The message of the highest priority goes first, and of
 * those the oldest. Who waits is served at once: a message goes to the first receiver that waits,
 * and the message of the first sender that waits into the room that a receiver made.
 */
import { WaitQueue, type Waiter } from '../../wait/queue.ts'

export interface PosixMessage {
  readonly priority: number
  readonly text: Uint8Array
}

/** One who waits. `result`: of a receiver the message, of a sender 0. */
export interface Waiting<Result> {
  readonly waiter: Waiter
  result: Result | undefined
}

export interface WaitingSender extends Waiting<0> {
  readonly message: PosixMessage
}

/** Who is told that a message came to the empty queue: once. */
export interface Subscription {
  /** The descriptors of its process: closing one of this queue ends the subscription. */
  readonly files: object
  readonly pid: number
  /** SIGEV_SIGNAL: the signal; 0 of SIGEV_NONE. */
  readonly signal: number
  readonly notify: number
  /** Called in the call of the sender. */
  tell(): void
}

export class PosixQueue {
  readonly mostMessages: number
  readonly mostBytes: number
  /** By priority, the highest first. */
  readonly #messages: PosixMessage[] = []
  readonly #receivers = new Set<Waiting<PosixMessage>>()
  readonly #senders = new Set<WaitingSender>()
  subscription: Subscription | undefined
  /** Of all texts. */
  bytes = 0
  /** Those who poll. */
  readonly polled: WaitQueue = new WaitQueue()

  /** `mostMessages`: that it holds; `mostBytes`: of one message. */
  constructor(mostMessages: number, mostBytes: number) {
    this.mostMessages = mostMessages
    this.mostBytes = mostBytes
  }

  /** Bytes of the kernel that a message takes. */
  static held({ text }: PosixMessage): number {
    return 256 + text.length
  }

  get count(): number {
    return this.#messages.length
  }

  get messages(): readonly PosixMessage[] {
    return this.#messages
  }

  get isFull(): boolean {
    return this.#messages.length >= this.mostMessages
  }

  /** True if it was given to one who waits; else it is in the queue, which must not be full. */
  send(message: PosixMessage): boolean {
    for (const receiver of this.#receivers) {
      this.#receivers.delete(receiver)
      receiver.result = message
      receiver.waiter.woken()
      return true
    }
    this.#insert(message)
    if (this.#messages.length === 1) this.#tell()
    this.polled.wake()
    return false
  }

  /** Takes a message; undefined: there is none. */
  receive(): PosixMessage | undefined {
    const message = this.#messages.shift()
    if (message === undefined) return undefined
    this.bytes -= message.text.length
    for (const sender of this.#senders) {
      this.#senders.delete(sender)
      this.#insert(sender.message)
      sender.result = 0
      sender.waiter.woken()
      break
    }
    this.polled.wake()
    return message
  }

  #insert(message: PosixMessage): void {
    const at = this.#messages.findLastIndex(({ priority }) => priority >= message.priority) + 1
    this.#messages.splice(at, 0, message)
    this.bytes += message.text.length
  }

  #tell(): void {
    const told = this.subscription
    this.subscription = undefined
    told?.tell()
  }

  awaitMessage(receiver: Waiting<PosixMessage>): void {
    this.#receivers.add(receiver)
  }

  awaitRoom(sender: WaitingSender): void {
    this.#senders.add(sender)
  }

  /** It waits no more. */
  leave(one: Waiting<unknown>): void {
    this.#receivers.delete(one as Waiting<PosixMessage>)
    this.#senders.delete(one as WaitingSender)
  }
}
