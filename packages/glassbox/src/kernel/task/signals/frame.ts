/**
 * The frame of a signal handler on the guest's stack, as Linux builds it on x86-64: from below,
 * the address to return to, struct ucontext, siginfo_t; above them, at a multiple of 64, the
 * extended state as XSAVE stores it. rt_sigreturn reads the same frame.
 */
import { REGISTER } from '../../platform/registers.ts'
import type { Registers } from '../../platform/registers.ts'
import type { Task } from '../state.ts'
import type { Action } from './actions.ts'
import { encodeInfo, getWord, setWord } from './info.ts'
import type { SignalInfo } from './info.ts'
import type { SignalSet } from './set.ts'
import { isInUse, isOnStack } from './stack.ts'
import type { AlternateStack } from './stack.ts'
import { SA_ONSTACK, SS_AUTODISARM, SS_DISABLE } from '../../../linux/constants.ts'

/** Offsets in the frame. */
const FRAME = {
  restorer: 0,
  flags: 8,
  link: 16,
  stackAddress: 24,
  stackFlags: 32,
  stackSize: 40,
  registers: 48,
  segments: 192,
  error: 200,
  trap: 208,
  cr2: 224,
  extended: 232,
  mask: 304,
  info: 312,
  size: 440,
} as const

/** Up to here the frame is what rt_sigreturn reads. */
const CONTEXT_END = FRAME.info

/** UC_FP_XSTATE, UC_SIGCONTEXT_SS and UC_STRICT_RESTORE_SS. */
const CONTEXT_FLAGS = 7

/** Offsets in the extended state: the bytes that XSAVE leaves to software. */
const SOFTWARE = { start: 464, end: 512, magic: 464, extendedSize: 468, features: 472, size: 480 } as const
const MAGIC1 = 0x46505853
const MAGIC2 = 0x46505845
/** XSTATE_BV: the features that this host's XSAVE area can hold, in its own header. */
const LEGACY_SIZE = 512

const X87 = 1
const SSE = 2
/** Offsets of the control word of SSE, its mask, and the vectors. */
const CONTROL = { mxcsr: 24, mask: 28, vectors: 160, end: 416 } as const
/** What a CPU knows that says nothing. */
const DEFAULT_MASK = 0xffbf

const RED_ZONE = 128
const USER_CS = 0x33
const USER_SS = 0x2b
/** DF, TF and RF are off in a handler. */
const HANDLER_FLAGS_OFF = 0x400 | 0x100 | 0x10000
/** The flags that rt_sigreturn takes from the frame. */
const RESTORED_FLAGS = 0x50dd5

/** The order of the general registers in struct sigcontext. */
const ORDER: readonly number[] = [
  ...[REGISTER.r8, REGISTER.r9, REGISTER.r10, REGISTER.r11, REGISTER.r12, REGISTER.r13],
  ...[REGISTER.r14, REGISTER.r15, REGISTER.rdi, REGISTER.rsi, REGISTER.rbp, REGISTER.rbx],
  ...[REGISTER.rdx, REGISTER.rax, REGISTER.rcx, REGISTER.rsp, REGISTER.rip],
]
const FLAGS_OFFSET = FRAME.registers + ORDER.length * 8

const buffer = new Uint8Array(FRAME.size)
const view = new DataView(buffer.buffer)
const MAX_EXTENDED = 16_384
const extendedBuffer = new Uint8Array(MAX_EXTENDED)
const extendedView = new DataView(extendedBuffer.buffer)

/**
 * Puts the frame on the stack and lets the thread go on in the handler. `mask` is the one that
 * comes back when the handler returns. False if the stack cannot be written.
 */
