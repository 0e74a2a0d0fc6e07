/**
 * Requests to the owner of a TypeScript object, and how a system call waits for their answers.
 *
 * A walk through the file system is synchronous, and so is everything below it. So a call that
 * lacks an answer fails at that place (−EAGAIN, which no program sees), waits as for a pipe, and
 * is made again with the answers that it has got. They are kept for this one call only.
 *
 * The kernel is one thread, so one module variable says which call is served now.
 */
import { WaitQueue } from '../../wait/queue.ts'

export interface ObjectRequest {
  /** Which of the mounted objects, by its place in the list. */
  readonly mount: number
  readonly operation: 'list' | 'read' | 'stat' | 'write'
  /** From the mount point on: `/`, `/name`. */
  readonly path: string
  readonly bytes?: Uint8Array
}

export interface ObjectEntry {
  readonly name: string
  readonly directory: boolean
  readonly size: number
  readonly mtimeMs: number
}

/** What a handler answered, after the check of its shape. */
export interface ObjectAnswer {
  /** An errno; 0 if it succeeded. */
  readonly error: number
  /** Of `read`. */
  readonly bytes?: Uint8Array
  /** Of `list`: all names; of `stat`: one entry. */
  readonly entries?: readonly ObjectEntry[]
}

/** A system call that waits for answers. */
export class AskingCall {
  readonly queue: WaitQueue = new WaitQueue()
  readonly answers: Map<string, ObjectAnswer> = new Map()
  /** Answers that have not come yet. */
  open = 0
  /** Whether the call failed because an answer is lacking. */
  lacks = false
  /** Whether something that was handed over was not taken. */
  failed = false
}

/** The call that is served now, as soon as it has asked for something. */
export const served: { call: AskingCall | undefined } = { call: undefined }

interface OpenRequest {
  readonly call: AskingCall
  /** Undefined: bytes that were handed over when a file was closed. */
  readonly key: string | undefined
}

/** The kernel's end of the line to the owner of the objects. It belongs to one kernel thread. */
export class ObjectClient {
  readonly #send: (id: number, request: ObjectRequest) => void
  readonly #open = new Map<number, OpenRequest>()
  #nextId = 1
  #handed = 0
  #isOver = false

  constructor(send: (id: number, request: ObjectRequest) => void) {
    this.#send = send
  }

  /** Requests without an answer yet. */
  get outstanding(): number {
    return this.#open.size
  }

  /** Whether contents of closed files have not been taken yet. */
  get isHanding(): boolean {
    return this.#handed > 0
  }

  /** The answer, if this call has it already; otherwise it is on its way. */
  ask(request: ObjectRequest): ObjectAnswer | undefined {
    const call = (served.call ??= new AskingCall())
    const key = `${request.mount} ${request.operation} ${request.path}`
    const answer = call.answers.get(key)
    // What comes after a lacking answer is asked for when the call is made again.
    if (answer !== undefined || call.lacks) return answer
    call.lacks = true
    this.#post(request, { call, key })
    return undefined
  }

  /** Hands over the contents of a closed file. A call that closed it waits; others go on. */
  hand(request: ObjectRequest): void {
    if (this.#isOver) return
    this.#handed++
    this.#post(request, { call: (served.call ??= new AskingCall()), key: undefined })
  }

  #post(request: ObjectRequest, open: OpenRequest): void {
    const id = this.#nextId++
    this.#open.set(id, open)
    open.call.open++
    this.#send(id, request)
  }

  receive(id: number, answer: ObjectAnswer): void {
    const open = this.#open.get(id)
    if (open === undefined) return
    this.#open.delete(id)
    const { call, key } = open
    call.open--
    if (key !== undefined) call.answers.set(key, answer)
    else {
      this.#handed--
      if (answer.error !== 0) call.failed = true
    }
    call.queue.wake()
  }

  /** A world begins. */
  begin(): void {
    this.#isOver = false
  }

  /** The world has ended: late answers are not for the next one. */
  end(): void {
    this.#isOver = true
    this.#open.clear()
    this.#handed = 0
  }
}
