/**
 * Reads the call of a client from its socket, with the descriptors that come along. Node's streams
 * drop descriptors, so the first message is read by raw calls, which do not wait: nearly always it
 * is there when the connection is accepted. What a client sends is checked before it is used.
 */
import { fstatSync } from 'node:fs'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { close } from '../../gate/descriptors.ts'
import { receive } from '../../gate/gate.ts'
import { CALL_DESCRIPTORS, CALL_LAYOUT, CALL_MAGIC, CALL_MAX_LENGTH } from '../../gate/generated/layouts.ts'
import { pathOfBytes } from '../../linux/path-bytes.ts'

/** A call as a client sent it. The holder of the object owns the descriptors. */
export interface ClientCall {
  /** `argv[0]` */
  readonly programName: string
  readonly words: readonly string[]
  readonly environment: readonly string[]
  readonly umask: number
  readonly streams: readonly [number, number, number]
  readonly directory: number
}

/** The client did not keep to the protocol. */
export class BadCall extends Error {}

/** Turns of the event loop before the first wait. */
const EAGER_TURNS = 20
const LONGEST_WAIT_MS = 50
const ALL_PERMISSIONS = 0o777

/** Rejects with BadCall, and closes what was received, if no whole call comes in time. */
export async function readCall(socket: number, patienceMs: number): Promise<ClientCall> {
  const reader = new CallReader(socket, patienceMs)
  try {
    const header = await reader.read(CALL_LAYOUT.SIZE)
    const field = (offset: number): number => header.readUInt32LE(offset)
    if (field(CALL_LAYOUT.magic) !== CALL_MAGIC)
      throw new BadCall('The client and the server are of different versions')
    const length = field(CALL_LAYOUT.length)
    if (length > CALL_MAX_LENGTH) throw new BadCall(`A call of ${length} bytes is too long`)
    const texts = splitTexts(await reader.read(length))
    const words = field(CALL_LAYOUT.words)
    if (words === 0 || texts.length !== words + field(CALL_LAYOUT.variables))
      throw new BadCall('The call has not as many words as it says')
    return {
      programName: texts[0] ?? '',
      words: texts.slice(1, words),
      environment: texts.slice(words),
      umask: field(CALL_LAYOUT.umask) & ALL_PERMISSIONS,
      ...reader.takeDescriptors(),
    }
  } catch (error) {
    reader.closeDescriptors()
    throw error
  }
}

function splitTexts(bytes: Buffer): string[] {
  const texts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at)
    if (end < 0) throw new BadCall('The last word of the call has no end')
    texts.push(pathOfBytes(bytes.subarray(at, end)))
    at = end + 1
  }
  return texts
}

class CallReader {
  readonly #socket: number
  readonly #until: number
  #descriptors: number[] = []

  constructor(socket: number, patienceMs: number) {
    this.#socket = socket
    this.#until = performance.now() + patienceMs
  }

  async read(length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length)
    let turns = 0
    for (let at = 0; at < length; ) {
      const received = receive(this.#socket, bytes.subarray(at))
      if (received === undefined) {
        if (performance.now() > this.#until) throw new BadCall('The client did not send its call in time')
        await (turns < EAGER_TURNS ? setImmediate() : setTimeout(Math.min(turns, LONGEST_WAIT_MS)))
        turns++
        continue
      }
      this.#descriptors.push(...received.descriptors)
      if (received.length === 0) throw new BadCall('The client sent only a part of its call')
      at += received.length
      turns = 0
    }
    return bytes
  }

  takeDescriptors(): Pick<ClientCall, 'streams' | 'directory'> {
    const [stdin, stdout, stderr, directory, ...more] = this.#descriptors
    if (stdin === undefined || stdout === undefined || stderr === undefined || directory === undefined)
      throw new BadCall(`The call has ${this.#descriptors.length} descriptors, not ${CALL_DESCRIPTORS}`)
    if (more.length > 0) throw new BadCall('The call has too many descriptors')
    if (!fstatSync(directory).isDirectory()) throw new BadCall('The fourth descriptor is not a directory')
    this.#descriptors = []
    return { streams: [stdin, stdout, stderr], directory }
  }

  closeDescriptors(): void {
    for (const descriptor of this.#descriptors) close(descriptor)
    this.#descriptors = []
  }
}
