/**
 * The bell of a kernel thread. Another thread of Node, or a timer, rings it; then the wait of the
 * kernel thread ends, also the next one. The words are shared memory.
 */
import { wakeThread } from '../../../gate/ptrace.ts'
import { syscall } from '../../../gate/gate.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'

const RUNG = 0
const THREAD = 1
const WORDS = 2
const GETTID = syscallNumber('gettid')

export class Bell {
  /** The first word is not zero after it was rung. */
  readonly word: Int32Array
  #isMine = false

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4)) {
    this.word = new Int32Array(shared)
  }

  get shared(): SharedArrayBuffer {
    return this.word.buffer as SharedArrayBuffer
  }

  /** The calling thread is the one that is woken. */
  listen(): void {
    this.#isMine = true
    Atomics.store(this.word, THREAD, syscall(GETTID))
  }

  ring(): void {
    Atomics.store(this.word, RUNG, 1)
    if (this.#isMine) return
    const thread = Atomics.load(this.word, THREAD)
    if (thread !== 0) wakeThread(thread)
  }

  /** The kernel thread has heard it. */
  silence(): void {
    Atomics.store(this.word, RUNG, 0)
  }
}