export function pushFrame(task: Task, info: SignalInfo, action: Action, mask: SignalSet): boolean {
  const registers = task.thread.registers()
  const extended = task.thread.extended()
  const sp = registers.get(REGISTER.rsp)
  const extendedAt = floor(stackTop(task.alternateStack, action, sp) - extended.length - 4, 64)
  const at = floor(extendedAt - FRAME.size, 16) - 8
  if (overflows(task.alternateStack, action, sp, at)) return false

  fillFrame(task, info, action, registers, mask, extendedAt)
  const length = fillExtended(extended)
  const { memory } = task
  if (memory.write(extendedAt, extendedBuffer, 0, length) !== 0) return false
  if (memory.write(at, buffer, 0, FRAME.size) !== 0) return false

  if (task.alternateStack !== undefined && task.alternateStack.flags & SS_AUTODISARM)
    task.alternateStack = undefined
  registers.set(REGISTER.rdi, info.signal)
  registers.set(REGISTER.rsi, at + FRAME.info)
  registers.set(REGISTER.rdx, at + FRAME.flags)
  registers.set(REGISTER.rax, 0)
  registers.set(REGISTER.rsp, at)
  registers.set(REGISTER.rip, action.handler)
  registers.set(REGISTER.cs, USER_CS)
  registers.set(REGISTER.ss, USER_SS)
  registers.words[2 * REGISTER.eflags] = (registers.words[2 * REGISTER.eflags] as number) & ~HANDLER_FLAGS_OFF
  task.thread.changed()
  task.thread.setExtended(undefined)
  return true
}

/** Below the red zone, or the top of the alternate stack if it is wanted and not in use. */
function stackTop(stack: AlternateStack | undefined, action: Action, sp: number): number {
  const top = sp - RED_ZONE
  return stack !== undefined && entersStack(stack, action, top) ? stack.address + stack.size : top
}

/** Not if it runs there already: then its handlers nest on it. */
const entersStack = (stack: AlternateStack, action: Action, sp: number): boolean =>
  (action.flags & SA_ONSTACK) !== 0 && (stack.flags & SS_DISABLE) === 0 && !isInUse(stack, sp)

/**
 * Whether the frame would begin below the alternate stack that it belongs to. Without this check
 * the next signal would find itself off that stack and start again at its top, without end.
 */
function overflows(stack: AlternateStack | undefined, action: Action, sp: number, at: number): boolean {
  if (stack === undefined || isOnStack(stack, at)) return false
  return isInUse(stack, sp) || entersStack(stack, action, sp - RED_ZONE)
}

function fillFrame(
  task: Task,
  info: SignalInfo,
  action: Action,
  registers: Registers,
  mask: SignalSet,
  extendedAt: number,
): void {
  buffer.fill(0)
  setWord(view, FRAME.restorer, action.restorer)
  setWord(view, FRAME.flags, CONTEXT_FLAGS)
  const stack = task.alternateStack
  setWord(view, FRAME.stackAddress, stack?.address ?? 0)
  view.setInt32(FRAME.stackFlags, stack?.flags ?? 0, true)
  setWord(view, FRAME.stackSize, stack?.size ?? 0)
  for (let i = 0; i < ORDER.length; i++) copyOut(registers, ORDER[i] as number, FRAME.registers + 8 * i)
  copyOut(registers, REGISTER.eflags, FLAGS_OFFSET)
  view.setUint16(FRAME.segments, USER_CS, true)
  view.setUint16(FRAME.segments + 6, USER_SS, true)
  if (info.details.kind === 'fault') {
    setWord(view, FRAME.error, info.details.error)
    setWord(view, FRAME.trap, info.details.trap)
    setWord(view, FRAME.cr2, info.details.paged ? info.details.address : 0)
  }
  setWord(view, FRAME.extended, extendedAt)
  view.setInt32(FRAME.mask, mask.lo, true)
  view.setInt32(FRAME.mask + 4, mask.hi, true)
  encodeInfo(info, view, FRAME.info)
}

/** The bytes of XCR0 that the header of a state in standard format may name. */
const XCR0_OFFSET = 464

function fillExtended(extended: Uint8Array): number {
  const size = extended.length
  extendedBuffer.set(extended)
  const features = featuresOf(extended)
  extendedBuffer.fill(0, SOFTWARE.start, SOFTWARE.end)
  extendedView.setUint32(SOFTWARE.magic, MAGIC1, true)
  extendedView.setUint32(SOFTWARE.extendedSize, size + 4, true)
  extendedView.setUint32(SOFTWARE.features, features, true)
  extendedView.setUint32(SOFTWARE.size, size, true)
  extendedView.setUint32(size, MAGIC2, true)
  return size + 4
}

/** XCR0 of the host, which PTRACE_GETREGSET puts into the bytes that XSAVE leaves to software. */
function featuresOf(extended: Uint8Array): number {
  const state = new DataView(extended.buffer, extended.byteOffset)
  const features = extended.length >= SOFTWARE.end ? state.getUint32(XCR0_OFFSET, true) : 0
  return features === 0 ? DEFAULT_FEATURES : features
}

