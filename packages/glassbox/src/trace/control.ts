/**
 * The words that the main thread and the worker of a trace share. The main thread sets a command
 * and wakes the worker, which may be in wait4 (a signal to its thread wakes it) or in
 * Atomics.wait. The worker takes all commands at once.
 */
import { wakeThread } from '../gate/ptrace.ts'

const WORDS = { wake: 0, commands: 1, consumed: 2, tid: 3, paused: 4 } as const

export const COMMAND = { detach: 1, keep: 2, kill: 4, quit: 8 } as const

/** Each side makes one over the same memory. */
export class Control {
  readonly words: Int32Array

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(4 * Object.keys(WORDS).length)) {
    this.words = new Int32Array(shared)
  }

  get shared(): SharedArrayBuffer {
    return this.words.buffer as SharedArrayBuffer
  }

  /** Main thread: sends these commands. */
  command(bits: number): void {
    Atomics.or(this.words, WORDS.commands, bits)
    this.#wake()
  }

  /** Main thread: reports how many events of the trace have been read so far, modulo 2³². */
  consume(count: number): void {
    Atomics.store(this.words, WORDS.consumed, count | 0)
    if (Atomics.load(this.words, WORDS.paused) !== 0) this.#wake()
  }

  /** Worker: from now on it can be woken. */
  start(tid: number): void {
    Atomics.store(this.words, WORDS.tid, tid)
  }

  /** Worker: takes the commands that came since the last call. */
  take(): number {
    if (Atomics.load(this.words, WORDS.wake) === 0) return 0
    Atomics.store(this.words, WORDS.wake, 0)
    return Atomics.exchange(this.words, WORDS.commands, 0)
  }

  get consumed(): number {
    return Atomics.load(this.words, WORDS.consumed)
  }

  /**
   * Worker: sleeps until a command comes, or until `isReady` returns true after the reader took
   * events.
   */
  sleepUntil(isReady: () => boolean): void {
    Atomics.store(this.words, WORDS.paused, 1)
    while (!isReady() && Atomics.load(this.words, WORDS.commands) === 0) {
      Atomics.wait(this.words, WORDS.wake, 0)
      if (Atomics.load(this.words, WORDS.commands) === 0) Atomics.store(this.words, WORDS.wake, 0)
    }
    Atomics.store(this.words, WORDS.paused, 0)
  }

  /** Worker: sleeps until a command comes. Returns false if none came in this time. */
  sleep(ms: number): boolean {
    return Atomics.wait(this.words, WORDS.wake, 0, ms) !== 'timed-out'
  }

  #wake(): void {
    Atomics.store(this.words, WORDS.wake, 1)
    // A worker that slept needs no signal.
    if (Atomics.notify(this.words, WORDS.wake) > 0) return
    const tid = Atomics.load(this.words, WORDS.tid)
    if (tid !== 0) wakeThread(tid)
  }
}
