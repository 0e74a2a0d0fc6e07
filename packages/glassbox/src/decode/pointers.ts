/** Arguments that point to something: strings, buffers, arrays, structs. Pure. */
import { constantSet } from '../linux/flags.ts'
import { signalName } from '../linux/signals.ts'
import { STRUCTS } from '../linux/structs.ts'
import type { Call } from './call.ts'
import { type MemoryReader, readString, readWord } from './memory.ts'
import { socketAddressText } from './socket.ts'
import { address, enumText, flagsText, hex, quote } from './text.ts'

export interface PointerContext {
  readonly call: Call
  readonly memory: MemoryReader
  readonly limit: number
  readonly valueText: (kind: string, value: bigint) => string
}

const PATH_MAX = 4096
const MAX_ENTRIES = 32

/** A set by its kind: `|open`, `=lseek`. An access mode of zero has a name although it has no bit. */
export function setText(kind: string, value: bigint): string {
  const set = constantSet(kind.slice(1))
  if (!set) return hex(value)
  if (kind.startsWith('=')) return enumText(set, BigInt.asIntN(32, value))
  const text = flagsText(set, value)
  if (kind !== '|open') return text
  const hasMode = (value & 3n) !== 0n
  return hasMode || text === 'O_RDONLY' ? text : `O_RDONLY|${text}`
}

type Printer = (value: bigint, operand: string, context: PointerContext) => string

function string(value: bigint, limit: number, memory: MemoryReader): string {
  const read = readString(memory, value, limit)
  return read ? quote(read.bytes, !read.ended) : address(value)
}

function pointers(value: bigint, memory: MemoryReader): bigint[] {
  const found: bigint[] = []
  for (let at = value; found.length <= MAX_ENTRIES; at += 8n) {
    const pointer = readWord(memory, at, 8)
    if (pointer === undefined || pointer === 0n) break
    found.push(pointer)
  }
  return found
}

function buffer(value: bigint, operand: string, { call, memory, limit }: PointerContext): string {
  const length = Number(call.args[Number(operand)] ?? 0n)
  const bytes = memory.read(value, Math.min(length, limit))
  return bytes.length === 0 && length > 0 ? address(value) : quote(bytes, length > limit)
}

function struct(value: bigint, name: string, context: PointerContext): string {
  const special = SPECIAL_STRUCTS[name]
  if (special) return special(value, name, context)
  const layout = STRUCTS[name]
  if (!layout || context.memory.read(value, layout.size).length < layout.size) return address(value)
  const fields = layout.fields.flatMap(({ name: field, offset, size, kind = 'int', optional }) => {
    const word = readWord(context.memory, value + BigInt(offset), size) ?? 0n
    return optional && word === 0n ? [] : [`${field}=${context.valueText(kind, word)}`]
  })
  return `{${fields.join(', ')}}`
}

const SPECIAL_STRUCTS: Readonly<Record<string, Printer>> = {
  sigset: (value, _, { memory }) => {
    const mask = readWord(memory, value, 8)
    if (mask === undefined) return address(value)
    const names = Array.from({ length: 64 }, (_unused, index) => index + 1)
      .filter(signal => (mask >> BigInt(signal - 1)) & 1n)
      .map(signal => signalName(signal).replace(/^SIG/, ''))
    return `[${names.join(' ')}]`
  },
  sock_fprog: (value, _, { memory }) => {
    const length = readWord(memory, value, 2)
    const filter = readWord(memory, value + 8n, 8)
    return length === undefined || filter === undefined
      ? address(value)
      : `{len=${length}, filter=${address(filter)}}`
  },
  capdata: (value, _, { memory }) => {
    if (memory.read(value, 24).length < 24) return address(value)
    const word = (index: number): bigint => readWord(memory, value + BigInt(index * 4), 4) ?? 0n
    const set = (index: number): string => hex(word(index) | (word(index + 3) << 32n))
    return `{effective=${set(0)}, permitted=${set(1)}, inheritable=${set(2)}}`
  },
}

/** By the letters of the kind before its operand. */
const PRINTERS: Readonly<Record<string, Printer>> = {
  path: (value, _, { memory }) => string(value, PATH_MAX, memory),
  string: (value, _, { memory, limit }) => string(value, limit, memory),
  strings: (value, _, { memory, limit }) => {
    if (readWord(memory, value, 8) === undefined) return address(value)
    const found = pointers(value, memory)
    const shown = found.slice(0, MAX_ENTRIES).map(pointer => string(pointer, limit, memory))
    return `[${[...shown, ...(found.length > MAX_ENTRIES ? ['...'] : [])].join(', ')}]`
  },
  env: (value, _, { memory }) => {
    if (readWord(memory, value, 8) === undefined) return address(value)
    const count = pointers(value, memory).length
    return `${address(value)} /* ${count} var${count === 1 ? '' : 's'} */`
  },
  buf: buffer,
  sockaddr: (value, operand, { call, memory }) => {
    const length = Number(call.args[Number(operand)] ?? 0n)
    return socketAddressText(memory.read(value, Math.min(length, 128))) ?? address(value)
  },
  ids: (value, operand, { call, memory }) => {
    const count = Math.min(Number(call.args[Number(operand)] ?? 0n), MAX_ENTRIES)
    const ids = Array.from({ length: count }, (_, index) => readWord(memory, value + BigInt(index * 4), 4))
    return ids.includes(undefined) ? address(value) : `[${ids.join(', ')}]`
  },
  ptr: struct,
}

/** The text of an argument of a pointing kind; `undefined` for other kinds. What the kernel writes is an address. */
export function pointerText(kind: string, value: bigint, context: PointerContext): string | undefined {
  const [, name = '', direction, operand = ''] = /^([a-z]+)([<>]?)(.*)$/.exec(kind) ?? []
  const printer = PRINTERS[name]
  if (!printer) return undefined
  if (value === 0n) return 'NULL'
  return direction === '>' ? address(value) : printer(value, operand, context)
}
