/** Numbers and small structs that stand for an object of the kernel: keys, file handles, messages by key, events that a signal tells. */
import { argument, type Context, type Printer, signed32 } from './context.ts'
import { readView, readWord } from './memory.ts'
import { setText } from './scalars.ts'
import { buffer } from './strings.ts'
import { address, escaped, hex } from './text.ts'
import { constantSet } from '../linux/flags.ts'
import { signalText } from './scalars.ts'

/** A keyring by its special name, or a serial number. */
export const key: Printer = (value, { options }) => {
  const serial = signed32(value)
  const named = constantSet('keyring')?.entries.some(([, number]) => number === serial)
  return named ? setText('=keyring', value, options) : String(serial)
}

const MOST_HANDLE_BYTES = 128

/** struct file_handle: how long it is, the caller says and the kernel corrects. */
export const fileHandle =
  (changes: boolean): Printer =>
  (value, context) => {
    const { memory, outcome } = context
    const head = readView(memory, value, 8)
    if (!head) return address(value)
    const size = head.getUint32(0, true)
    const before = context.remembered.get(value)
    const was = changes && before !== undefined && Number(before) !== size ? `${before} => ` : ''
    const text = `{handle_bytes=${was}${size}`
    if (changes && outcome?.failed !== false) return `${text}}`
    const bytes = memory.read(value + 8n, Math.min(size, MOST_HANDLE_BYTES))
    const handle = `0x${escaped(bytes, 'all').replaceAll('\\x', '')}`
    const shown = size === 0 ? '""' : bytes.length < Math.min(size, MOST_HANDLE_BYTES) ? '???' : handle
    return `${text}, handle_type=${hex(head.getUint32(4, true))}, f_handle=${shown}}`
  }

/** struct msgbuf: a type, and as many bytes of text as an argument (or the result) says. */
export const messageBuffer =
  (operand: string, out: boolean): Printer =>
  (value, context) => {
    const type = readWord(context.memory, value, 8)
    if (type === undefined) return address(value)
    const length = out ? (context.outcome?.value ?? 0n) : argument(context, Number(operand))
    return `{mtype=${BigInt.asIntN(64, type)}, mtext=${buffer(value + 8n, Number(length), context)}}`
  }

const NOTIFIES = { SIGNAL: 0, THREAD: 2, THREAD_ID: 4 } as const

/** struct sigevent. */
export const signalEvent: Printer = (value, { memory, options }: Context) => {
  const view = readView(memory, value, 64)
  if (!view) return address(value)
  const word = view.getBigUint64(0, true)
  const notify = view.getInt32(12, true)
  const signal = view.getInt32(8, true)
  const parts = [
    ...(word === 0n
      ? []
      : [`sigev_value={sival_int=${view.getInt32(0, true)}, sival_ptr=${address(word)}}`]),
    `sigev_signo=${notify === NOTIFIES.SIGNAL || notify === NOTIFIES.THREAD_ID ? signalText(signal, options) : signal}`,
    `sigev_notify=${setText('=sigev', BigInt(notify), options)}`,
  ]
  if (notify === NOTIFIES.THREAD_ID) parts.push(`sigev_notify_thread_id=${view.getInt32(16, true)}`)
  if (notify === NOTIFIES.THREAD) {
    parts.push(`sigev_notify_function=${address(view.getBigUint64(16, true))}`)
    parts.push(`sigev_notify_attributes=${address(view.getBigUint64(24, true))}`)
  }
  return `{${parts.join(', ')}}`
}

/** fanotify_mark(2) and no directory. */
export const markDirectory: Printer = (value, context) => {
  if (signed32(value) === -1) return 'FAN_NOFD'
  const fd = signed32(value)
  if (fd !== -100) return `${fd}${fd < 0 ? '' : (context.options.descriptor?.(fd) ?? '')}`
  return `AT_FDCWD${context.options.descriptor?.(fd) ?? ''}`
}
