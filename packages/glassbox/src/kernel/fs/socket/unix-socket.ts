/**
 * unix(7) sockets: streams, datagrams and packets between processes of one world. No byte leaves
 * the world. What a socket was sent and has not read stays with the receiver.
 */
import { SOCK_DGRAM, SOCK_STREAM } from '../../../linux/constants.ts'
import {
  EAGAIN,
  ECONNREFUSED,
  ECONNRESET,
  EFAULT,
  EINVAL,
  EISCONN,
  EMSGSIZE,
  ENOBUFS,
  ENOTCONN,
  EOPNOTSUPP,
  EPIPE,
  EPROTOTYPE,
} from '../../../linux/errno-numbers.ts'
import type { Transfer } from '../../mm/transfer.ts'
import { WaitQueue } from '../../wait/queue.ts'
import { holds, mayHold } from '../held-bytes.ts'
import type { OpenFile } from '../vfs.ts'
import { carry, closeFiles } from './in-flight.ts'
import { SocketOptions } from './options.ts'

/** Datagrams that a receiver holds before senders wait: net.unix.max_dgram_qlen. */
const MOST_DATAGRAMS = 10
const MOST_BACKLOG = 4096
/** What Linux keeps of a send buffer beside the bytes of a datagram. */
const MESSAGE_OVERHEAD = 32
/** Messages that a receiver holds, also empty ones. */
const MOST_MESSAGES = 1024
/** A receiver takes so much whatever others hold. */
const ALWAYS_TAKEN = 4096

/** Who sent something: SO_PEERCRED and SCM_CREDENTIALS. */
export interface SocketCredentials {
  readonly pid: number
  readonly uid: number
  readonly gid: number
  /** Supplementary groups: SO_PEERGROUPS. */
  readonly groups?: readonly number[]
}

/** How much of what has come is taken, and whether it stays. */
export interface Taking {
  /** It is only looked at: MSG_PEEK. */
  readonly peek: boolean
  /** A stream with fewer bytes has nothing yet, as long as more can come. */
  readonly least: number
}

export interface Message {
  readonly bytes: Uint8Array
  /** How much of it was read: streams only. */
  read: number
  readonly from: UnixSocket
  /** Files that came with it; each holds one reference, which the reader takes over. */
  files: readonly OpenFile[]
  readonly credentials: SocketCredentials
}

export interface Received {
  /** Bytes moved; of a datagram its true length is `length`. */
  readonly moved: number
  readonly length: number
  readonly message: Message | undefined
}

export class UnixSocket {
  readonly type: number
  readonly queue: WaitQueue = new WaitQueue()
  readonly credentials: SocketCredentials
  /** The bytes of its address behind the family: a path, or NUL and an abstract name. */
  address: string | undefined
  peer: UnixSocket | undefined
  peerCredentials: SocketCredentials | undefined
  /** Undefined: it does not listen. */
  backlog: number | undefined
  readonly waiting: UnixSocket[] = []
  /** Whether it was ever connected: then an end of the peer is an end of the stream. */
  wasConnected = false
  /** False when it ends in the queue of a listener. */
  wasAccepted = true
  mayRead = true
  mayWrite = true
  closed = false
  /** Of its open file; 0: it has none yet. */
  inode = 0
  /** What the next call fails with, once: SO_ERROR. 0: nothing. */
  error = 0
  readonly options: SocketOptions = new SocketOptions()
  #messages: Message[] = []
  #held = 0

  constructor(type: number, credentials: SocketCredentials) {
    this.type = type
    this.credentials = credentials
  }

  get isStream(): boolean {
    return this.type === SOCK_STREAM
  }

  get isConnectionless(): boolean {
    return this.type === SOCK_DGRAM
  }

