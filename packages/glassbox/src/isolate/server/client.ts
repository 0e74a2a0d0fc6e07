/**
 * One client of the server, from its call to its exit code. Owns its connection, and its
 * descriptors, which are closed when the connection is.
 */
import type { Socket } from 'node:net'
import { close } from '../../gate/descriptors.ts'
import { send } from '../../gate/gate.ts'
import { ANSWER_KIND, ANSWER_LAYOUT } from '../../gate/generated/layouts.ts'
import type { CallIo, Ids } from '../types.ts'
import type { ClientCall } from './call-reader.ts'

const SIGKILL = 9
const FAULT = 2

/** `length` is the number of bytes that follow. */
function answer(kind: keyof typeof ANSWER_KIND, value = 0, length = 0): Buffer {
  const bytes = Buffer.alloc(ANSWER_LAYOUT.SIZE)
  bytes.writeUInt32LE(ANSWER_KIND[kind], ANSWER_LAYOUT.kind)
  bytes.writeUInt32LE(value, ANSWER_LAYOUT.value)
  bytes.writeUInt32LE(length, ANSWER_LAYOUT.length)
  return bytes
}

export class Client {
  readonly #socket: Socket
  /** The signals that came before there was a listener. */
  readonly #early: number[] = []
  #listener: ((signal: number) => void) | undefined
  #descriptors: readonly number[] = []
  #gone = false

  /** `socket` is paused: its call was read by raw calls. */
  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => {}) // the close follows
    socket.on('close', () => {
      this.#gone = true
      this.#signal(SIGKILL)
      for (const descriptor of this.#descriptors) close(descriptor)
    })
  }

  /** All that a call has of this client. `ids`: of its process, as the kernel says. */
  io(call: ClientCall, ids: Ids, descriptor: number): CallIo {
    const { programName, environment, umask, streams, directory } = call
    this.#descriptors = [...streams, directory]
    this.#socket.on('data', (bytes: Buffer) => {
      for (const signal of bytes) this.#signal(signal)
    })
    this.#socket.resume()
    return {
      ...{ programName, environment, ids, umask, streams },
      cwd: `/proc/self/fd/${directory}`,
      effectiveUid: ids.uid,
      hasOwnDescriptors: false,
      out: text => this.#text('out', text),
      err: text => this.#text('err', text),
      failed: false, // the client writes, and says if it cannot
      onSignal: listener => this.#listen(listener),
      onMetaOpen: meta => this.#sendMeta(descriptor, meta),
    }
  }

  /**
   * It stops what the listener is told: the client is gone, or its call was ended from outside.
   */
  #listen(listener: (signal: number) => void): () => void {
    this.#listener = listener
    for (const signal of this.#early.splice(0)) listener(signal)
    return () => {
      this.#listener = undefined
    }
  }

  #signal(signal: number): void {
    if (this.#listener) this.#listener(signal)
    else this.#early.push(signal)
  }

  /** Ends the run of this client as the signal would end it. */
  interrupt(signal: number): void {
    this.#signal(signal)
  }

  #text(kind: 'out' | 'err', text: string): void {
    const bytes = Buffer.from(text)
    this.#write(Buffer.concat([answer(kind, 0, bytes.length), bytes]))
  }

  /** Nothing was sent before, so the socket has space for it. */
  #sendMeta(descriptor: number, meta: number): void {
    if (!this.#gone) send(descriptor, answer('meta'), [meta])
  }

  #write(bytes: Buffer): void {
    if (!this.#gone) this.#socket.write(bytes)
  }

  /** The call cannot be made. Says why, and ends the client with 2. */
  refuse(message: string): void {
    this.#text('err', `${message}\n`)
    this.exit(FAULT)
  }

  /** From now on, the call changes something: it cannot be made again by the ordinary command. */
  begun(): void {
    this.#write(answer('begun'))
  }

  exit(code: number): void {
    this.#write(answer('exit', code))
    this.#socket.destroySoon()
  }

  /** The client makes the call itself. Nothing was done for it. */
  leaveToOrdinary(): void {
    this.#write(answer('ordinary'))
    this.#socket.destroySoon()
  }

  /** Ends the connection without an exit code. */
  abandon(): void {
    this.#socket.destroy()
  }
}
