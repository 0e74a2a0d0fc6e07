/**
 * An address space: a stub, its queue of changes, and its host threads. A change is carried out by
 * any of its threads that stands still, in a batch of one stop.
 *
 * Owns the stub. A released space keeps its mappings; its next life begins with their removal.
 */
import { guestBatch, STUB_CACHE_FD, STUB_CODE, STUB_WORLD_FD } from '../../../gate/guest.ts'
import { MAP_POPULATE } from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import { PlatformError } from '../platform-error.ts'
import type { BackingFile, Space } from '../platform.ts'
import { REGISTER } from '../registers.ts'
import { CommandQueue } from './commands.ts'
import { MAP_FLAGS, THREAD_FLAGS } from './filter.ts'
import { type HostSpace, HostThread, processCpuNs } from './host-thread.ts'
import { MOST_COMMANDS, type Stub } from './stub.ts'

const MMAP = syscallNumber('mmap')
const MUNMAP = syscallNumber('munmap')
const MPROTECT = syscallNumber('mprotect')
const CLONE = syscallNumber('clone')
/** struct guest_batch, in 32-bit words. */
const BATCH = { left: 0, resultLow: 2, thread: 4, interrupted: 5 } as const
const batch = new Int32Array(6)

/** What a space tells its platform. */
export interface SpaceOwner {
  /** A change was queued while threads of the space run. */
  changed(space: PtraceSpace): void
  adopt(host: HostThread): void
  /** All of its threads stand still after a release. */
  drained(space: PtraceSpace): void
}

export class PtraceSpace implements Space, HostSpace {
  readonly pid: number
  readonly hosts: HostThread[] = []
  readonly #stub: Stub
  readonly #owner: SpaceOwner
  readonly #queue = new CommandQueue()
  /** Host threads without a guest thread. */
  readonly #idle: HostThread[] = []
  runningHosts = 0
  #whenQuiet: (() => void) | undefined
  released = false
  dead = false
  /** Where the host has nothing but what is queued; whether the queue is of that place alone. */
  #freshStart = 0
  #freshEnd = 0
  #isFresh = false
  /** Whether what is queued may wait until its guest touches it: see `defer`. */
  deferred = false

  constructor(stub: Stub, owner: SpaceOwner) {
    this.pid = stub.pid
    this.#stub = stub
    this.#owner = owner
    const first = this.#adopt(stub.pid)
    this.#idle.push(first)
    this.#run(first, stub.first)
  }

