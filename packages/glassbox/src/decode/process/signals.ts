/** Signal sets, actions and siginfo_t. Sources: rt_sigaction(2), sigaction(2). */
import { CLD_EXITED, SI_KERNEL, SI_TIMER, SI_TKILL, SI_USER } from '../../linux/constants.ts'
import { constantSet } from '../../linux/flags.ts'
import { signalName } from '../../linux/signals.ts'
import { syscallByNumber } from '../../linux/syscalls.ts'
import { argument, type Context, type Printer } from '../context.ts'
import { bytesOf, readView, readWord } from '../memory.ts'
import { errnoText, NAMES, named, nameOf, setText, signalText } from '../names.ts'
import { address, hex } from '../text.ts'
import type { TextOptions } from '../types.ts'

/**
 * `[INT TERM]`. If at least two thirds of the signals are in the set, those that are not:
 * `~[RTMIN RT_1]`.
 */
export function signalSetText(mask: bigint, options: TextOptions): string {
  const shortName = (signal: number): string =>
    named(String(signal), signalName(signal).replace(/^SIG/, ''), options)
  const all = Array.from({ length: 64 }, (_, index) => index + 1)
  const has = (signal: number): boolean => ((mask >> BigInt(signal - 1)) & 1n) === 1n
  const inside = all.filter(has)
  if (inside.length < 42) return `[${inside.map(shortName).join(' ')}]`
  return `~[${all
    .filter(signal => !has(signal))
    .map(shortName)
    .join(' ')}]`
}

/** rt_sigpending(2) writes as many bytes as the caller asks for. */
export const pendingSignals: Printer = (value, context) => {
  const size = argument(context, 1)
  if (size === 0n || size > SET_BYTES || context.options.addressesOnly) return address(value)
  const bytes = context.memory.read(value, Number(size))
  if (bytes.length < Number(size)) return address(value)
  const mask = bytes.reduceRight((word, byte) => (word << 8n) | BigInt(byte), 0n)
  return signalSetText(mask, context.options)
}

/** The size is an argument. It is that of the kernel's set, or less. */
export const signalSetOf =
  (operand: string): Printer =>
  (value, context) => {
    const size = argument(context, Number(operand))
    return size === SET_BYTES ? signalSet(value, context) : address(value)
  }

export const signalSet: Printer = (value, { memory, options }) => {
  const mask = readWord(memory, value, 8)
  return mask === undefined || options.addressesOnly ? address(value) : signalSetText(mask, options)
}

/**
 * The offset in struct rt_sigframe, from the stack pointer at the call, which is after the return
 * address.
 */
const FRAME_MASK = 296n

/** The signals that are blocked again when a handler has returned. */
export const signalFrame: Printer = (_value, context) => {
  const { stackPointer } = context.call
  return stackPointer === undefined ? '' : `{mask=${signalSet(stackPointer + FRAME_MASK, context)}}`
}

const SET_BYTES = 8n
const SA_RESTORER = 0x04000000n
const SIG_ERR = 2n ** 64n - 1n

const HANDLERS: ReadonlyMap<bigint, string> = new Map([
  [0n, 'SIG_DFL'],
  [1n, 'SIG_IGN'],
  [SIG_ERR, 'SIG_ERR'],
])

function handlerText(handler: bigint, options: TextOptions): string {
  const name = HANDLERS.get(handler)
  return name === undefined ? hex(handler) : named(hex(handler), name, options)
}

export const signalAction: Printer = (value, { memory, options }) => {
  const view = readView(memory, value, 32)
  if (!view || options.addressesOnly) return address(value)
  const [handler, flags, restorer, mask] = [0, 8, 16, 24].map(at => view.getBigUint64(at, true)) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ]
  const tail = flags & SA_RESTORER ? `, sa_restorer=${address(restorer)}` : ''
  return `{sa_handler=${handlerText(handler, options)}, sa_mask=${signalSetText(mask, options)}, sa_flags=${setText('|sa', flags, options)}${tail}}`
}

/** A mask and its size, which pselect6(2) takes in one argument. */
export const signalArgument: Printer = (value, context) => {
  const view = readView(context.memory, value, 16)
  if (!view) return address(value)
  const mask = view.getBigUint64(0, true)
  return `{sigmask=${mask === 0n ? 'NULL' : signalSet(mask, context)}, sigsetsize=${view.getBigUint64(8, true)}}`
}

/** Sets of codes, by signal. */
const CODES: Readonly<Record<string, string>> = {
  SIGCHLD: 'cld_code',
  SIGSEGV: 'segv_code',
  SIGILL: 'ill_code',
  SIGFPE: 'fpe_code',
  SIGBUS: 'bus_code',
  SIGTRAP: 'trap_code',
  SIGIO: 'poll_code',
  SIGSYS: 'sys_code',
}
const FAULTS = new Set(['SIGSEGV', 'SIGILL', 'SIGFPE', 'SIGBUS', 'SIGTRAP'])
function memoryError(view: DataView): string {
  return `, si_addr_lsb=${hex(view.getUint16(24, true))}`
}

