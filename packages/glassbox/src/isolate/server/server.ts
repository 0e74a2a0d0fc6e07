/**
 * The server: a process that stays, makes the calls of its clients, and keeps boxes prepared. It
 * serves only the user that started it. Calls run side by side, each for its own client; a client
 * that goes away ends its run.
 *
 * If the server is lost, the kernel closes the sockets of its boxes, and their inits end them. The
 * clients see the end of their connections and report it (native/isolate.c).
 */
import type { Socket } from 'node:net'
import { isolate } from '../command.ts'
import type { CallIo, Keeper } from '../types.ts'
import { BadCall, type ClientCall, readCall } from './call-reader.ts'
import { Client } from './client.ts'
import { listen, type Listening } from './listen.ts'
import { Surroundings, whyOrdinary } from './ordinary.ts'
import { peerOf } from './peer.ts'

const SIGTERM = 15
const FAULT = 2
const MASK = 0o022
/** How long a client may take to read its exit code when the server ends. */
const PATIENCE_MS = 1000
const CALL_PATIENCE_MS = 5000

export interface ServerOptions {
  readonly path: string
  /** How many boxes wait for the next calls. */
  readonly boxes: number
  /** The version of glassbox. */
  readonly version: string
  readonly keeper: Keeper
  /** How long a client may take to send its call. */
  readonly patienceMs?: number
}

export class IsolateServer {
  readonly #options: ServerOptions
  readonly #surroundings: Surroundings
  readonly #clients = new Map<Client, Promise<void>>()
  #listening: Listening | undefined
  #closed: Promise<void> | undefined

  constructor(options: ServerOptions) {
    this.#options = options
    process.umask(MASK)
    this.#surroundings = new Surroundings()
  }

  /** Resolves when boxes are prepared and clients are served. Throws IsolateError. */
  async open(): Promise<void> {
    const { path, boxes, keeper } = this.#options
    this.#listening = await listen(path, socket => this.#accept(socket))
    await keeper.prepare(boxes)
  }

  /** Ends all runs as SIGTERM ends one, and resolves when nothing is left. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    const closed = this.#listening?.close()
    for (const client of this.#clients.keys()) client.interrupt(SIGTERM)
    await Promise.all(this.#clients.values())
    await this.#options.keeper.close()
    const impatience = setTimeout(() => this.#abandonAll(), PATIENCE_MS)
    await closed
    clearTimeout(impatience)
  }

  /** Clients that do not read what they were told. */
  #abandonAll(): void {
    for (const client of this.#clients.keys()) client.abandon()
  }

  #accept(socket: Socket): void {
    const client = new Client(socket)
    this.#clients.set(client, this.#serve(client, socket))
    socket.once('close', () => this.#clients.delete(client))
  }

  async #serve(client: Client, socket: Socket): Promise<void> {
    const descriptor = descriptorOf(socket)
    if (descriptor === undefined) return client.abandon()
    const peer = peerOf(descriptor)
    // Root can enter any directory, so the directory of the socket is not enough.
    if (peer.uid !== process.geteuid?.()) return client.refuse('This server serves only its owner')
    let call: ClientCall
    try {
      call = await readCall(descriptor, this.#options.patienceMs ?? CALL_PATIENCE_MS)
    } catch (error) {
      if (!(error instanceof BadCall)) process.stderr.write(`${(error as Error).stack}\n`)
      client.refuse(error instanceof BadCall ? error.message : 'The call could not be received')
      return
    }
    const { uid, gid } = peer
    const io = client.io(call, { uid, gid }, descriptor)
    if (this.#whyOrdinary(call, io, peer.pid) !== undefined) client.leaveToOrdinary()
    else client.exit(await this.#make(call, io, client))
  }

  #whyOrdinary({ words }: ClientCall, io: CallIo, pid: number): string | undefined {
    const difference = this.#surroundings.differenceTo(pid)
    return difference === undefined ? whyOrdinary(words, io) : `the client has another ${difference}`
  }

  async #make({ words }: ClientCall, io: CallIo, client: Client): Promise<number> {
    const { version, keeper } = this.#options
    const begin = async (): Promise<Keeper> => {
      client.begun()
      return keeper
    }
    try {
      return await isolate(words, io, { version, keeper: begin })
    } catch (error) {
      io.err(`Internal error of glassbox: ${(error as Error).stack}\n`)
      return FAULT
    }
  }
}

/** Node has no public way to the descriptor of a socket that it accepted. */
function descriptorOf(socket: Socket): number | undefined {
  const { fd } = (socket as { _handle?: { fd?: number } })._handle ?? {}
  return fd !== undefined && fd >= 0 ? fd : undefined
}
