/**
 * -e read, -e write: the data that was read from or written to a descriptor, in hexadecimal and
 * as text, after the line of the call.
 */
import type { MemoryReader } from '../../decode/memory.ts'
import type { Call, Outcome } from '../../decode/types.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { has, type NumberSet } from '../options.ts'

const ROW = 16
const HALF = 8
const IOVEC_BYTES = 16
const MSGHDR_BYTES = 56
const MMSGHDR_BYTES = 64
const MOST_VECTORS = 1024

interface Shape {
  readonly way: 'read' | 'write'
  /**
   * Argument 1 is a buffer, an array of iovec with argument 2 entries, a msghdr, or an array of
   * mmsghdr.
   */
  readonly data: 'buffer' | 'vector' | 'message' | 'messages'
}

const shapes = (way: Shape['way'], data: Shape['data'], names: readonly string[]): [number, Shape][] =>
  names.map(name => [syscallNumber(name), { way, data }])

const SHAPES: ReadonlyMap<number, Shape> = new Map([
  ...shapes('read', 'buffer', ['read', 'pread64', 'recvfrom', 'mq_timedreceive']),
  ...shapes('write', 'buffer', ['write', 'pwrite64', 'sendto', 'mq_timedsend']),
  ...shapes('read', 'vector', ['readv', 'preadv', 'preadv2']),
  ...shapes('write', 'vector', ['writev', 'pwritev', 'pwritev2', 'vmsplice']),
  ...shapes('read', 'message', ['recvmsg']),
  ...shapes('write', 'message', ['sendmsg']),
  ...shapes('read', 'messages', ['recvmmsg']),
  ...shapes('write', 'messages', ['sendmmsg']),
])

const WORD = 8
const ALL = 2n ** 64n - 1n
/** A program may offer any length to a call that refuses it. Longer buffers are not shown. */
const MOST_BYTES = 2n ** 26n

const wordAt = (bytes: Uint8Array, offset: number): bigint =>
  offset + WORD > bytes.length
    ? 0n
    : new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(offset, true)

export class Dumps {
  readonly #read: NumberSet
  readonly #write: NumberSet

  constructor(read: NumberSet, write: NumberSet) {
    this.#read = read
    this.#write = write
  }

  /** Returns `undefined` if no descriptor is to be dumped. */
  static of(read: NumberSet, write: NumberSet): Dumps | undefined {
    const isEmpty = ({ numbers, inverted }: NumberSet): boolean => numbers.length === 0 && !inverted
    return isEmpty(read) && isEmpty(write) ? undefined : new Dumps(read, write)
  }

  /**
   * The lines, each with a line end. As in strace, a call that writes shows all that the program
   * offered, also if the kernel took less or refused it; a call that reads shows what arrived.
   */
  text(call: Call, { value, failed }: Outcome, memory: MemoryReader): string {
    const shape = SHAPES.get(call.nr)
    if (!shape || (call.abi ?? 'x86_64') !== 'x86_64') return ''
    const writes = shape.way === 'write'
    // A number of messages is known only after success.
    if (failed && (!writes || shape.data === 'messages')) return ''
    const [fd = 0n, address = 0n, count = 0n] = call.args
    if (!has(writes ? this.#write : this.#read, Number(BigInt.asIntN(32, fd)))) return ''
    switch (shape.data) {
      case 'buffer':
        return dump(bytesAt(memory, address, writes ? count : value))
      case 'vector':
        return vectorDump(memory, address, Number(count), writes ? ALL : value)
      case 'message':
        return messageDump(memory, address, writes ? ALL : value)
      default:
        return messagesDump(memory, address, Number(value))
    }
  }
}

function bytesAt(memory: MemoryReader, address: bigint, length: bigint): Uint8Array {
  if (length > MOST_BYTES) return new Uint8Array()
  const bytes = memory.read(address, Number(length))
  return bytes.length < Number(length) ? new Uint8Array() : bytes
}

/** An empty buffer ends the list, as in strace. */
function vectorDump(memory: MemoryReader, address: bigint, count: number, moved: bigint): string {
  const vector = memory.read(address, Math.min(count, MOST_VECTORS) * IOVEC_BYTES).slice()
  let left = moved
  let text = ''
  for (let index = 0; index * IOVEC_BYTES < vector.length && left > 0n; index++) {
    const length = wordAt(vector, index * IOVEC_BYTES + WORD)
    const part = length < left ? length : left
    left -= part
    if (part === 0n) break
    text += ` * ${part} bytes in buffer ${index}\n`
    text += dump(bytesAt(memory, wordAt(vector, index * IOVEC_BYTES), part))
  }
  return text
}

function messageDump(memory: MemoryReader, address: bigint, moved: bigint): string {
  const header = memory.read(address, MSGHDR_BYTES).slice()
  return vectorDump(memory, wordAt(header, 16), Number(wordAt(header, 24)), moved)
}

function messagesDump(memory: MemoryReader, address: bigint, count: number): string {
  let text = ''
  for (let index = 0; index < count; index++) {
    const at = address + BigInt(index * MMSGHDR_BYTES)
    const message = memory.read(at, MMSGHDR_BYTES).slice()
    const moved = wordAt(message, MSGHDR_BYTES) & 0xffffffffn
    text += ` = ${wordAt(message, 24)} buffers in vector ${index}\n${messageDump(memory, at, moved)}`
  }
  return text
}

const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, byte => `${byte.toString(16).padStart(2, '0')} `).join('')

/** ` | 00000  68 69 0a …  hi. |` */
export function dump(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = bytes.subarray(at, at + ROW)
    const hex = `${hexOf(row.subarray(0, HALF)).padEnd(HALF * 3)} ${hexOf(row.subarray(HALF)).padEnd(HALF * 3)}`
    const ascii = Array.from(row, byte => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join(
      '',
    )
    text += ` | ${at.toString(16).padStart(5, '0')}  ${hex} ${ascii.padEnd(ROW)} |\n`
  }
  return text
}
