/** Paths, strings, buffers, and arrays of them. */
import { argument, type Context, type Printer } from './context.ts'
import { readString, readWord } from './memory.ts'
import { address, escaped, quote } from './text.ts'

const PATH_MAX = 4096
const MAX_POINTERS = 4096

function text(value: bigint, limit: number, { memory, options }: Context): string {
  const read = readString(memory, value, limit)
  return read ? quote(read.bytes, !read.ended, options.stringsInHex) : address(value)
}

/** Bytes of a buffer, as many as are shown. */
export function buffer(value: bigint, length: number, context: Context): string {
  const { memory, limit, options } = context
  if (value === 0n) return 'NULL'
  const shown = Math.min(Math.max(length, 0), limit)
  const bytes = memory.read(value, shown)
  return bytes.length < shown ? address(value) : quote(bytes, length > limit, options.stringsInHex)
}

function pointers(value: bigint, { memory }: Context): { readonly found: bigint[]; readonly ended: boolean } {
  const found: bigint[] = []
  for (let at = value; found.length < MAX_POINTERS; at += 8n) {
    const pointer = readWord(memory, at, 8)
    if (pointer === undefined) return { found, ended: false }
    if (pointer === 0n) break
    found.push(pointer)
  }
  return { found, ended: true }
}

function strings(value: bigint, context: Context): string {
  if (readWord(context.memory, value, 8) === undefined) return address(value)
  const { found, ended } = pointers(value, context)
  const most = context.options.full ? found.length : context.limit
  const shown = found.slice(0, most).map(pointer => text(pointer, context.limit, context))
  const rest = found.length > most || !ended ? ['...'] : []
  return `[${[...shown, ...rest].join(', ')}]`
}

function environment(value: bigint, context: Context): string {
  if (context.options.full) return strings(value, context)
  if (readWord(context.memory, value, 8) === undefined) return address(value)
  const count = pointers(value, context).found.length
  return `${address(value)} /* ${count} var${count === 1 ? '' : 's'} */`
}

/** How many bytes are there: the argument says it of what goes in, the result of what came out. */
export function lengthOf(operand: string, context: Context): number {
  if (operand === '') return 0
  const said = Number(BigInt.asIntN(64, argument(context, Number(operand))))
  const { outcome } = context
  return outcome && !outcome.failed && outcome.value >= 0n && outcome.value < BigInt(said)
    ? Number(outcome.value)
    : said
}

/** iovecs: only what was transferred is shown of those that were filled. */
export function vectors(value: bigint, count: number, left: number, context: Context): string {
  if (value === 0n) return 'NULL'
  if (count === 0) return '[]'
  const parts: string[] = []
  for (let index = 0; index < count; index++) {
    if (!context.options.full && index >= context.limit) {
      parts.push('...')
      break
    }
    const base = readWord(context.memory, value + BigInt(index * 16), 8)
    const length = readWord(context.memory, value + BigInt(index * 16 + 8), 8)
    if (base === undefined || length === undefined) {
      if (index === 0) return address(value)
      parts.push(`... /* ${address(value + BigInt(index * 16))} */`)
      break
    }
    const taken = Math.min(Number(length), left)
    left -= taken
    parts.push(`{iov_base=${buffer(base, taken, context)}, iov_len=${length}}`)
  }
  return `[${parts.join(', ')}]`
}

const bytesInHex: (operand: string) => Printer = operand => (value, context) => {
  const length = lengthOf(operand, context)
  const shown = Math.min(length, context.limit)
  const bytes = context.memory.read(value, shown)
  return bytes.length < shown ? address(value) : `"${escaped(bytes, 'all')}"${length > shown ? '...' : ''}`
}

/** By the letters of the kind; the operand names the argument that has the length. */
export const STRINGS: Readonly<Record<string, (operand: string, late: boolean) => Printer>> = {
  path: () => (value, context) => text(value, PATH_MAX - 1, context),
  string: () => (value, context) => text(value, context.limit, context),
  out_string: () => (value, context) => text(value, context.limit, context),
  name16: () => (value, context) => text(value, Math.min(15, context.limit), context),
  strings: () => strings,
  env: () => environment,
  buf: (operand, late) => (value, context) =>
    buffer(
      value,
      late ? lengthOf(operand, context) : Number(BigInt.asIntN(64, argument(context, Number(operand)))),
      context,
    ),
  bytes: bytesInHex,
  iovec: (operand, late) => (value, context) => {
    const left = late && context.outcome ? Number(context.outcome.value) : Infinity
    return vectors(value, Number(BigInt.asIntN(32, argument(context, Number(operand)))), left, context)
  },
}