/**
 * What some faults report beyond the address, by signal and code: bounds, the key, the size of
 * the damaged memory.
 */
const FAULT_DETAILS: Readonly<Record<string, (view: DataView) => string>> = {
  'SIGSEGV 3': view =>
    `, si_lower=${address(view.getBigUint64(32, true))}, si_upper=${address(view.getBigUint64(40, true))}`,
  'SIGSEGV 4': view => `, si_pkey=${view.getUint32(32, true)}`,
  'SIGBUS 4': memoryError,
  'SIGBUS 5': memoryError,
}
/** clock_t per second: sysconf(_SC_CLK_TCK) is 100 on x86. */
const TICKS = 100n

function codeText(signal: string, code: number, options: TextOptions): string {
  const general = constantSet('sa_si_code')
  const own = code > 0 && code !== SI_KERNEL ? constantSet(CODES[signal] ?? '') : general
  const name = own && nameOf(own, BigInt(code))
  const number = hex(BigInt.asUintN(32, BigInt(code)))
  return name === undefined ? number : named(number, name, options)
}

const NO_ID = 0xffffffff
const idText = (view: DataView): string => {
  const id = view.getUint32(20, true)
  return id === NO_ID ? '-1' : String(id)
}

/** The process that sent the signal or ended. */
function senderText(view: DataView, { process }: TextOptions): string {
  const pid = view.getInt32(16, true)
  return `si_pid=${pid}${process?.(pid, 'tgid') ?? ''}, si_uid=${idText(view)}`
}

function childFields(view: DataView, options: TextOptions): string {
  const code = view.getInt32(8, true)
  const status = view.getInt32(24, true)
  const ticks = (at: number): string => {
    const value = view.getBigUint64(at, true)
    const hundredths = String(value % TICKS).padStart(2, '0')
    return value === 0n ? '0' : `${value} /* ${value / TICKS}.${hundredths} s */`
  }
  return `, ${senderText(view, options)}, si_status=${code === CLD_EXITED ? status : signalText(status & 0x7f, options)}, si_utime=${ticks(32)}, si_stime=${ticks(40)}`
}

/** The value that sigqueue(3) sends, if there is one. */
function sentValue(view: DataView, at: number): string {
  const pointer = view.getBigUint64(at, true)
  return pointer === 0n ? '' : `, si_int=${view.getInt32(at, true)}, si_ptr=${address(pointer)}`
}

function fieldsText(signal: string, code: number, view: DataView, options: TextOptions): string {
  if (code === SI_USER || code === SI_TKILL) return `, ${senderText(view, options)}`
  if (code === SI_TIMER)
    return `, si_timerid=${hex(view.getUint32(16, true))}, si_overrun=${view.getInt32(20, true)}${sentValue(view, 24)}`
  if (code < 0) return `, ${senderText(view, options)}${sentValue(view, 24)}`
  if (signal === 'SIGCHLD') return childFields(view, options)
  if (FAULTS.has(signal))
    return `, si_addr=${address(view.getBigUint64(16, true))}${FAULT_DETAILS[`${signal} ${code}`]?.(view) ?? ''}`
  if (signal === 'SIGIO') return `, si_band=${view.getBigInt64(16, true)}, si_fd=${view.getInt32(24, true)}`
  if (signal === 'SIGSYS') {
    const nr = view.getInt32(24, true)
    const call = syscallByNumber(nr)?.name
    const callText = call === undefined ? String(nr) : named(String(nr), `__NR_${call}`, options)
    return `, si_call_addr=${address(view.getBigUint64(16, true))}, si_syscall=${callText}, si_arch=${setText('=audit_arch', BigInt(view.getUint32(28, true)), options)}`
  }
  return code === SI_KERNEL ? '' : sentBy(view, options)
}

/** The sender, and the value that it sent, if there is one. */
function sentBy(view: DataView, options: TextOptions): string {
  const source = view.getBigUint64(16, true) === 0n ? '' : `, ${senderText(view, options)}`
  return source + sentValue(view, 24)
}

/** `{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=…}`, from the 128 bytes of a siginfo_t. */
export function siginfoText(bytes: Uint8Array, options: TextOptions = NAMES): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const number = view.getInt32(0, true)
  const errno = view.getUint32(4, true)
  const code = view.getInt32(8, true)
  if (number === 0) return '{}'
  const signal = signalName(number)
  const error = errno === 0 ? '' : `, si_errno=${errnoText(errno, options)}`
  const fields = options.addressesOnly ? '' : fieldsText(signal, code, view, options)
  return `{si_signo=${signalText(number, options)}, si_code=${codeText(signal, code, options)}${error}${fields}}`
}

export const siginfo: Printer = (value, { memory, options }: Context) => {
  const view = readView(memory, value, 128)
  return view ? siginfoText(bytesOf(view), options) : address(value)
}
