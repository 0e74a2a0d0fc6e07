/**
 * Memory of a stopped thread. Each page is read once per stop, as a whole, because reading 4 KiB
 * costs the same as reading 32 bytes (process_vm_readv(2): 3–4 µs). So strings and structs that
 * lie together cost one call. Only the pages that were asked for are read.
 *
 * process_vm_readv waits for a page that the program itself must provide (user-faults.ts).
 * /proc/PID/mem does not, but it also reads pages whose protection forbids reading, and costs two
 * more calls. So it is used only if there may be such pages.
 *
 * The bytes that `read` returns are views of reused pages, valid until the next read.
 *
 * A thread that has gone on is not read: what it changed since is not what the call had. Then the
 * answers come from what was copied at its stop (captured.ts).
 */
import { call, cString, syscall } from '../../gate/gate.ts'
import { readMemory, writeMemory } from '../../gate/ptrace.ts'
import { AT_FDCWD, O_CLOEXEC, O_RDONLY, O_WRONLY } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { Captured } from '../lanes/captured.ts'
import { procOf } from '../subject/proc-id.ts'

const PAGE = 4096
const SLOTS = 8
const NOTHING = new Uint8Array(0)
const LAST_EXACT = BigInt(Number.MAX_SAFE_INTEGER) - 0x7fffffffn
const PREAD64 = syscallNumber('pread64')
const PWRITE64 = syscallNumber('pwrite64')
const CLOSE = syscallNumber('close')

export class TraceeMemory {
  readonly #pages: Uint8Array[] = Array.from({ length: SLOTS }, () => new Uint8Array(PAGE))
  /**
   * The start address of the page in each slot, −1 for none, and how many bytes of it could be
   * read.
   */
  readonly #starts = new Float64Array(SLOTS).fill(-1)
  #next = 0
  #large: Uint8Array = new Uint8Array(PAGE * 2)
  #tid = 0
  #waits = true
  #captured: Captured | undefined

  /** From now on reads the memory of this thread, in its current state. */
  at(tid: number, captured?: Captured): void {
    this.#tid = tid
    this.#captured = captured
    if (this.#next !== 0) this.forget()
  }

  /**
   * From now on a missing page counts as unreadable, even if the program could still provide it.
   */
  neverWait(): void {
    this.#waits = false
    this.forget()
  }

  /** Forgets what was read, because it may have changed. */
  forget(): void {
    this.#starts.fill(-1)
    this.#next = 0
  }

  /** Reads up to `length` bytes; fewer, or none, if they cannot be read. */
  read(address: bigint, length: number): Uint8Array {
    if (length <= 0 || address < 0n || address > LAST_EXACT) return NOTHING
    const start = Number(address)
    if (this.#captured) return this.#captured.read(start, length)
    const offset = start % PAGE
    if (offset + length > PAGE) return this.#readLarge(start, length)
    const page = this.#page(start - offset)
    return page ? page.subarray(offset, offset + length) : NOTHING
  }

  /** Writes all bytes, also over page protections. Returns how many could be written. */
  write(address: bigint, bytes: Uint8Array): number {
    this.forget()
    const fd = this.#open(O_WRONLY)
    if (fd < 0) return 0
    let done = 0
    while (done < bytes.length) {
      const part = bytes.subarray(done)
      const written = syscall(PWRITE64, fd, part, part.length, address + BigInt(done))
      if (written <= 0) break
      done += written
    }
    syscall(CLOSE, fd)
    return done
  }

  /**
   * Like `write`, but page protections hold, as they do for what the kernel writes. It costs one
   * call instead of three.
   */
  writeWhereAllowed(address: bigint, bytes: Uint8Array): number {
    this.forget()
    const done = writeMemory(this.#tid, address, bytes)
    return done === -ERRNO.EPERM || done === -ERRNO.ENOSYS ? this.write(address, bytes) : Math.max(done, 0)
  }

  #page(start: number): Uint8Array | undefined {
    for (let slot = 0; slot < SLOTS; slot++) if (this.#starts[slot] === start) return this.#pages[slot]
    const slot = this.#next % SLOTS
    const page = this.#pages[slot]
    this.#next = slot + 1
    this.#starts[slot] = -1
    // A page is present or not: the kernel returns all of it or nothing.
    if (!page || this.#fill(start, page) < PAGE) return undefined
    this.#starts[slot] = start
    return page
  }

  #readLarge(start: number, length: number): Uint8Array {
    if (this.#large.length < length) this.#large = new Uint8Array(Math.max(length, this.#large.length * 2))
    const got = this.#fill(start, this.#large.subarray(0, length))
    return got > 0 ? this.#large.subarray(0, got) : NOTHING
  }

  /** Returns how many bytes could be read; 0 or less if none. */
  #fill(start: number, bytes: Uint8Array): number {
    if (this.#waits) return readMemory(this.#tid, start, bytes)
    const fd = this.#open(O_RDONLY)
    if (fd < 0) return fd
    const got = syscall(PREAD64, fd, bytes, bytes.length, start)
    syscall(CLOSE, fd)
    return got
  }

  /** Returns −1 if the thread is gone. */
  #open(mode: number): number {
    try {
      return call('openat', [AT_FDCWD, cString(`${procOf(this.#tid)}/mem`), mode | O_CLOEXEC, 0])
    } catch {
      return -1
    }
  }
}
