/** Reads the records of stops: struct guest_record of native/guest.h. */
import { GUEST_RECORD_LAYOUT, GUEST_STOP } from '../../../gate/guest.ts'
import { AUDIT_ARCH_X86_64 } from '../../../linux/constants.ts'
import type { Fault } from '../platform.ts'

export const RECORD_WORDS: number = GUEST_RECORD_LAYOUT.SIZE / 4

const KIND = GUEST_RECORD_LAYOUT.kind / 4
const ARCH = GUEST_RECORD_LAYOUT.arch / 4
const IP = GUEST_RECORD_LAYOUT.ip / 4
const SP = GUEST_RECORD_LAYOUT.sp / 4
const NR = GUEST_RECORD_LAYOUT.nr / 4
const ARGS = GUEST_RECORD_LAYOUT.args / 4
const SIGNAL = GUEST_RECORD_LAYOUT.signal / 4
const CODE = GUEST_RECORD_LAYOUT.code / 4
const ADDRESS = GUEST_RECORD_LAYOUT.address / 4

const X86_64 = AUDIT_ARCH_X86_64 | 0
/** What a call of another kind of program (`int $0x80`) has as its number: no call has it. */
const FOREIGN = -1
const SIGNALS = { ill: 4, trap: 5, bus: 7, fpe: 8, segv: 11, sys: 31 } as const
const FAULTS: ReadonlySet<number> = new Set([SIGNALS.ill, SIGNALS.bus, SIGNALS.fpe, SIGNALS.segv])

/** `none`: it means nothing to the kernel, such as a signal from outside. */
export type StopOf = 'call' | 'vsyscall' | 'fault' | 'trap' | 'interrupted' | 'gone' | 'none'

export function stopOf(words: Int32Array, at: number): StopOf {
  const kind = words[at + KIND]
  if (kind === GUEST_STOP.call) return 'call'
  if (kind === GUEST_STOP.interrupted) return 'interrupted'
  if (kind === GUEST_STOP.gone) return 'gone'
  if (kind !== GUEST_STOP.signal) return 'none'
  // Only the CPU's own signals have a positive code.
  if ((words[at + CODE] ?? 0) <= 0) return 'none'
  const signal = words[at + SIGNAL] ?? 0
  if (FAULTS.has(signal)) return 'fault'
  if (signal === SIGNALS.trap) return 'trap'
  return signal === SIGNALS.sys ? 'vsyscall' : 'none'
}

/** The 64-bit number at that word, signed. */
export const wordAt = (words: Int32Array, at: number): number =>
  (words[at + 1] ?? 0) * 2 ** 32 + ((words[at] ?? 0) >>> 0)

/** What a call has. */
export interface CallTarget {
  nr: number
  readonly args: [number, number, number, number, number, number]
  ip: number
  sp: number
}

export function takeCall(target: CallTarget, words: Int32Array, at: number): void {
  target.nr = words[at + ARCH] === X86_64 ? (words[at + NR] as number) : FOREIGN
  target.ip = wordAt(words, at + IP)
  target.sp = wordAt(words, at + SP)
  const { args } = target
  args[0] = wordAt(words, at + ARGS)
  args[1] = wordAt(words, at + ARGS + 2)
  args[2] = wordAt(words, at + ARGS + 4)
  args[3] = wordAt(words, at + ARGS + 6)
  args[4] = wordAt(words, at + ARGS + 8)
  args[5] = wordAt(words, at + ARGS + 10)
}

export const takeFault = (words: Int32Array, at: number): Fault => ({
  signal: words[at + SIGNAL] ?? 0,
  code: words[at + CODE] ?? 0,
  address: wordAt(words, at + ADDRESS),
  error: -1,
})

/** The address of the call of a SIGSYS. */
export const vsyscallAddress = (words: Int32Array, at: number): number => words[at + ADDRESS] ?? 0
