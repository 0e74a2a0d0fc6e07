/**
 * The records that a native step fills, by index. The layout is `struct stop_record` of
 * native/record.h. There is one buffer for the life of a trace, so values that are needed after a
 * stop has been handled are copied.
 */
import { LANE, SIGINFO_BYTES, STOP_RECORD_LAYOUT } from '../gate/generated/layouts.ts'
import { RECORD_BYTES } from '../gate/ptrace.ts'
import { SYSCALL_INFO } from '../linux/ptrace.ts'

const WORDS = RECORD_BYTES / 8
const HALVES = RECORD_BYTES / 4
/** Offsets in 32-bit words. */
const TID = STOP_RECORD_LAYOUT.tid / 4
const STATUS = STOP_RECORD_LAYOUT.status / 4
const INFO_LENGTH = STOP_RECORD_LAYOUT.infoLength / 4
const SIGINFO_ERROR = STOP_RECORD_LAYOUT.siginfoError / 4
const ARCH = STOP_RECORD_LAYOUT.infoArch / 4
const LANE_AT = STOP_RECORD_LAYOUT.lane / 4
const CAPTURED = STOP_RECORD_LAYOUT.captured / 4
const NUMBER = STOP_RECORD_LAYOUT.infoEntryNr / 4
/** Offsets in 64-bit words. */
const TIME = STOP_RECORD_LAYOUT.time / 8
const MESSAGE = STOP_RECORD_LAYOUT.message / 8
const USER = STOP_RECORD_LAYOUT.user / 8
const SYSTEM = STOP_RECORD_LAYOUT.system / 8
const INSTRUCTION_POINTER = STOP_RECORD_LAYOUT.infoInstructionPointer / 8
const STACK_POINTER = STOP_RECORD_LAYOUT.infoStackPointer / 8
const ARGS = STOP_RECORD_LAYOUT.infoEntryArgs / 8
const RESULT = STOP_RECORD_LAYOUT.infoExitRval / 8

export class Records {
  readonly capacity: number
  readonly bytes: Uint8Array
  readonly #halves: Int32Array
  readonly #unsignedHalves: Uint32Array
  readonly #words: BigUint64Array
  readonly #signed: BigInt64Array

  constructor(capacity: number) {
    this.capacity = capacity
    const buffer = new ArrayBuffer(capacity * RECORD_BYTES)
    this.bytes = new Uint8Array(buffer)
    this.#halves = new Int32Array(buffer)
    this.#unsignedHalves = new Uint32Array(buffer)
    this.#words = new BigUint64Array(buffer)
    this.#signed = new BigInt64Array(buffer)
  }

  tid(index: number): number {
    return this.#halves[index * HALVES + TID] ?? 0
  }

  /** The wait status, as wait4 returns it. */
  status(index: number): number {
    return this.#halves[index * HALVES + STATUS] ?? 0
  }

  /** When the stop was seen: CLOCK_MONOTONIC, in ns. */
  timeNs(index: number): bigint {
    return this.#words[index * WORDS + TIME] ?? 0n
  }

  message(index: number): number {
    return Number(this.#words[index * WORDS + MESSAGE] ?? 0n)
  }

  userTimeUs(index: number): number {
    return Number(this.#words[index * WORDS + USER] ?? 0n)
  }

  systemTimeUs(index: number): number {
    return Number(this.#words[index * WORDS + SYSTEM] ?? 0n)
  }

  /** One of SYSCALL_INFO. It is `none` also if the thread could no longer be asked. */
  op(index: number): number {
    const length = this.#halves[index * HALVES + INFO_LENGTH] ?? 0
    return length > 0
      ? (this.bytes[index * RECORD_BYTES + STOP_RECORD_LAYOUT.infoOp] ?? SYSCALL_INFO.none)
      : SYSCALL_INFO.none
  }

  /** AUDIT_ARCH_*. */
  arch(index: number): number {
    return this.#unsignedHalves[index * HALVES + ARCH] ?? 0
  }

  instructionPointer(index: number): bigint {
    return this.#words[index * WORDS + INSTRUCTION_POINTER] ?? 0n
  }

  stackPointer(index: number): bigint {
    return this.#words[index * WORDS + STACK_POINTER] ?? 0n
  }

  /** At an entry: the lower 32 bits of the register that holds the number. */
  number(index: number): number {
    return this.#unsignedHalves[index * HALVES + NUMBER] ?? 0
  }

  args(index: number): readonly bigint[] {
    const at = index * WORDS + ARGS
    const words = this.#words
    return [
      words[at] ?? 0n,
      words[at + 1] ?? 0n,
      words[at + 2] ?? 0n,
      words[at + 3] ?? 0n,
      words[at + 4] ?? 0n,
      words[at + 5] ?? 0n,
    ]
  }

  /** The result, at an exit. */
  result(index: number): bigint {
    return this.#signed[index * WORDS + RESULT] ?? 0n
  }

  isError(index: number): boolean {
    return (this.bytes[index * RECORD_BYTES + STOP_RECORD_LAYOUT.infoExitIsError] ?? 0) !== 0
  }

  /** Whether the native step has restarted the tracee (native/lanes.h). */
  isDeferred(index: number): boolean {
    return this.#halves[index * HALVES + LANE_AT] !== LANE.stop
  }

  /** Whether it is not a stop, but lines of whole calls. */
  isLines(index: number): boolean {
    return this.#halves[index * HALVES + LANE_AT] === LANE.lines
  }

  /** Whether it is an entry whose call is told by lines that follow. */
  isNothing(index: number): boolean {
    return this.#halves[index * HALVES + LANE_AT] === LANE.nothing
  }

  /** For lines: their number, and where their text ends. */
  lineCount(index: number): number {
    return this.userTimeUs(index)
  }

  /** For lines: whether their thread is in a call now. */
  endsInside(index: number): boolean {
    return this.status(index) !== 0
  }

  /** For lines: when the last one began, if lines have the time since the one before. */
  lastLineNs(index: number): bigint {
    return this.#words[index * WORDS + SYSTEM] ?? 0n
  }

  textEnd(index: number): number {
    return this.message(index)
  }

  /** Where the captures of a record end. They begin where those of the record before it end. */
  capturesEnd(index: number): number {
    return index < 0 ? 0 : (this.#unsignedHalves[index * HALVES + CAPTURED] ?? 0)
  }

  /** A copy of the 128 bytes of siginfo_t; zeros if the kernel had none. */
  siginfo(index: number): Uint8Array {
    const at = index * RECORD_BYTES + STOP_RECORD_LAYOUT.siginfo
    const known = this.#halves[index * HALVES + SIGINFO_ERROR] === 0
    return known ? this.bytes.slice(at, at + SIGINFO_BYTES) : new Uint8Array(SIGINFO_BYTES)
  }
}
