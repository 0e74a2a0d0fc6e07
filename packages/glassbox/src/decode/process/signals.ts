/** Signal sets, actions and siginfo_t. Sources: rt_sigaction(2), sigaction(2). */
import { siginfoOf } from '../../codec/read.ts'
import { readStruct, struct, unsigned } from '../../codec/struct.ts'
import { AUDIT_ARCH_X86_64, CLD_EXITED, SA_RESTORER, SI_KERNEL } from '../../linux/constants.ts'
import { constantSet } from '../../linux/flags.ts'
import {
  type DataModel,
  offsetOf,
  pointerBytes,
  type StructValues,
  type Word,
} from '../../linux/schema/layouts.ts'
import { siginfoShape } from '../../linux/schema/unions.ts'
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
export function signalSetText(mask: bigint, options: TextOptions, signals = 64): string {
  const shortName = (signal: number): string =>
    named(String(signal), signalName(signal).replace(/^SIG/, ''), options)
  const all = Array.from({ length: signals }, (_, index) => index + 1)
  const has = (signal: number): boolean => ((mask >> BigInt(signal - 1)) & 1n) === 1n
  const inside = all.filter(has)
  if (inside.length < Math.floor((signals * 2) / 3)) return `[${inside.map(shortName).join(' ')}]`
  return `~[${all
    .filter(signal => !has(signal))
    .map(shortName)
    .join(' ')}]`
}

/** rt_sigpending(2) writes as many bytes as the caller asks for. */
export const pendingSignals: Printer = (value, context) => {
  const size = argument(context, 1)
  return size === 0n || size > SET_BYTES ? address(value) : setOfBytes(value, Number(size), context)
}

/** The size is an argument. It is that of the kernel's set, or less. */
export const signalSetOf =
  (operand: string): Printer =>
  (value, context) => {
    const size = argument(context, Number(operand))
    return maskText(value, size, context)
  }

export const signalSet: Printer = (value, { memory, options }) => {
  const mask = readWord(memory, value, 8)
  return mask === undefined || options.addressesOnly ? address(value) : signalSetText(mask, options)
}

/** Signals of a set that sigaction(2) and its kind take. */
export const OLD_SIGNALS = 32

/** A set of the first 32 signals, which sigaction(2) and its kind take. */
export const oldSignalSet: Printer = (value, { memory, options }) => {
  const mask = readWord(memory, value, 4)
  return mask === undefined ? address(value) : signalSetText(mask, options, OLD_SIGNALS)
}

export const oldSignalAction: Printer = (value, { memory, options }) => {
  const action = readStruct(memory, value, 'old_sigaction')
  return action ? actionText(action, options, OLD_SIGNALS) : address(value)
}

interface Action {
  readonly sa_handler: Word
  readonly sa_mask: Word
  readonly sa_flags: Word
  readonly sa_restorer: Word
}

function actionText(action: Action, options: TextOptions, signals?: number): string {
  const flags = unsigned(action.sa_flags)
  const tail = flags & BigInt(SA_RESTORER) ? `, sa_restorer=${address(unsigned(action.sa_restorer))}` : ''
  const mask = signalSetText(unsigned(action.sa_mask), options, signals)
  return `{sa_handler=${handlerText(unsigned(action.sa_handler), options)}, sa_mask=${mask}, sa_flags=${setText('|sa', flags, options)}${tail}}`
}

/**
 * How far behind the stack pointer struct ucontext is: in i386, the number of the signal, two
 * pointers and siginfo_t are before it.
 */
const contextOffset = (model: DataModel | undefined): number =>
  model === 32 ? 3 * pointerBytes(model) + struct('siginfo', model).size : 0

/** The frame of sigreturn(2): the first 32 signals are in struct sigcontext, others behind it. */
export const oldSignalFrame: Printer = (_value, { call, memory, options }) => {
  const { stackPointer } = call
  if (stackPointer === undefined) return ''
  const frame = readStruct(memory, stackPointer, 'old_signal_frame')
  if (!frame) return address(stackPointer)
  return `{mask=${signalSetText((unsigned(frame.extramask) << 32n) | unsigned(frame.oldmask), options)}}`
}

