/**
 * Queues of messages: msgsnd(2), msgrcv(2). A message goes to the first who waits for its type, or
 * into the queue. Who sends to a full queue waits for `room` and tries again.
 */
import { E2BIG, EIDRM } from '../../../linux/errno-numbers.ts'
import type { Waiter } from '../../wait/queue.ts'
import { WaitQueue } from '../../wait/queue.ts'
import { QUEUE_BYTES } from './limits.ts'
import { IpcObject } from './object.ts'

export interface Message {
  readonly type: number
  readonly text: Uint8Array
}

/** Which message is wanted. */
export type Selection =
  | { readonly by: 'any' }
  | { readonly by: 'type' | 'other-type' | 'least-up-to'; readonly type: number }
  /** By its place in the queue: MSG_COPY. */
  | { readonly by: 'place'; readonly place: number }

/** One who waits for a message. `result`: the message, or a negative errno. */
export interface Receiver {
  readonly selection: Selection
  /** The longest text that it takes; Infinity: longer ones are cut. */
  readonly longest: number
  readonly pid: number
  readonly waiter: Waiter
  result: Message | number | undefined
}

function matches(selection: Selection, type: number): boolean {
  switch (selection.by) {
    case 'type':
      return type === selection.type
    case 'other-type':
      return type !== selection.type
    case 'least-up-to':
      return type <= selection.type
    default:
      return true
  }
}

export class MessageQueue extends IpcObject {
  messages: Message[] = []
  /** Of all texts, and the most that they may be. */
  bytes = 0
  mostBytes: number = QUEUE_BYTES
  lastSender = 0
  lastReceiver = 0
  sentAt = 0
  receivedAt = 0
  readonly room: WaitQueue = new WaitQueue()
  readonly #receivers = new Set<Receiver>()

  /** Bytes of the kernel that an empty queue takes, and those that a message takes. */
  static readonly ownBytes: number = 1024
  static held({ text }: Message): number {
    return 256 + text.length
  }

  hasRoomFor(length: number): boolean {
    return this.bytes + length <= this.mostBytes && this.messages.length < this.mostBytes
  }

  /** True if it was given to one who waits; else it is in the queue. */
  send(message: Message, pid: number, now: number): boolean {
    this.lastSender = pid
    this.sentAt = now
    for (const receiver of this.#receivers) {
      if (!matches(receiver.selection, message.type)) continue
      const fits = message.text.length <= receiver.longest
      this.#finish(receiver, fits ? message : -E2BIG)
      if (!fits) continue
      this.lastReceiver = receiver.pid
      this.receivedAt = now
      return true
    }
    this.messages.push(message)
    this.bytes += message.text.length
    return false
  }

  find(selection: Selection): Message | undefined {
    if (selection.by === 'place') return this.messages[selection.place]
    let found: Message | undefined
    for (const message of this.messages) {
      if (!matches(selection, message.type)) continue
      if (selection.by !== 'least-up-to') return message
      if (found === undefined || message.type < found.type) found = message
    }
    return found
  }

  /** Takes a message out of the queue: there is room now. */
  take(message: Message, pid: number, now: number): void {
    this.messages.splice(this.messages.indexOf(message), 1)
    this.bytes -= message.text.length
    this.lastReceiver = pid
    this.receivedAt = now
    this.room.wake()
  }

  enter(receiver: Receiver): void {
    this.#receivers.add(receiver)
  }

  leave(receiver: Receiver): void {
    this.#receivers.delete(receiver)
  }

  #finish(receiver: Receiver, result: Message | number): void {
    this.#receivers.delete(receiver)
    receiver.result = result
    receiver.waiter.woken()
  }

  /** Its limit or its permissions have changed: all who wait try again. */
  lookAgain(): void {
    for (const receiver of this.#receivers) receiver.waiter.woken()
    this.room.wake()
  }

  /** It was removed. */
  end(): void {
    for (const receiver of [...this.#receivers]) this.#finish(receiver, -EIDRM)
    this.room.wake()
    this.messages = []
    this.bytes = 0
  }
}
