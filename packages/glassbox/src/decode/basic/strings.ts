/** Prints paths, strings, buffers, and arrays of them. */
import { readStruct, struct, unsigned } from '../../codec/struct.ts'
import { arrayText } from './arrays.ts'
import { pointerBytes } from '../../linux/schema/models.ts'
import { argument, type Context, type Printer } from '../context.ts'
import { readPointer, readString } from '../memory.ts'
import { address, escaped, quote } from '../text.ts'

export const PATH_MAX = 4096
const MAX_POINTERS = 4096

function text(value: bigint, limit: number, { memory, options }: Context): string {
  const read = readString(memory, value, limit)
  return read ? quote(read.bytes, !read.ended, options.stringsInHex) : address(value)
}

/** The bytes of a buffer, up to the limit that is shown. */
export function buffer(value: bigint, length: number, context: Context): string {
  const { memory, limit, options } = context
  if (value === 0n) return 'NULL'
  // As in strace, the byte after the last one that is shown must be readable too.
  const needed = Math.min(length, limit + 1)
  const bytes = memory.read(value, needed)
  if (bytes.length < needed) return address(value)
  return quote(bytes.subarray(0, limit), length > limit, options.stringsInHex)
}

interface Pointers {
  readonly found: readonly bigint[]
  /** Where memory ended before the NULL that ends the array. */
  readonly unreadable?: bigint
}

function pointers(value: bigint, { memory }: Context): Pointers {
  const found: bigint[] = []
  const size = BigInt(pointerBytes(memory.model))
  for (let at = value; found.length < MAX_POINTERS; at += size) {
    const pointer = readPointer(memory, at)
    if (pointer === undefined) return { found, unreadable: at }
    if (pointer === 0n) break
    found.push(pointer)
  }
  return { found }
}

function strings(value: bigint, context: Context): string {
  if (readPointer(context.memory, value) === undefined) return address(value)
  const { found, unreadable } = pointers(value, context)
  const most = context.options.full ? found.length : context.limit
  const shown = found.slice(0, most).map(pointer => text(pointer, context.limit, context))
  const end = unreadable === undefined ? [] : [`... /* ${address(unreadable)} */`]
  const rest = found.length > most ? ['...'] : end
  return `[${[...shown, ...rest].join(', ')}]`
}

function environment(value: bigint, context: Context): string {
  if (context.options.full) return strings(value, context)
  if (readPointer(context.memory, value) === undefined) return address(value)
  const { found, unreadable } = pointers(value, context)
  const end = unreadable === undefined ? '' : ', unterminated'
  return `${address(value)} /* ${found.length} var${found.length === 1 ? '' : 's'}${end} */`
}

/** The number of bytes: an argument gives it for input, the result for output. */
export function lengthOf(operand: string, context: Context): number {
  if (operand === '') return 0
  const said = Number(argument(context, Number(operand)))
  const { outcome } = context
  return outcome && !outcome.failed && outcome.value >= 0n ? Number(outcome.value) : said
}

/** An array of iovec. For those that the kernel filled, only the transferred bytes are shown. */
export function vectors(
  value: bigint,
  count: bigint | number,
  left: number,
  context: Context,
  bufferText: typeof buffer = buffer,
): string {
  let rest = left
  return arrayText(value, count, struct('iovec', context.memory.model).size, context, at => {
    const vector = readStruct(context.memory, at, 'iovec')
    if (!vector) return undefined
    const { iov_base: base, iov_len: length } = vector
    const taken = Math.min(Number(length), rest)
    rest -= taken
    return `{iov_base=${bufferText(unsigned(base), taken, context)}, iov_len=${length}}`
  })
}

/** An array of iovec in another process: only the addresses and lengths are shown. */
export const remoteVectors = (value: bigint, count: bigint, context: Context): string =>
  arrayText(value, count, struct('iovec', context.memory.model).size, context, at => {
    const vector = readStruct(context.memory, at, 'iovec')
    return vector && `{iov_base=${address(unsigned(vector.iov_base))}, iov_len=${vector.iov_len}}`
  })

/**
 * A string of bounded length. If it is said to be longer, the kernel would refuse it, and its
 * address is shown.
 */
const bounded =
  (most: bigint) =>
  (operand: string, late: boolean): Printer =>
  (value, context) => {
    const said = argument(context, Number(operand))
    const length = late ? (context.outcome?.value ?? 0n) : said
    if (length > most || (late && said === 0n)) return address(value)
    return buffer(value, Number(length), context)
  }

/** TASK_COMM_LEN of the kernel. */
const TASK_NAME_BYTES = 16

/**
 * The name of a thread. The kernel reads one byte less than it writes; a name without an end in
 * these bytes is shown as cut.
 */
const taskName =
  (late: boolean): Printer =>
  (value, context) => {
    const room = late ? TASK_NAME_BYTES : TASK_NAME_BYTES - 1
    if (context.limit < room) return text(value, context.limit, context)
    const bytes = context.memory.read(value, room)
    const end = bytes.indexOf(0)
    if (end < 0 && bytes.length < room) return address(value)
    return quote(end < 0 ? bytes : bytes.subarray(0, end), end < 0, context.options.stringsInHex)
  }

/** The bytes of such a value, which are not too many. */
export function attributeText(value: bigint, length: number, context: Context): string {
  const shown = Math.min(length, context.limit)
  const last = shown > 0 ? context.memory.read(value + BigInt(shown - 1), 1)[0] : undefined
  // As in strace: a NUL where the text is cut is taken for its end.
  const whole = buffer(value, length, context)
  const isText = context.options.stringsInHex !== 'all'
  return last === 0 && isText && whole.startsWith('"') ? buffer(value, shown - 1, context) : whole
}

/** A value of an extended attribute, without the NUL that text often ends with. */
const attributeValue =
  (operand: string, late: boolean): Printer =>
  (value, context) => {
    const said = argument(context, Number(operand))
    const length = late ? (context.outcome?.value ?? 0n) : said
    return length > XATTR_SIZE_MAX ? address(value) : attributeText(value, Number(length), context)
  }

const HOST_NAME_MAX = 64n
const XATTR_SIZE_MAX = 65536n

const bytesInHex: (operand: string) => Printer = operand => (value, context) => {
  const length = lengthOf(operand, context)
  const shown = Math.min(length, context.limit)
  const bytes = context.memory.read(value, shown)
  return bytes.length < shown ? address(value) : `"${escaped(bytes, 'all')}"${length > shown ? '...' : ''}`
}

/** By the letters of the kind. The operand is the index of the argument that has the length. */
export const STRINGS: Readonly<Record<string, (operand: string, late: boolean) => Printer>> = {
  path: () => (value, context) => text(value, PATH_MAX - 1, context),
  string: () => (value, context) => text(value, context.limit, context),
  out_string: () => (value, context) => text(value, context.limit, context),
  name16: (_operand, late) => taskName(late),
  strings: () => strings,
  env: () => environment,
  buf: (operand, late) => (value, context) =>
    buffer(value, late ? lengthOf(operand, context) : Number(argument(context, Number(operand))), context),
  within: operand => (value, context) =>
    buffer(value, Math.min(lengthOf(operand, context), Number(argument(context, Number(operand)))), context),
  byte: () => (value, context) => buffer(value, 1, context),
  bytes: bytesInHex,
  hostname: bounded(HOST_NAME_MAX),
  xattr: attributeValue,
  xattrs: bounded(XATTR_SIZE_MAX),
  iovec: (operand, late) => (value, context) => {
    const left = late && context.outcome ? Number(context.outcome.value) : Infinity
    return vectors(value, argument(context, Number(operand)), left, context)
  },
}