  /** Bytes that can be read: of datagrams, those of the first. */
  get pendingBytes(): number {
    return this.isConnectionless ? (this.#messages[0]?.bytes.length ?? 0) : this.#held
  }

  /** Bytes on their way to the peer. */
  get sentBytes(): number {
    return this.peer?.closed === false ? this.peer.#held : 0
  }

  /** Whether its peer is gone for good. */
  get isAbandoned(): boolean {
    return this.wasConnected && !this.isConnectionless && (this.peer?.closed ?? true)
  }

  get hasInput(): boolean {
    return this.#messages.length > 0
  }

  /** Whether a sender may send more to it. */
  hasRoomFor(sender: UnixSocket): boolean {
    if (this.isConnectionless) return this.#messages.length <= MOST_DATAGRAMS
    return this.#held < sender.options.sendBytes && this.#messages.length < MOST_MESSAGES
  }

  listen(backlog: number): number {
    if (this.isConnectionless) return -EOPNOTSUPP
    if (this.address === undefined || this.wasConnected) return -EINVAL
    this.queue.wake()
    this.backlog = Math.max(0, Math.min(backlog, MOST_BACKLOG))
    return 0
  }

  /** Connects both ways; −EAGAIN if the backlog of a listener is full. */
  connect(target: UnixSocket): number {
    if (target.type !== this.type) return -EPROTOTYPE
    if (this.isConnectionless) {
      this.peer = target
      this.wasConnected = true
      return 0
    }
    if (target.backlog === undefined || target.closed || !target.mayRead) return -ECONNREFUSED
    if (target.waiting.length > target.backlog) return -EAGAIN
    if (this.wasConnected) return -EISCONN
    if (this.backlog !== undefined) return -EINVAL
    const accepted = new UnixSocket(this.type, target.credentials)
    accepted.address = target.address
    accepted.peerCredentials = this.credentials
    this.peerCredentials = target.credentials
    this.join(accepted)
    target.waiting.push(accepted)
    target.queue.wake()
    return 0
  }

  /** Makes two sockets each other's peers: socketpair(2). */
  join(other: UnixSocket): void {
    for (const [one, two] of [
      [this, other],
      [other, this],
    ] as const) {
      one.peer = two
      one.wasConnected = true
      one.peerCredentials ??= two.credentials
    }
  }

  accept(): UnixSocket | number {
    if (this.backlog === undefined) return -EINVAL
    const socket = this.waiting.shift()
    if (socket === undefined) return this.mayRead ? -EAGAIN : -EINVAL
    socket.options.passesCredentials = this.options.passesCredentials
    socket.peer?.queue.wake()
    return socket
  }

  /** connect(2) with AF_UNSPEC: a datagram socket has no peer any more. */
  disconnect(): number {
    if (!this.isConnectionless) return -EINVAL
    this.peer = undefined
    this.wasConnected = false
    return 0
  }

  /** What it fails with; the next call does not. */
  takeError(): number {
    const { error } = this
    this.error = 0
    return error
  }

  /** Sends to the peer or, of datagrams, to another socket. The files become the message's. */
  send(
    transfer: Transfer,
    { files = [], to = this.peer, credentials = this.credentials }: Parcel = {},
  ): number {
    const refused = this.#maySend(to)
    if (refused !== 0 || to === undefined) return refused
    const wanted = transfer.remaining
    const { sendBytes } = this.options
    if (!this.isStream && wanted > sendBytes - MESSAGE_OVERHEAD) return -EMSGSIZE
    if (this.isStream && wanted === 0) return 0
    if (!to.hasRoomFor(this)) return -EAGAIN
    if (!this.isStream && !this.isConnectionless && to.#held > 0 && to.#held + wanted > sendBytes)
      return -EAGAIN
    const length = to.#takes(this.isStream ? Math.min(wanted, sendBytes - to.#held) : wanted)
    if (length < 0) return length
    const bytes = new Uint8Array(length)
    const moved = transfer.take(bytes, 0, length)
    if (moved < length && (moved === 0 || !this.isStream)) return -EFAULT
    to.#push({ bytes: bytes.subarray(0, moved), read: 0, from: this, files, credentials })
    return moved
  }

  #maySend(to: UnixSocket | undefined): number {
    if (this.error !== 0 && !this.isStream) return -this.takeError()
    if (to === undefined && !(this.wasConnected && !this.isConnectionless)) return -ENOTCONN
    if (!this.mayWrite) return -EPIPE
    if (to === undefined || to.closed) return this.isConnectionless ? -ECONNREFUSED : -EPIPE
    return to.mayRead ? 0 : -EPIPE
  }

  /**
   * How much of a message it takes while all sockets and pipes together hold too much: something
   * if it holds nothing, so that no reader waits for ever. Datagrams are taken whole.
   */
  #takes(wanted: number): number {
    if (wanted <= ALWAYS_TAKEN || mayHold(wanted)) return wanted
    if (this.isStream) return this.#held < ALWAYS_TAKEN ? ALWAYS_TAKEN : -EAGAIN
    return -ENOBUFS
  }