/** The signals that are blocked again when a handler has returned. */
export const signalFrame: Printer = (_value, context) => {
  const { stackPointer } = context.call
  if (stackPointer === undefined) return ''
  // The handler has taken the return address, so the stack pointer is that of struct ucontext.
  const { model } = context.memory
  const mask = stackPointer + BigInt(contextOffset(model) + offsetOf('ucontext', 'uc_sigmask', model))
  return `{mask=${signalSet(mask, context)}}`
}

const SET_BYTES = 8n
const SIG_ERR = 2n ** 64n - 1n

const HANDLERS: ReadonlyMap<bigint, string> = new Map([
  [0n, 'SIG_DFL'],
  [1n, 'SIG_IGN'],
  [SIG_ERR, 'SIG_ERR'],
])

export function handlerText(handler: bigint, options: TextOptions): string {
  const name = HANDLERS.get(handler)
  return name === undefined ? hex(handler) : named(hex(handler), name, options)
}

/** What strace reads behind an action: its mask has room for a byte a signal. */
const MORE_MASK_BYTES = 56
/** That, for programs of 64 bits. */
export const ACTION_BYTES = 88

export const signalAction: Printer = (value, { memory, options }) => {
  const codec = struct('sigaction', memory.model)
  const view = readView(memory, value, codec.size + MORE_MASK_BYTES)
  return view && !options.addressesOnly ? actionText(codec.read(view), options) : address(value)
}

/** A set whose size the caller says: the kernel takes no other than its own. */
function maskText(mask: bigint, size: bigint, context: Context): string {
  // As in strace, which takes a long of the program for the least.
  if (size < BigInt(pointerBytes(context.memory.model)) || size > SET_BYTES) return address(mask)
  return setOfBytes(mask, Number(size), context)
}

function setOfBytes(value: bigint, size: number, { memory, options }: Context): string {
  const bytes = memory.read(value, size)
  if (bytes.length < size || options.addressesOnly) return address(value)
  const mask = bytes.reduceRight((word, byte) => (word << 8n) | BigInt(byte), 0n)
  return signalSetText(mask, options)
}