  #adopt(tid: number): HostThread {
    const host = new HostThread(tid, this)
    this.hosts.push(host)
    this.#owner.adopt(host)
    return host
  }

  /** The CPU time of all its lives, in nanoseconds. */
  cpuTimeNs(): number {
    return processCpuNs(this.pid)
  }

  get busy(): boolean {
    return this.runningHosts > 0
  }

  get pending(): boolean {
    return this.#queue.count > 0
  }

  map(
    address: number,
    length: number,
    protection: number,
    file: BackingFile,
    offset: number,
    populate: boolean,
  ): void {
    const fd = file === 'world' ? STUB_WORLD_FD : STUB_CACHE_FD
    const flags = populate ? MAP_FLAGS | MAP_POPULATE : MAP_FLAGS
    // What is mapped over goes by that.
    this.#queue.dropLast(MUNMAP, address, length)
    this.#queue.add(MMAP, address, length, protection, flags, fd, offset)
    this.#queued(address, length)
  }

  protect(address: number, length: number, protection: number): void {
    this.#queue.add(MPROTECT, address, length, protection)
    this.#queued(address, length)
  }

  unmap(address: number, length: number): void {
    this.#queue.add(MUNMAP, address, length)
    this.#queued(address, length)
  }

  #queued(address: number, length: number): void {
    this.deferred = false
    if (address < this.#freshStart || address + length > this.#freshEnd) this.#isFresh = false
    if (this.runningHosts > 0) this.#owner.changed(this)
  }

  startFresh(address: number, length: number): void {
    if (this.pending) return
    this.#freshStart = address
    this.#freshEnd = address + length
    this.#isFresh = true
  }

  /** Not with more threads: one of them would have to stand still when another one faults. */
  defer(): void {
    this.deferred = this.#isFresh && this.hosts.length === 1 && this.runningHosts === 0
  }

  #clearQueue(): void {
    this.#queue.clear()
    this.deferred = false
    this.#isFresh = false
  }

  flush(): void {
    if (this.#queue.count === 0) return
    const host = this.stoppedHost()
    if (!host) throw new PlatformError('changes of mappings need a thread that stands still')
    this.flushBy(host)
  }

  flushBy(host: HostThread): void {
    const queue = this.#queue
    if (queue.count === 0) return
    host.guest?.keepRegisters()
    try {
      this.#run(host, queue)
    } finally {
      this.#clearQueue()
    }
  }

  stoppedHost(): HostThread | undefined {
    const [idle] = this.#idle
    return idle ?? this.hosts.find(({ running, dead }) => !running && !dead)
  }

  #run(host: HostThread, queue: CommandQueue): void {
    for (let done = 0; done < queue.count; ) {
      const count = queue.copy(done, this.#stub.page, MOST_COMMANDS)
      const left = this.#batch(host, count)
      if (left !== 0) {
        const error = -(batch[BATCH.resultLow] ?? 0)
        throw new PlatformError(`The host refused ${queue.describe(done + count - left)}`, error)
      }
      done += count
    }
  }

  /** Runs the first `count` commands of the page; returns how many were not done. */
  #batch(host: HostThread, count: number): number {
    const { registers } = this.#stub
    registers.set(REGISTER.r13, count)
    const error = guestBatch(host.tid, registers.words, batch)
    if (batch[BATCH.interrupted]) host.takeInterrupt()
    if (error < 0) {
      this.dead = true
      throw new PlatformError('A stub was killed from outside, or its batch failed', -error)
    }
    return batch[BATCH.left] ?? 0
  }

  /** A host thread for a guest thread: an idle one, or a new one. */
  takeHost(): HostThread {
    const idle = this.#idle.pop()
    if (idle) return idle
    const carrier = this.stoppedHost()
    if (!carrier) throw new PlatformError('a new thread needs one of its space that stands still')
    carrier.guest?.keepRegisters()
    if (this.pending) this.flushBy(carrier)
    const queue = new CommandQueue()
    queue.add(CLONE, THREAD_FLAGS, 0)
    queue.copy(0, this.#stub.page, 1)
    const left = this.#batch(carrier, 1)
    const [tid = 0] = batch.subarray(BATCH.thread)
    if (left !== 0 || tid === 0)
      throw new PlatformError(
        'A thread of a guest',
        left === 0 ? ERRNO.EAGAIN : -(batch[BATCH.resultLow] ?? 0),
      )
    const host = this.#adopt(tid)
    host.roams = carrier.roams
    return host
  }

  /** A host thread has lost its guest thread. It stands still, or will soon. */
  giveBack(host: HostThread): void {
    if (host.dead) return
    if (host.running) host.interrupt()
    else this.rest(host)
  }

  /** A host thread without guest stands still. */
  rest(host: HostThread): void {
    this.#idle.push(host)
    if (this.released && this.runningHosts === 0) this.#drained()
  }

  lost(): void {
    this.dead = true
    if (this.released && this.runningHosts === 0) this.#drained()
  }

  release(whenQuiet?: () => void): void {
    if (this.released) return
    this.released = true
    this.#whenQuiet = whenQuiet
    this.#clearQueue()
    for (const { guest } of this.hosts) guest?.release()
    if (this.runningHosts === 0) this.#drained()
  }

  #drained(): void {
    const whenQuiet = this.#whenQuiet
    this.#whenQuiet = undefined
    whenQuiet?.()
    this.#owner.drained(this)
  }

  /** Begins another life: nothing is mapped. */
  reuse(): void {
    this.released = false
    this.unmap(0, STUB_CODE)
  }
}
