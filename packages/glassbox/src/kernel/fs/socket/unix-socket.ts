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

/** Bytes that a receiver holds before senders wait: net.core.wmem_default. */
const BUFFER_BYTES = 212_992
/** Datagrams that a receiver holds before senders wait: net.unix.max_dgram_qlen. */
const MOST_DATAGRAMS = 10
const MOST_BACKLOG = 4096
/** Messages that a receiver holds, also empty ones. */
const MOST_MESSAGES = 1024
/** A receiver takes so much whatever others hold. */
const ALWAYS_TAKEN = 4096

/** Who sent something: SO_PEERCRED and SCM_CREDENTIALS. */
export interface SocketCredentials {
  readonly pid: number
  readonly uid: number
  readonly gid: number
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
  mayRead = true
  mayWrite = true
  closed = false
  /** Of its open file; 0: it has none yet. */
  inode = 0
  /** The peer was closed with unread bytes in it. */
  wasReset = false
  wantsCredentials = false
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

  get pendingBytes(): number {
    const [first] = this.#messages
    if (this.isStream) return this.#held
    return first?.bytes.length ?? 0
  }

  get hasInput(): boolean {
    return this.#messages.length > 0
  }

  /** Whether this receiver takes more. */
  get hasRoom(): boolean {
    if (this.isConnectionless) return this.#messages.length <= MOST_DATAGRAMS
    return this.#held < BUFFER_BYTES && this.#messages.length < MOST_MESSAGES
  }

  listen(backlog: number): number {
    if (this.isConnectionless) return -EOPNOTSUPP
    if (this.address === undefined || this.wasConnected) return -EINVAL
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
    if (this.wasConnected) return -EISCONN
    if (target.backlog === undefined || target.closed) return -ECONNREFUSED
    if (target.waiting.length > target.backlog) return -EAGAIN
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
    if (socket === undefined) return -EAGAIN
    socket.peer?.queue.wake()
    return socket
  }

  /** Sends to the peer or, of datagrams, to another socket. The files become the message's. */
  send(transfer: Transfer, files: readonly OpenFile[], to: UnixSocket | undefined = this.peer): number {
    if (!this.mayWrite) return -EPIPE
    if (to === undefined) return this.wasConnected && !this.isConnectionless ? -EPIPE : -ENOTCONN
    if (to.closed) return this.isConnectionless ? -ECONNREFUSED : -EPIPE
    if (!to.mayRead) return -EPIPE
    const wanted = transfer.remaining
    if (!this.isStream && wanted > BUFFER_BYTES) return -EMSGSIZE
    if (this.isStream && wanted === 0) return 0
    if (!to.hasRoom) return -EAGAIN
    if (!this.isStream && !this.isConnectionless && to.#held > 0 && to.#held + wanted > BUFFER_BYTES)
      return -EAGAIN
    const length = to.#takes(this.isStream ? Math.min(wanted, BUFFER_BYTES - to.#held) : wanted)
    if (length < 0) return length
    const bytes = new Uint8Array(length)
    const moved = transfer.take(bytes, 0, length)
    if (moved < length && (moved === 0 || !this.isStream)) return -EFAULT
    to.#push({ bytes: bytes.subarray(0, moved), read: 0, from: this, files, credentials: this.credentials })
    return moved
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
  receive(transfer: Transfer, peek: boolean): Received {
    const [first] = this.#messages
    if (first === undefined) return { moved: this.#nothing(), length: 0, message: undefined }
    const moved = this.isStream ? this.#takeStream(transfer, peek) : this.#takeMessage(transfer, first, peek)
    const length = this.isStream ? moved : first.bytes.length
    if (moved >= 0 && !peek) this.#drained(first)
    return { moved, length, message: first }
  }

  #nothing(): number {
    if (this.wasReset) {
      this.wasReset = false
      return -ECONNRESET
    }
    if (!this.mayRead || (!this.isConnectionless && this.wasConnected && (this.peer?.closed ?? true)))
      return 0
    return !this.wasConnected && !this.isConnectionless ? -EINVAL : -EAGAIN
  }

  /** Crosses messages, but for one whose files were not taken yet. */
  #takeStream(transfer: Transfer, peek: boolean): number {
    let done = 0
    for (const [index, message] of this.#messages.entries()) {
      if (index > 0 && (message.files.length > 0 || this.wantsCredentials)) break
      const left = message.bytes.length - message.read
      const put = transfer.put(message.bytes, message.read, Math.min(left, transfer.remaining))
      done += put
      if (!peek) message.read += put
      if (put < left) break
      // Files of the first message end the read behind its bytes.
      if (message.files.length > 0) break
    }
    return done === 0 && transfer.faulted ? -EFAULT : done
  }

  #takeMessage(transfer: Transfer, message: Message, peek: boolean): number {
    const wanted = Math.min(transfer.remaining, message.bytes.length)
    const put = transfer.put(message.bytes, 0, wanted)
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
    if (peer !== undefined && peer.peer === this && this.#messages.length > 0) peer.wasReset = true
    this.#messages = []
    holds(-this.#held)
    this.#held = 0
    for (const socket of this.waiting) socket.close()
    peer?.queue.wake()
    this.queue.wake()
    for (const message of unread) closeFiles(message)
  }
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