/** A mask and its size, which pselect6(2) takes in one argument. */
export const signalArgument: Printer = (value, context) => {
  const fields = readStruct(context.memory, value, 'sigset_argument')
  if (!fields) return address(value)
  const mask = unsigned(fields.sigmask)
  return `{sigmask=${mask === 0n ? 'NULL' : maskText(mask, unsigned(fields.sigsetsize), context)}, sigsetsize=${fields.sigsetsize}}`
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

/** The fields of all layouts of siginfo_t: a value has those of its own. */
type Siginfo = Pick<StructValues['siginfo'], 'si_signo' | 'si_code' | 'si_errno'> &
  Partial<StructValues['siginfo_queue']> &
  Partial<StructValues['siginfo_timer']> &
  Partial<StructValues['siginfo_child']> &
  Partial<StructValues['siginfo_bounds']> &
  Partial<StructValues['siginfo_pkey']> &
  Partial<StructValues['siginfo_memory']> &
  Partial<StructValues['siginfo_poll']> &
  Partial<StructValues['siginfo_sys']>

/** What some faults report beyond the address: bounds, the key, the size of the damaged memory. */
function faultDetails(info: Siginfo): string {
  if (info.si_lower !== undefined && info.si_upper !== undefined)
    return `, si_lower=${address(unsigned(info.si_lower))}, si_upper=${address(unsigned(info.si_upper))}`
  if (info.si_pkey !== undefined) return `, si_pkey=${info.si_pkey}`
  return info.si_addr_lsb === undefined ? '' : `, si_addr_lsb=${hex(info.si_addr_lsb & 0xffff)}`
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

/** The process that sent the signal or ended. */
function senderText({ si_pid: pid = 0, si_uid: uid = 0 }: Siginfo, { process }: TextOptions): string {
  return `si_pid=${pid}${process?.(pid, 'tgid') ?? ''}, si_uid=${uid === NO_ID ? -1 : uid}`
}

function ticks(value: Word): string {
  const count = unsigned(value)
  const hundredths = String(count % TICKS).padStart(2, '0')
  return count === 0n ? '0' : `${count} /* ${count / TICKS}.${hundredths} s */`
}

function childFields(info: Siginfo, options: TextOptions): string {
  const { si_status: status = 0, si_utime: user = 0, si_stime: system = 0 } = info
  const shown = info.si_code === CLD_EXITED ? status : signalText(status & 0x7f, options)
  return `, ${senderText(info, options)}, si_status=${shown}, si_utime=${ticks(user)}, si_stime=${ticks(system)}`
}

/** The value that sigqueue(3) sends, if there is one. */
function sentValue({ si_ptr: pointer = 0 }: Siginfo): string {
  const value = unsigned(pointer)
  return value === 0n ? '' : `, si_int=${BigInt.asIntN(32, value)}, si_ptr=${address(value)}`
}

function callFields(info: Siginfo, options: TextOptions): string {
  const nr = info.si_syscall ?? 0
  const isNative = (info.si_arch ?? 0) >>> 0 === AUDIT_ARCH_X86_64
  const call = isNative ? syscallByNumber(nr)?.name : undefined
  const callText = call === undefined ? String(nr) : named(String(nr), `__NR_${call}`, options)
  const arch = setText('=audit_arch', BigInt.asUintN(32, BigInt(info.si_arch ?? 0)), options)
  return `, si_call_addr=${address(unsigned(info.si_call_addr ?? 0))}, si_syscall=${callText}, si_arch=${arch}`
}

/** The text of what is known, by the layout that signal and code select. */
const FIELDS: Readonly<Record<string, (info: Siginfo, options: TextOptions) => string>> = {
  siginfo: () => '',
  siginfo_kill: (info, options) => `, ${senderText(info, options)}`,
  siginfo_timer: info =>
    `, si_timerid=${hex(info.si_timerid ?? 0)}, si_overrun=${info.si_overrun ?? 0}${sentValue(info)}`,
  siginfo_queue: (info, options) => {
    const isNobody = info.si_code > 0 && info.si_pid === 0 && info.si_uid === 0
    return `${isNobody ? '' : `, ${senderText(info, options)}`}${sentValue(info)}`
  },
  siginfo_child: childFields,
  siginfo_poll: info => `, si_band=${info.si_band ?? 0}, si_fd=${info.si_fd ?? 0}`,
  siginfo_sys: callFields,
}

const faultFields = (info: Siginfo): string =>
  `, si_addr=${address(unsigned(info.si_addr ?? 0))}${faultDetails(info)}`

/** `{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=…}`, from the 128 bytes of a siginfo_t. */
export function siginfoText(bytes: Uint8Array, options: TextOptions = NAMES, model?: DataModel): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const info = siginfoOf(view, model) as unknown as Siginfo
  const { si_signo: number, si_code: code, si_errno: errno } = info
  if (number === 0) return '{}'
  const error = errno === 0 ? '' : `, si_errno=${errnoText(errno >>> 0, options)}`
  const fields = options.addressesOnly
    ? ''
    : (FIELDS[siginfoShape(number, code)] ?? faultFields)(info, options)
  return `{si_signo=${signalText(number, options)}, si_code=${codeText(signalName(number), code, options)}${error}${fields}}`
}

export const siginfo: Printer = (value, { memory, options }: Context) => {
  const view = readView(memory, value, struct('siginfo').size)
  return view ? siginfoText(bytesOf(view), options, memory.model) : address(value)
}