/** x87, SSE and AVX. */
const DEFAULT_FEATURES = 7

function copyOut(registers: Registers, index: number, offset: number): void {
  view.setInt32(offset, registers.words[2 * index] as number, true)
  view.setInt32(offset + 4, registers.words[2 * index + 1] as number, true)
}

function copyIn(registers: Registers, index: number, offset: number): void {
  registers.words[2 * index] = view.getInt32(offset, true)
  registers.words[2 * index + 1] = view.getInt32(offset + 4, true)
}

/**
 * Takes the registers, the mask, the alternate stack and the extended state of the frame that the
 * stack pointer is behind. False if the frame cannot be read, or the CPU would refuse its state.
 */
export function popFrame(task: Task): boolean {
  const registers = task.thread.registers()
  const at = registers.get(REGISTER.rsp) - 8
  if (task.memory.read(at, buffer, 0, CONTEXT_END) !== 0) return false
  for (let i = 0; i < ORDER.length; i++) copyIn(registers, ORDER[i] as number, FRAME.registers + 8 * i)
  const kept = (registers.words[2 * REGISTER.eflags] as number) & ~RESTORED_FLAGS
  registers.words[2 * REGISTER.eflags] = kept | (view.getInt32(FLAGS_OFFSET, true) & RESTORED_FLAGS)
  registers.set(REGISTER.orig_rax, -1)
  task.mask.setMask(view.getInt32(FRAME.mask, true), view.getInt32(FRAME.mask + 4, true))
  const address = getWord(view, FRAME.stackAddress)
  const size = getWord(view, FRAME.stackSize)
  const flags = view.getInt32(FRAME.stackFlags, true)
  task.alternateStack = flags & SS_DISABLE || size === 0 ? undefined : { address, size, flags }
  task.thread.changed()
  return restoreExtended(task, getWord(view, FRAME.extended))
}

function restoreExtended(task: Task, at: number): boolean {
  if (at === 0) return task.thread.setExtended(undefined)
  const own = task.thread.extended()
  const size = own.length
  const whole = task.memory.read(at, extendedBuffer, 0, size + 4) === 0 && isWhole(size)
  if (!whole && task.memory.read(at, extendedBuffer, 0, LEGACY_SIZE) !== 0) return false
  const state = new Uint8Array(size)
  state.set(extendedBuffer.subarray(0, whole ? size : LEGACY_SIZE))
  state.fill(0, SOFTWARE.start, SOFTWARE.end)
  // Of a frame in the old format, only x87 and SSE are taken.
  const fields = new DataView(state.buffer)
  if (!whole) fields.setUint32(LEGACY_SIZE, X87 | SSE, true)
  // The mask of the CPU, not that of the frame.
  const mask = new DataView(own.buffer, own.byteOffset).getUint32(CONTROL.mask, true) || DEFAULT_MASK
  return takesControl(state, fields, mask) && task.thread.setExtended(state)
}

/**
 * XRSTOR takes MXCSR from the frame even if the header says that the vectors are all zero, and
 * refuses bits that the CPU does not have. The host looks at it only if the header names them.
 */
function takesControl(state: Uint8Array, fields: DataView, mask: number): boolean {
  if ((fields.getUint32(CONTROL.mxcsr, true) & ~mask) !== 0) return false
  const features = fields.getUint32(LEGACY_SIZE, true)
  if ((features & SSE) !== 0) return true
  state.fill(0, CONTROL.vectors, CONTROL.end)
  fields.setUint32(LEGACY_SIZE, features | SSE, true)
  return true
}

function isWhole(size: number): boolean {
  return (
    extendedView.getUint32(SOFTWARE.magic, true) === MAGIC1 &&
    extendedView.getUint32(SOFTWARE.size, true) <= size &&
    extendedView.getUint32(size, true) === MAGIC2
  )
}

/** The least stack that a handler's frame takes: AT_MINSIGSTKSZ. */
export function signalFrameSize(extendedSize: number): number {
  return FRAME.size + extendedSize + 4 + RED_ZONE + 64 + 16
}

const floor = (value: number, unit: number): number => Math.floor(value / unit) * unit
