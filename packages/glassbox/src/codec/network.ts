/**
 * Messages, their vectors and control data, and socket addresses. Sources: sendmsg(2), cmsg(3).
 */
import type { Message, Vectors } from '../linux/schema/kinds.ts'
import { pointerBytes } from '../linux/schema/models.ts'
import { SOCKET_ADDRESSES } from '../linux/schema/unions.ts'
import { countOf, resultOf } from './lengths.ts'
import { readView } from './memory.ts'
import type { Reading } from './reading.ts'
import { struct } from './struct.ts'
import { Elements, Unreadable, type Fields, type Value } from './values.ts'

type BytesAt = (address: bigint, length: number, reading: Reading) => Value

const addressOf = (value: Value | undefined): bigint =>
  typeof value === 'number' || typeof value === 'bigint' ? BigInt.asUintN(64, BigInt(value)) : 0n

/** Vectors: of those that the kernel filled, only `left` bytes. */
function vectorsAt(address: bigint, count: number, left: number, reading: Reading, bytesAt: BytesAt): Value {
  const codec = struct('iovec', reading.model)
  if (address + BigInt(codec.size) * BigInt(count) >= 2n ** 64n) return new Unreadable(address)
  const items: Value[] = []
  let rest = left
  const shown = Math.min(count, reading.limit)
  for (let index = 0; index < shown; index++) {
    const at = address + BigInt(index * codec.size)
    const view = readView(reading.memory, at, codec.size)
    if (!view) return index === 0 ? new Unreadable(address) : new Elements(items, 'unreadable', at)
    const { iov_base: base, iov_len: length } = codec.read(view)
    const taken = Math.min(Number(length), rest)
    rest -= taken
    items.push({ iov_base: bytesAt(addressOf(base), taken, reading), iov_len: length })
  }
  return new Elements(items, shown < count ? 'limit' : 'all', address + BigInt(shown * codec.size))
}

/** Vectors of another process are addresses. */
const addressesOnly: BytesAt = address => (address === 0n ? null : Number(address))

export function readVectors(kind: Vectors, address: bigint, reading: Reading, bytesAt: BytesAt): Value {
  const count = countOf(kind.count, reading)
  const left = kind.way === 'out' ? Number(resultOf(reading)) : Infinity
  return vectorsAt(address, count, left, reading, kind.remote ? addressesOnly : bytesAt)
}

const ADDRESS_BYTES = 128

/** The fields of the family; of an unknown family, or a short address, its bytes. */
export function socketAddressOf(bytes: Uint8Array, reading: Pick<Reading, 'model'>): Fields | undefined {
  if (bytes.length < 2) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const family = view.getUint16(0, true)
  const name = SOCKET_ADDRESSES.get(family)
  if (name === undefined) return { sa_family: family, sa_data: bytes.slice(2) }
  return struct(name, reading.model).read(view)
}

export function readSocketAddress(address: bigint, length: number, reading: Reading): Value {
  if (address === 0n) return null
  const bytes = reading.memory.read(address, Math.min(length, ADDRESS_BYTES)).slice()
  return socketAddressOf(bytes, reading) ?? new Unreadable(address)
}

const MOST_CONTROL = 65_536

/** Pieces of control data; one that is shorter than its head ends them. */
function controlAt(address: bigint, length: number, reading: Reading): Value {
  if (address === 0n) return null
  const codec = struct('cmsghdr', reading.model)
  const align = pointerBytes(reading.model)
  const view =
    length < codec.size ? undefined : readView(reading.memory, address, Math.min(length, MOST_CONTROL))
  if (!view) return new Unreadable(address)
  const items: Value[] = []
  let at = 0
  while (at + codec.size <= view.byteLength && items.length < reading.limit) {
    const head = codec.read(new DataView(view.buffer, view.byteOffset + at, codec.size))
    const size = Math.min(Number(head.cmsg_len), view.byteLength - at)
    if (size < codec.size) break
    items.push(codec.read(new DataView(view.buffer, view.byteOffset + at, size)))
    at += Math.ceil(size / align) * align
  }
  return new Elements(items, at < length ? 'limit' : 'all', address + BigInt(at))
}

function messageOf(head: Fields, left: number, reading: Reading, bytesAt: BytesAt): Fields {
  const number = (name: string): number => Math.max(0, Number(head[name] ?? 0))
  const vectors = addressOf(head['msg_iov'])
  return {
    msg_name: readSocketAddress(addressOf(head['msg_name']), number('msg_namelen'), reading),
    msg_namelen: head['msg_namelen'] ?? 0,
    msg_iov: vectors === 0n ? null : vectorsAt(vectors, number('msg_iovlen'), left, reading, bytesAt),
    msg_iovlen: head['msg_iovlen'] ?? 0,
    msg_control:
      number('msg_controllen') > 0
        ? controlAt(addressOf(head['msg_control']), number('msg_controllen'), reading)
        : null,
    msg_controllen: head['msg_controllen'] ?? 0,
    msg_flags: head['msg_flags'] ?? 0,
  }
}

/** One message, or as many as the argument says and the result has filled. */
export function readMessages(kind: Message, address: bigint, reading: Reading, bytesAt: BytesAt): Value {
  if (!kind.count) {
    const view = readView(reading.memory, address, struct('msghdr', reading.model).size)
    if (!view) return new Unreadable(address)
    const left = kind.way === 'out' ? Number(resultOf(reading)) : Infinity
    const head = struct('msghdr', reading.model).read(view)
    return messageOf(head, left, reading, bytesAt)
  }
  const codec = struct('mmsghdr', reading.model)
  const said = countOf(kind.count, reading)
  const isDone = reading.result !== undefined && reading.result >= 0n
  const count = isDone ? Math.min(Number(resultOf(reading)), said) : said
  const items: Value[] = []
  const shown = Math.min(count, reading.limit)
  for (let index = 0; index < shown; index++) {
    const at = address + BigInt(index * codec.size)
    const view = readView(reading.memory, at, codec.size)
    if (!view) return index === 0 ? new Unreadable(address) : new Elements(items, 'unreadable', at)
    const { msg_hdr: head, msg_len: bytes } = codec.read(view)
    const left = kind.way === 'out' ? bytes : Infinity
    const message = messageOf(head, left, reading, bytesAt)
    items.push({ msg_hdr: message, ...(isDone ? { msg_len: bytes } : {}) })
  }
  return new Elements(items, shown < count ? 'limit' : 'all', address + BigInt(shown * codec.size))
}