  #push(message: Message): void {
    carry(message)
    holds(message.bytes.length)
    const last = this.#messages.at(-1)
    // A stream of small writes would hold an object for each.
    if (this.isStream && last !== undefined && joins(last, message)) {
      const joined = new Uint8Array(last.bytes.length + message.bytes.length)
      joined.set(last.bytes)
      joined.set(message.bytes, last.bytes.length)
      this.#messages[this.#messages.length - 1] = { ...message, bytes: joined, read: last.read }
    } else this.#messages.push(message)
    this.#held += message.bytes.length
    this.queue.wake()
  }

  /** Takes what has come, or looks at it. `moved` may be a negative errno. */
  receive(transfer: Transfer, { peek, least }: Taking): Received {
    const start = peek ? Math.max(0, this.options.peekOffset) : 0
    const found = this.#firstAt(start)
    if (found === undefined || (this.isStream && this.#held - start < least && this.#mayGetMore))
      return { moved: this.#nothing(), length: 0, message: undefined }
    const { message, skipped } = found
    const taking = { transfer, peek, start: start - skipped }
    const moved = this.isStream ? this.#takeStream(taking, start) : this.#takeMessage(taking, message)
    const length = this.isStream ? moved : message.bytes.length
    if (moved >= 0) this.#movePeek(peek ? moved : -length)
    if (moved >= 0 && !peek) this.#drained(message)
    return { moved, length, message }
  }

  /** The message that holds this byte of those that have come, and how many are before it. */
  #firstAt(start: number): { readonly message: Message; readonly skipped: number } | undefined {
    let skipped = 0
    for (const message of this.#messages) {
      const length = message.bytes.length - message.read
      if (start === 0 || start < skipped + length) return { message, skipped }
      skipped += length
    }
    return undefined
  }

  #movePeek(count: number): void {
    const { options } = this
    if (options.peekOffset >= 0) options.peekOffset = Math.max(0, options.peekOffset + count)
  }

  get #mayGetMore(): boolean {
    return this.mayRead && !this.isAbandoned && this.error === 0
  }

  #nothing(): number {
    if (this.error !== 0) return -this.takeError()
    if (!this.mayRead || this.isAbandoned) return 0
    if (this.wasConnected || this.isConnectionless) return -EAGAIN
    return this.isStream ? -EINVAL : -ENOTCONN
  }

  /** Crosses messages, but for one whose files were not taken yet. */
  #takeStream({ transfer, peek }: Steps, start: number): number {
    let done = 0
    let left = start
    for (const [index, message] of this.#messages.entries()) {
      if (index > 0 && (message.files.length > 0 || this.options.passesCredentials)) break
      const size = message.bytes.length - message.read
      const skipped = Math.min(left, size)
      left -= skipped
      const wanted = size - skipped
      const from = message.read + skipped
      const put = transfer.put(message.bytes, from, Math.min(wanted, transfer.remaining))
      done += put
      if (!peek) message.read += put
      if (put < wanted) break
      // Files of the first message end the read behind its bytes.
      if (message.files.length > 0) break
    }
    return done === 0 && transfer.faulted ? -EFAULT : done
  }

  #takeMessage({ transfer, peek, start }: Steps, message: Message): number {
    const wanted = Math.min(transfer.remaining, message.bytes.length - start)
    const put = transfer.put(message.bytes, start, wanted)
    if (!peek) message.read = message.bytes.length
    return put < wanted ? -EFAULT : put
  }

  #drained(first: Message): void {
    this.#messages = this.#messages.filter(
      message => message.read < message.bytes.length || isUnread(message, first),
    )
    const before = this.#held
    this.#held = 0
    for (const { bytes, read } of this.#messages) this.#held += bytes.length - read
    holds(this.#held - before)
    for (const socket of [this.peer, first.from]) socket?.queue.wake()
    this.queue.wake()
  }

  shutdown(read: boolean, write: boolean): void {
    if (read) this.mayRead = false
    if (write) this.mayWrite = false
    const { peer } = this
    if (peer !== undefined && !this.isConnectionless) {
      if (write) peer.mayRead = false
      if (read) peer.mayWrite = false
      peer.queue.wake()
    }
    this.queue.wake()
  }

  /** Closed for good. The passed files that were never received are closed too. */
  close(): void {
    this.closed = true
    const unread = this.#messages
    const { peer } = this
    // Who waits to be accepted has reached nobody.
    if (peer?.peer === this && !this.isConnectionless && (unread.length > 0 || !this.wasAccepted))
      peer.error = ECONNRESET
    this.#messages = []
    holds(-this.#held)
    this.#held = 0
    for (const socket of this.waiting) {
      socket.wasAccepted = false
      socket.close()
    }
    peer?.queue.wake()
    this.queue.wake()
    for (const message of unread) closeFiles(message)
  }
}

/** What a message has beside its bytes, and where it goes: absent, to the peer. */
export interface Parcel {
  readonly files?: readonly OpenFile[]
  readonly to?: UnixSocket | undefined
  readonly credentials?: SocketCredentials
}

interface Steps {
  readonly transfer: Transfer
  readonly peek: boolean
  /** Bytes of the first message that are passed over. */
  readonly start: number
}

/** Empty datagrams are read by being taken. */
const isUnread = (message: Message, first: Message): boolean =>
  message !== first && message.bytes.length === 0

const MOST_JOINED = 16 * 1024

const joins = (last: Message, next: Message): boolean =>
  last.files.length === 0 &&
  next.files.length === 0 &&
  last.from === next.from &&
  last.bytes.length + next.bytes.length <= MOST_JOINED
