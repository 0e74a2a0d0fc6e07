/**
 * The records that a native step fills, by their index. The layout is `struct stop_record` of
 * native/trace.c. One buffer for the life of a trace: whatever is to be kept beyond the handling
 * of a stop is copied out.
 */
import { RECORD_BYTES } from '../gate/ptrace.ts'
import { SYSCALL_INFO } from '../linux/ptrace.ts'

const WORDS = RECORD_BYTES / 8
const HALVES = RECORD_BYTES / 4
const OFFSET = { tid: 0, status: 1, infoLength: 10, siginfoError: 11, arch: 13, ranOn: 66 } as const // in 32-bit words
const WORD = { time: 1, message: 2, user: 3, system: 4, ip: 7, sp: 8, number: 9, args: 10 } as const // in 64-bit words
const OP = 48
const IS_ERROR = 80
const SIGINFO = 136
const SIGINFO_BYTES = 128

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
    return this.#halves[index * HALVES + OFFSET.tid] ?? 0
  }

  /** As wait4 gives it. */
  status(index: number): number {
    return this.#halves[index * HALVES + OFFSET.status] ?? 0
  }

  /** CLOCK_MONOTONIC in ns, when the stop was seen. */
  timeNs(index: number): bigint {
    return this.#words[index * WORDS + WORD.time] ?? 0n
  }

  message(index: number): number {
    return Number(this.#words[index * WORDS + WORD.message] ?? 0n)
  }

  userTimeUs(index: number): number {
    return Number(this.#words[index * WORDS + WORD.user] ?? 0n)
  }

  systemTimeUs(index: number): number {
    return Number(this.#words[index * WORDS + WORD.system] ?? 0n)
  }

  /** One of SYSCALL_INFO; `none` also where nothing could be asked any more. */
  op(index: number): number {
    const length = this.#halves[index * HALVES + OFFSET.infoLength] ?? 0
    return length > 0 ? (this.bytes[index * RECORD_BYTES + OP] ?? SYSCALL_INFO.none) : SYSCALL_INFO.none
  }

  /** AUDIT_ARCH_*. */
  arch(index: number): number {
    return this.#unsignedHalves[index * HALVES + OFFSET.arch] ?? 0
  }

  instructionPointer(index: number): bigint {
    return this.#words[index * WORDS + WORD.ip] ?? 0n
  }

  stackPointer(index: number): bigint {
    return this.#words[index * WORDS + WORD.sp] ?? 0n
  }

  /** At an entry: the number as the register has it, 32 bits of it. */
  number(index: number): number {
    return this.#unsignedHalves[(index * WORDS + WORD.number) * 2] ?? 0
  }

  args(index: number): readonly bigint[] {
    const at = index * WORDS + WORD.args
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

  /** At an exit. */
  result(index: number): bigint {
    return this.#signed[index * WORDS + WORD.number] ?? 0n
  }

  isError(index: number): boolean {
    return (this.bytes[index * RECORD_BYTES + IS_ERROR] ?? 0) !== 0
  }

  /** The native step has restarted its tracee. */
  ranOn(index: number): boolean {
    return this.#halves[index * HALVES + OFFSET.ranOn] !== 0
  }

  /** A copy of the 128 bytes; zeros where the kernel had none. */
  siginfo(index: number): Uint8Array {
    const at = index * RECORD_BYTES + SIGINFO
    const known = this.#halves[index * HALVES + OFFSET.siginfoError] === 0
    return known ? this.bytes.slice(at, at + SIGINFO_BYTES) : new Uint8Array(SIGINFO_BYTES)
  }
}
