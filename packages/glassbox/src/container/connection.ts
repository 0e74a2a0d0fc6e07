/**
 * The host's end of the socket to an init. Owns the descriptor: closing it ends the box.
 *
 * Requests may be sent before there is an init to read them; replies are read from `listen` on.
 *
 * Every request but a kill is answered exactly once, by id. When the socket ends, every open request is rejected with
 * `ERR_GLASSBOX_BOX_LOST`. The kernel tells then whether the box had read all that was sent (ECONNRESET, unix(7)): so it is known of
 * many a launch that its program never began.
 */
import { Socket } from 'node:net'
import { BoxLostError, GlassboxError } from '../errors.ts'
import { close } from '../gate/descriptors.ts'
import { call, sendAll } from '../gate/gate.ts'
import { SHUT_WR } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { encodeRequest, MAX_PAYLOAD_BYTES, type Reply, ReplyReader, REQUEST } from './wire.ts'

/** Larger than most replies by far. One for all sockets: what is read is looked at before anything else is. */
const replyBuffer = new Uint8Array(4096)

interface Waiting {
  resolve(reply: Reply): void
  reject(error: Error): void
}

export class Connection {
  readonly #fd: number
  #socket: Socket | undefined
  readonly #reader = new ReplyReader()
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  /** The type of what was sent last. */
  #lastSent = 0
  /** It was not read. */
  #unread = false
  readonly #receive = (length: number, buffer: Uint8Array): boolean => {
    for (const reply of this.#reader.push(buffer.subarray(0, length))) this.#settle(reply.id)?.resolve(reply)
    return true
  }
  #ended = false
  /** Resolves when both ends are gone. */
  readonly closed: Promise<void>
  #tellClosed: () => void = () => {}

  constructor(fd: number) {
    this.#fd = fd
    this.closed = new Promise(resolve => (this.#tellClosed = resolve))
  }

  /** Begins to read replies. */
  listen(): void {
    const onread = { buffer: replyBuffer, callback: this.#receive }
    const options = { fd: this.#fd, readable: true, writable: false, onread } // onread: not in the types of Node 20
    this.#socket = new Socket(options)
    this.#hold()
    this.#socket.resume()
    // An error of the socket is followed by its close, and the requests are told then.
    this.#socket.on('error', ({ code }: NodeJS.ErrnoException) => (this.#unread = code === 'ECONNRESET'))
    this.#socket.on('close', () => this.#lose())
  }

  /** An idle box does not keep the process alive; one that is ending does, until it has. */
  #hold(): void {
    if (this.#waiting.size > 0 || this.#ended) this.#socket?.ref()
    else this.#socket?.unref()
  }

  /** True once the box can take no more requests. */
  get ended(): boolean {
    return this.#ended
  }

  /** Sends a request and its descriptors (which stay the caller's); resolves with the reply. */
  request(
    type: number,
    payload: Uint8Array,
    descriptors: readonly number[],
  ): { id: number; reply: Promise<Reply> } {
    if (payload.length > MAX_PAYLOAD_BYTES) throw tooLarge(payload.length)
    const id = ++this.#lastId
    const reply = new Promise<Reply>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    this.#hold()
    try {
      this.#send(type, id, payload, descriptors)
    } catch (error) {
      this.#settle(id)?.reject(new BoxLostError(false, error))
    }
    return { id, reply }
  }

  /** Asks init to end the program of that request, for a cause of the host's. Harmless when it has ended. */
  kill(id: number, cause: number): void {
    if (!this.#waiting.has(id)) return
    try {
      this.#send(REQUEST.kill, id, new Uint8Array(Uint32Array.of(cause).buffer), [])
    } catch {
      // init is gone, and the program with it; the close of the socket tells whoever waits.
    }
  }

  /**
   * Ends the box. The descriptor stays until init's end of the socket is gone: the kernel lets go of it after the namespaces, so
   * `closed` tells that they are gone, and nobody has to look again and again for the end of init.
   */
  close(): void {
    if (this.#ended || this.#socket?.destroyed) return
    this.#ended = true
    this.#hold()
    if (this.#socket) {
      call('shutdown', [this.#fd, SHUT_WR])
      return
    }
    close(this.#fd)
    this.#lose()
  }

  #send(type: number, id: number, payload: Uint8Array, descriptors: readonly number[]): void {
    if (this.#ended) throw new BoxLostError(false)
    sendAll(this.#fd, encodeRequest(type, id, payload, descriptors.length), descriptors)
    this.#lastSent = type
  }

  /** Whether a program may have begun since the last other request; after a kill nothing is known of the launch before it. */
  get mayHaveRun(): boolean {
    return this.#lastSent === REQUEST.kill || (this.#lastSent === REQUEST.launch && !this.#unread)
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    this.#hold()
    return waiting
  }

  #lose(): void {
    this.#ended = true
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(new BoxLostError(this.mayHaveRun))
    this.#tellClosed()
  }
}

/** init would end at it, and the box with it. What can become so large is what a caller asked for. */
const tooLarge = (bytes: number): GlassboxError =>
  new GlassboxError(
    'ERR_GLASSBOX_SYSTEM',
    `A box cannot be asked for so much at once: a request of ${bytes} bytes, of ${MAX_PAYLOAD_BYTES} at most.`,
    { errno: ERRNO.E2BIG, hint: 'Give the box fewer or shorter binds, arguments and variables.' },
  )
