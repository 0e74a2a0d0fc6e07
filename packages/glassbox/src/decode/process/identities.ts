/**
 * Numbers and small structs that identify a kernel object: keys, file handles, messages by key,
 * events that a signal reports.
 */
import { readStruct, struct, unsigned } from '../../codec/struct.ts'
import { SIGEV_SIGNAL, SIGEV_THREAD, SIGEV_THREAD_ID } from '../../linux/constants.ts'
import { offsetOf, pointerBytes } from '../../linux/schema/layouts.ts'
import { argument, type Context, type Printer, signed32 } from '../context.ts'
import { named, nameIn, setText, signalText } from '../names.ts'
import { directoryText } from '../basic/scalars.ts'
import { buffer } from '../basic/strings.ts'
import { swapped } from '../network/order.ts'
import { address, quote } from '../text.ts'
import type { IdType, TextOptions } from '../types.ts'

/** A keyring by its special name, or a serial number. */
export const key: Printer = (value, { options }) => {
  const serial = signed32(value)
  return nameIn('keyring', BigInt(serial)) === undefined
    ? String(serial)
    : setText('=keyring', value, options)
}

const MOST_HANDLE_BYTES = 128

/** Where the bytes behind a struct begin. */
const behind = (name: 'file_handle' | 'msgbuf', value: bigint, { memory }: Context): bigint =>
  value + BigInt(struct(name, memory.model).size)

/** struct file_handle. The caller passes its length, and the kernel corrects it. */
export const fileHandle =
  (changes: boolean): Printer =>
  (value, context) => {
    const { memory, outcome } = context
    const head = readStruct(memory, value, 'file_handle')
    if (!head) return address(value)
    const size = head.handle_bytes
    const before = context.remembered.get(value)
    const was = changes && before !== undefined && Number(before) !== size ? `${before} => ` : ''
    const text = `{handle_bytes=${was}${size}`
    if (changes && outcome?.failed !== false) return `${text}}`
    const bytes = memory.read(behind('file_handle', value, context), Math.min(size, MOST_HANDLE_BYTES))
    const isWhole = bytes.length === Math.min(size, MOST_HANDLE_BYTES)
    const shown = isWhole ? quote(bytes, size > MOST_HANDLE_BYTES, 'all') : '???'
    return `${text}, handle_type=${head.handle_type}, f_handle=${shown}}`
  }

/** struct msgbuf: a type, and as many bytes of text as an argument says. */
export const messageBuffer =
  (operand: string): Printer =>
  (value, context) => {
    const head = readStruct(context.memory, value, 'msgbuf')
    // As in strace, which reads a struct that has room for the first bytes of the text.
    const room = 2 * struct('msgbuf', context.memory.model).size
    if (!head || context.memory.read(value, room).length < room) return address(value)
    const length = Number(argument(context, Number(operand)))
    return `{mtype=${head.mtype}, mtext=${buffer(behind('msgbuf', value, context), length, context)}}`
  }

/** How a signal is told that has its name. */
const BY_SIGNAL: ReadonlySet<number> = new Set([SIGEV_SIGNAL, SIGEV_THREAD, SIGEV_THREAD_ID])

/** struct sigevent. */
export const signalEvent: Printer = (value, { memory, options }: Context) => {
  // The rest of the struct is padding, which need not be there.
  const codec = struct('sigevent', memory.model)
  const threads = struct('sigevent_thread', memory.model)
  const needed =
    offsetOf('sigevent_thread', 'sigev_notify_attributes', memory.model) + pointerBytes(memory.model)
  const read = memory.read(value, needed)
  if (read.length < needed) return address(value)
  const whole = new Uint8Array(codec.size)
  whole.set(read)
  const view = new DataView(whole.buffer)
  const event = codec.read(view)
  const { sigev_signo: signal, sigev_notify: notify } = event
  const word = unsigned(event.sival_ptr)
  const sent = `sigev_value={sival_int=${BigInt.asIntN(32, word)}, sival_ptr=${address(word)}}`
  const parts = [
    ...(word === 0n ? [] : [sent]),
    `sigev_signo=${BY_SIGNAL.has(notify) ? signalText(signal, options) : signal >>> 0}`,
    `sigev_notify=${setText('=sigev', BigInt(notify), options)}`,
  ]
  if (notify === SIGEV_THREAD_ID) parts.push(`sigev_notify_thread_id=${event.sigev_notify_thread_id}`)
  if (notify === SIGEV_THREAD) {
    const thread = threads.read(view)
    for (const [name, pointer] of Object.entries(thread)) parts.push(`${name}=${address(unsigned(pointer))}`)
  }
  return `{${parts.join(', ')}}`
}

/** The directory descriptor of fanotify_mark(2), which may be FAN_NOFD. */
export const markDirectory: Printer = (value, context) => {
  return signed32(value) === -1 ? named('-1', 'FAN_NOFD', context.options) : directoryText(value, context)
}

/** The text of a key without its final NUL, limited by the size of the buffer. */
export const keyText =
  (operand: string): Printer =>
  (value, context) => {
    const room = argument(context, Number(operand))
    const length = context.outcome?.value ?? 0n
    const all = Number(length < room ? length : room)
    const shown = Math.min(all, context.limit)
    const last = context.memory.read(value + BigInt(Math.max(shown - 1, 0)), 1)[0]
    // As in strace: a NUL where the text is cut is taken for its end.
    return buffer(value, shown > 0 && last === 0 ? shown - 1 : all, context)
  }

/** `htons(ETH_P_IP)`. */
export function networkOrder(set: string, value: bigint, options: TextOptions): string {
  return `htons(${setText(set, swapped(value, 2), options)})`
}

/** What the kernel's keys can do: a byte a set, as many as the buffer has. */
export const keyCapabilities: Printer = (value, context) => {
  const count = Number(argument(context, 2))
  const written = Number(context.outcome?.value ?? 0n)
  const length = Math.min(count, written)
  const bytes = context.memory.read(value, length)
  if (bytes.length < length) return address(value)
  const names = Array.from(bytes, (byte, index) =>
    setText(`|key_caps${index}`, BigInt(byte), context.options),
  )
  return `[${names.join(', ')}]`
}

const OWNERS: readonly (IdType | undefined)[] = ['tid', 'tgid', 'pgid']

/**
 * struct f_owner_ex: the owner that is signalled when a descriptor is ready, and the kind of its
 * id.
 */
export const signalOwner: Printer = (value, { memory, options }) => {
  const fields = readStruct(memory, value, 'f_owner_ex')
  if (!fields) return address(value)
  const { type, pid: id } = fields
  const owner = OWNERS[type]
  return `{type=${setText('=f_owner', BigInt(type), options)}, pid=${id}${(owner && options.process?.(id, owner)) ?? ''}}`
}
