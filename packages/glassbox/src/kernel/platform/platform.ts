/**
 * The seam between the kernel and what runs its guests. A platform runs guest code until it makes
 * a system call, faults or is interrupted, and carries out changes of guest mappings. Nothing
 * above this file knows how: not ptrace, not host signals, not CPU placement.
 *
 * - A guest thread is a host thread for life. It is parked until `resume()`.
 * - `resume()` and `wait()` are apart: a resumed thread runs at the next `wait()` at the latest.
 * - Changes of mappings are queued per space, and are done before the next guest instruction of
 *   that space. A change that the host refuses throws PlatformError: the kernel checks first.
 * - Nothing that a guest can write is trusted. Addresses and numbers in a record are only read.
 */
import type { Registers } from './registers.ts'
import type { Waiter } from './waiter.ts'

/** The result of a call, or of a fault, is known by the kernel; this says why a thread stopped. */
export type StopKind = 'call' | 'fault' | 'trap' | 'interrupted' | 'gone'

/** The two files that guests have mapped: the memory of the world, and its page cache. */
export type BackingFile = 'world' | 'cache'

export interface Platform {
  readonly name: 'scripted' | 'ptrace'
  /** The first address that a guest cannot have. */
  readonly maxAddress: number
  /** Whether a fault says if it was a read, a write or a fetch. */
  readonly faultAccess: 'known' | 'unknown'
  /** The memory of guests, as the kernel sees it. */
  readonly memory: BackingMemory
  readonly cache: BackingMemory
  /** Takes a space out of the pool, or makes one. It is empty. */
  createSpace(): Space
  /** The thread's registers are unset: the kernel sets them before the first `resume()`. */
  createThread(space: Space): GuestThread
  /**
   * Runs what was resumed until a thread has stopped, `ring()` was called or that time of `now()`
   * has come.
   * Returns the number of threads in `stopped`. `untilNs` may be Infinity. If no thread runs,
   * it sleeps.
   */
  wait(untilNs: number): number
  /** Whether any thread is resumed and has not stopped since. */
  readonly running: number
  /** Valid until the next `wait()`. */
  readonly stopped: readonly GuestThread[]
  /** Whether the last `wait()` ended because of `ring()`, or because its time had come. */
  readonly woken: boolean
  /** Ends `wait()`, also the next one. May be called from any thread of Node. */
  ring(): void
  /**
   * Calls `waiter.woken()` during `wait()` when poll(2) reports one of these POLL* events, an
   * error or a hang-up of a host descriptor: at once if no thread runs, else within 2 ms. Returns
   * what ends the watch. To be watched only while someone waits for it.
   */
  watch(descriptor: number, events: number, waiter: Waiter): () => void
  /** Whether host descriptors are being watched. */
  readonly watching: boolean
  /** CLOCK_MONOTONIC, in nanoseconds. */
  now(): number
  /** The CPU time of all guests so far, in nanoseconds. */
  cpuTimeNs(): number
  /** Why a thread that is resumed can make no progress, in words; undefined if none is known. */
  standing(): string | undefined
  /** The state of every host thread that serves a guest, a line each, for reports. */
  describe(): string[]
  /** Kills every host process of this platform and gives everything back. */
  close(): void
}

/**
 * A sparse file that guests map, as chunks of typed arrays: an ArrayBuffer of Node 20 ends at
 * 4 GiB. An offset is a byte offset in the file. A chunk is mapped when it is first used.
 */
export interface BackingMemory {
  readonly size: number
  /** Chunks are this long; a page never crosses a chunk. */
  readonly chunkSize: number
  /** The chunk that holds this offset; index it with `offset % chunkSize`. */
  chunk(offset: number): Chunk
  /**
   * Makes sure that the host has memory for these pages, so that touching them cannot fail. False
   * if it has none. Pages that did not exist are zero.
   */
  allocate(offset: number, length: number): boolean
  /** Gives the pages back to the host; they read as zero afterwards. */
  punch(offset: number, length: number): void
  /** Bytes that the host holds for this file now. */
  usage(): number
}

/** Views of the same bytes. */
export interface Chunk {
  readonly bytes: Uint8Array
  readonly words: Int32Array
  readonly view: DataView
}

/** An address space. All addresses and lengths are multiples of the page size. */
export interface Space {
  /** `protection`: PROT_* bits. `populate`: also make the page tables now. */
  map(
    address: number,
    length: number,
    protection: number,
    file: BackingFile,
    offset: number,
    populate: boolean,
  ): void
  protect(address: number, length: number, protection: number): void
  unmap(address: number, length: number): void
  /** Whether changes are queued. */
  readonly pending: boolean
  /**
   * Nothing is mapped in this range, and it will be mapped next. If the queue is of this range
   * alone, `defer` may put it off. Absent: nothing is ever put off.
   */
  startFresh?(address: number, length: number): void
  /** What is queued need not be carried out before the guest touches it: more will follow. */
  defer?(): void
  /** Carries out what is queued now. One thread of the space has to be stopped. */
  flush(): void
  /** Whether a thread of it runs on the host now. Absent: none ever does while the kernel runs. */
  readonly busy?: boolean
  /**
   * Empties the space and gives it back. Its threads are gone for the kernel. It costs nothing
   * now: the next life of the space begins with emptying it. A busy space may go on for some
   * microseconds: `whenQuiet` is called when it can touch its memory no more.
   */
  release(whenQuiet?: () => void): void
}

/** A thread of a guest. Its properties are those of its last stop. */
export interface GuestThread {
  readonly stop: StopKind
  /** Of a call: its number as the guest gave it, and the arguments as signed 64-bit numbers. */
  readonly nr: number
  readonly args: readonly [number, number, number, number, number, number]
  readonly ip: number
  readonly sp: number
  readonly fault: Fault
  /** The CPU time that the host has charged to this thread, in nanoseconds. */
  cpuTimeNs(): number
  /** Changes an argument of the call, and the register that it came in. */
  setArgument(index: number, value: bigint): void
  /** Sets the result of the call. All that an ordinary call needs. */
  result(value: number): void
  /**
   * All registers, fetched when first asked for after a stop; a result that was set is in them.
   * What is written to them is taken at `resume()` after `changed()` was called.
   */
  registers(): Registers
  changed(): void
  /** The extended state as XSAVE stores it, in a new array. */
  extended(): Uint8Array
  /** Sets it; `undefined`: the initial state. False if the CPU would refuse it. */
  setExtended(state: Uint8Array | undefined): boolean
  /** Moves this thread to another space, as execve(2) and vfork(2) need it. It is stopped. */
  moveTo(space: Space): void
  resume(): void
  /**
   * Makes the thread stop with 'interrupted' soon, unless it stops for another reason first. If
   * it is not running, the next resume stops at once.
   */
  interrupt(): void
  /** The thread ends. It is stopped or is being interrupted; the kernel does not use it again. */
  release(): void
}

/** What a fault or trap says: siginfo_t's fields. */
export interface Fault {
  readonly signal: number
  readonly code: number
  readonly address: number
  /** The CPU's error code of a page fault; −1 if the platform does not know it. */
  readonly error: number
}
