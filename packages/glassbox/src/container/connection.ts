/**
 * The host's end of the socket to an init. Owns the descriptor: closing it ends the box.
 *
 * Requests may be sent before there is an init to read them; replies are read from `listen` on.
 * No request waits for init to read it: see send-queue.ts.
 *
 * Every request but a kill is answered exactly once, by id. When the socket ends, every open
 * request is rejected with `ERR_GLASSBOX_BOX_LOST`. The kernel also reports whether the box had
 * read everything that was sent (ECONNRESET, unix(7)). So for many launches it is known that the
 * program never began.
 */
import { BoxLostError, GlassboxError } from '../errors.ts'
import { syscall } from '../gate/gate.ts'
import { MAX_PAYLOAD, REQUEST_TYPE } from '../gate/generated/layouts.ts'
import { readNow, type Watch, watchReadable } from '../gate/readable.ts'
import { SHUT_WR } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { SendQueue } from './send-queue.ts'
import { encodeRequest, type Reply, ReplyReader } from './wire.ts'

/**
 * Much larger than most replies. All sockets share it, because its bytes are decoded before the
 * next ones arrive.
 */
const replyBuffer = new Uint8Array(4096)

const CLOSE = syscallNumber('close')
const SHUTDOWN = syscallNumber('shutdown')
/** Errors of a send that mean that init has ended. */
const GONE: readonly (number | undefined)[] = [ERRNO.EPIPE, ERRNO.ECONNRESET]

interface OpenRequest {
  resolve(reply: Reply): void
  reject(error: Error): void
}

export class Connection {
  readonly #fd: number
  readonly #queue: SendQueue
  #beginning: NodeJS.Immediate | undefined
  #watch: Watch | undefined
  readonly #reader = new ReplyReader()
  readonly #open = new Map<number, OpenRequest>()
  #lastId = 0
  /** The type of the last request that was sent whole. */
  #lastSent = 0
  /** init ended before it had read everything. */
  #unread = false
  #ended = false
  /** Resolves when both ends are gone. */
  readonly closed: Promise<void>
  #resolveClosed: () => void = () => {}

  constructor(fd: number) {
    this.#fd = fd
    this.#queue = new SendQueue(fd, () => this.close())
    this.closed = new Promise(resolve => (this.#resolveClosed = resolve))
  }

  /**
   * Replies are read from the next turn of the event loop on. So everything that is sent in this
   * turn is sent first, and init works on it while the reading is set up.
   */
  listen(): void {
    this.#beginning = setImmediate(() => this.#read())
  }

  #read(): void {
    clearImmediate(this.#beginning)
    this.#beginning = undefined
    try {
      this.#watch = watchReadable(this.#fd, () => this.#receive())
    } catch {
      this.close() // other code of this process has closed the descriptor
      return
    }
    this.#hold()
  }

  /** Reads all replies that have arrived, or notices the end of init. */
  #receive(): void {
    for (let length; (length = readNow(this.#fd, replyBuffer)) !== undefined; ) {
      if (length <= 0) {
        this.#unread = length === -ERRNO.ECONNRESET
        this.#lose()
        return
      }
      const replies = this.#reader.push(replyBuffer.subarray(0, length))
      for (const reply of replies) this.#settle(reply.id)?.resolve(reply)
    }
  }

  /**
   * A box keeps the process alive while a request is open or the box is ending, but not while it
   * is idle.
   */
  #hold(): void {
    this.#watch?.hold(this.#open.size > 0 || this.#ended)
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
    if (payload.length > MAX_PAYLOAD) throw tooLarge(payload.length)
    const id = ++this.#lastId
    const reply = new Promise<Reply>((resolve, reject) => this.#open.set(id, { resolve, reject }))
    this.#hold()
    try {
      this.#send(type, id, payload, descriptors)
    } catch (error) {
      const gone = error instanceof GlassboxError && GONE.includes(error.errno)
      this.#settle(id)?.reject(gone ? new BoxLostError(false, error) : (error as Error))
    }
    return { id, reply }
  }

  /**
   * Asks init to end the program of that request, for a cause of the host's. Does nothing if it
   * has ended.
   */
  kill(id: number, cause: number): void {
    if (!this.#open.has(id)) return
    try {
      this.#send(REQUEST_TYPE.kill, id, new Uint8Array(Uint32Array.of(cause).buffer), [])
    } catch {
      // init is gone, and the program with it; the open requests are rejected at the close of the
      // socket.
    }
  }

  /**
   * Ends the box. The descriptor stays until init's end of the socket is gone, which the kernel
   * closes after the namespaces: so `closed` resolves when they are gone, and the end of init
   * need not be polled for.
   */
  close(): void {
    if (this.#beginning) this.#read() // the end of init is seen by reading
    if (this.#ended) return
    this.#ended = true
    this.#queue.drop()
    this.#hold()
    if (this.#watch)
      syscall(SHUTDOWN, this.#fd, SHUT_WR) // it fails only if init has ended already
    else this.#lose()
  }

  #send(type: number, id: number, payload: Uint8Array, descriptors: readonly number[]): void {
    if (this.#ended) throw new BoxLostError(false)
    const bytes = encodeRequest(type, id, payload, descriptors.length)
    this.#queue.send(bytes, descriptors, () => (this.#lastSent = type))
  }

  /**
   * Whether a program may have begun since the last request of another kind. After a kill, nothing
   * is known about the launch before it, so the answer is yes.
   */
  get mayHaveRun(): boolean {
    return this.#lastSent === REQUEST_TYPE.kill || (this.#lastSent === REQUEST_TYPE.launch && !this.#unread)
  }

  #settle(id: number): OpenRequest | undefined {
    const request = this.#open.get(id)
    this.#open.delete(id)
    this.#hold()
    return request
  }

  #lose(): void {
    this.#ended = true
    this.#queue.drop()
    this.#watch?.end()
    this.#watch = undefined
    syscall(CLOSE, this.#fd) // it fails only if other code of this process has closed it
    for (const id of [...this.#open.keys()]) this.#settle(id)?.reject(new BoxLostError(this.mayHaveRun))
    this.#resolveClosed()
  }
}

/**
 * init would end at such a request, and the box with it. Only binds, arguments and variables of
 * the caller can make a request that large.
 */
const tooLarge = (bytes: number): GlassboxError =>
  new GlassboxError(
    'ERR_GLASSBOX_SYSTEM',
    `A request to a box is too large: ${bytes} bytes, of ${MAX_PAYLOAD} at most.`,
    { errno: ERRNO.E2BIG, hint: 'Give the box fewer or shorter binds, arguments and variables.' },
  )
