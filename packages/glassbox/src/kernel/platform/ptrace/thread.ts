/**
 * A guest thread on the ptrace platform. After an ordinary call only its result is written, and
 * only the call was read. All registers are fetched when they are asked for, or when the thread
 * has to run a batch, and written back only then.
 */
import { readExtended, writeExtended } from '../../../gate/guest.ts'
import { ptrace } from '../../../gate/ptrace.ts'
import { PTRACE_GETREGS, PTRACE_SETREGS } from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import { PlatformError } from '../platform-error.ts'
import type { Fault, Space, StopKind } from '../platform.ts'
import { ARGUMENTS, REGISTER, Registers } from '../registers.ts'
import type { HostGuest, HostThread } from './host-thread.ts'
import { vsyscallAddress } from './record.ts'
import type { PtraceSpace } from './space.ts'

/** Of user mode on x86-64. */
const CODE_SEGMENT = 0x33
const STACK_SEGMENT = 0x2b
/** Interrupts are on; bit 1 is always set. */
const FLAGS = 0x202

/** The low half of each address of the vsyscall page, and the call that it stands for. */
const VSYSCALLS: ReadonlyMap<number, number> = new Map([
  [0xff600000 | 0, syscallNumber('gettimeofday')],
  [0xff600400 | 0, syscallNumber('time')],
  [0xff600800 | 0, syscallNumber('getcpu')],
])

/** The last page is not for programs. */
const END_OF_USER_SPACE = 2 ** 47 - 4096

const MOST_EXTENDED = 16384
const room = new Uint8Array(MOST_EXTENDED)
/** The initial state: FCW and MXCSR as after execve(2), everything else zero. */
const FCW = [0x7f, 0x03] as const
const MXCSR_OFFSET = 24
const MXCSR = [0x80, 0x1f] as const
let extendedBytes = 0

/** What is written before the thread runs. */
export type Write = 'nothing' | 'result' | 'all'

export interface ThreadOwner {
  resume(thread: PtraceThread): void
}

export class PtraceThread implements HostGuest {
  stop: StopKind = 'interrupted'
  nr = 0
  readonly args: [number, number, number, number, number, number] = [0, 0, 0, 0, 0, 0]
  ip = 0
  sp = 0
  fault: Fault = { signal: 0, code: 0, address: 0, error: -1 }
  host: HostThread | undefined
  /** An interrupt was asked for while it stood still. */
  interruptPending = false
  write: Write = 'all'
  rax = 0
  readonly #owner: ThreadOwner
  readonly #registers = new Registers()
  #fetched = true
  #cpuBefore: number
  #space: PtraceSpace

  constructor(space: PtraceSpace, owner: ThreadOwner) {
    this.#owner = owner
    this.#space = space
    this.host = space.takeHost()
    this.host.guest = this
    this.#cpuBefore = this.host.cpuTimeNs()
    const registers = this.#registers
    registers.set(REGISTER.cs, CODE_SEGMENT)
    registers.set(REGISTER.ss, STACK_SEGMENT)
    registers.set(REGISTER.eflags, FLAGS)
    registers.set(REGISTER.orig_rax, -1)
  }

  /** A new stop: what was known of the registers is old. */
  stopped(stop: StopKind): void {
    this.stop = stop
    this.write = 'nothing'
    this.#fetched = false
  }

  /** A call of the vsyscall page, which has returned already but for its result. */
  takeVsyscall(words: Int32Array, at: number): void {
    const registers = this.registers()
    this.nr = VSYSCALLS.get(vsyscallAddress(words, at) | 0) ?? -1
    this.args[0] = registers.get(REGISTER.rdi)
    this.args[1] = registers.get(REGISTER.rsi)
    this.args[2] = registers.get(REGISTER.rdx)
    this.ip = registers.get(REGISTER.rip)
    this.sp = registers.get(REGISTER.rsp)
  }

  #host(): HostThread {
    if (this.host) return this.host
    throw new PlatformError('a thread was used after its release')
  }

  cpuTimeNs(): number {
    return this.host ? this.host.cpuTimeNs() - this.#cpuBefore : 0
  }

  setArgument(index: number, value: bigint): void {
    const register = ARGUMENTS[index]
    if (register === undefined) throw new RangeError(`argument ${index} of a call`)
    this.registers().setExact(register, value)
    this.args[index] = this.#registers.get(register)
    this.changed()
  }

  result(value: number): void {
    this.rax = value
    if (this.#fetched) this.#registers.set(REGISTER.rax, value)
    if (this.write === 'nothing') this.write = 'result'
  }

  registers(): Registers {
    if (this.#fetched) return this.#registers
    ptrace(PTRACE_GETREGS, this.#host().tid, 0, this.#registers.words)
    if (this.write === 'result') this.#registers.set(REGISTER.rax, this.rax)
    this.#fetched = true
    return this.#registers
  }

  changed(): void {
    this.registers().set(REGISTER.orig_rax, -1)
    this.write = 'all'
  }

  /** Its host thread will run something else: its registers are written back before it goes on. */
  keepRegisters(): void {
    this.changed()
  }

  /** Writes what has to be written as a whole. A result alone is written with the resume. */
  writeRegisters(): void {
    if (this.write !== 'all') return
    const { tid } = this.#host()
    let error = ptrace(PTRACE_SETREGS, tid, 0, this.#registers.words)
    if (error === -ERRNO.EIO && this.#dropForeignBases())
      error = ptrace(PTRACE_SETREGS, tid, 0, this.#registers.words)
    // A dead thread's end is reported by the next wait.
    if (error === -ERRNO.EIO) throw new PlatformError('The host refused the registers of a guest', ERRNO.EIO)
    this.write = 'nothing'
  }

  /**
   * The instruction WRFSBASE takes any canonical address, ptrace only those of user space: a base
   * in the kernel's half becomes 0, so that its use is a fault as before. Returns whether one was.
   */
  #dropForeignBases(): boolean {
    const registers = this.#registers
    const foreign = [REGISTER.fs_base, REGISTER.gs_base].filter(base => {
      const value = registers.get(base)
      return value < 0 || value >= END_OF_USER_SPACE
    })
    for (const base of foreign) registers.set(base, 0)
    return foreign.length > 0
  }

  extended(): Uint8Array {
    const length = readExtended(this.#host().tid, room)
    if (length < 0) throw new PlatformError('reading the extended state of a guest', -length)
    extendedBytes = length
    return room.slice(0, length)
  }

  setExtended(state: Uint8Array | undefined): boolean {
    if (state) return writeExtended(this.#host().tid, state) === 0
    if (extendedBytes === 0) extendedBytes = Math.max(0, readExtended(this.#host().tid, room))
    const initial = room.subarray(0, extendedBytes).fill(0)
    initial.set(FCW, 0)
    initial.set(MXCSR, MXCSR_OFFSET)
    return writeExtended(this.#host().tid, initial) === 0
  }

  moveTo(space: Space): void {
    this.keepRegisters()
    const old = this.#host()
    const next = space as PtraceSpace
    const host = next.takeHost()
    this.#cpuBefore = host.cpuTimeNs() - this.cpuTimeNs()
    old.guest = undefined
    this.host = host
    host.guest = this
    this.#space.giveBack(old)
    this.#space = next
  }

  resume(): void {
    this.#owner.resume(this)
  }

  interrupt(): void {
    if (this.host?.running) this.host.interrupt()
    else this.interruptPending = true
  }

  release(): void {
    const { host } = this
    if (!host) return
    this.host = undefined
    host.guest = undefined
    this.#space.giveBack(host)
  }
}
