/**
 * The kernel thread of a sandbox as the main thread sees it: owns the worker, sends it one request
 * at a time, and rings its bell when a job has to stop. The worker keeps the process alive only
 * while a request is open, or while it is being closed. When the process exits, the worker is
 * told, because a thread that waits for guests would block the exit.
 */
import type { MessagePort, Worker } from 'node:worker_threads'
import { GlassboxError } from '../../errors.ts'
import { Bell } from '../../kernel/platform/ptrace/bell.ts'
import { StubList } from '../../kernel/platform/ptrace/stub-list.ts'
import { unpackError } from '../../trace/wire.ts'
import { workerStartError } from '../../gate/worker-error.ts'
import { kernelWorker } from './early-worker.ts'
import { type FromKernel, type KernelEnding, type SharedWords, STOP, type ToKernel } from './wire.ts'

/** One exit listener serves all threads. */
const threads = new Set<KernelThread>()
process.on('exit', () => {
  for (const thread of threads) thread.stop(STOP.close)
})

interface Waiting {
  readonly resolve: (message: FromKernel) => void
  readonly reject: (error: unknown) => void
}

export class KernelThread {
  isDead = false
  readonly #bell = new Bell()
  readonly #stop = new Int32Array(new SharedArrayBuffer(4))
  readonly #stubs = new StubList()
  readonly #worker: Worker
  readonly #waiting: Waiting[] = []
  #isClosing = false

  constructor() {
    this.#worker = kernelWorker()
    const port = this.#worker
    port.postMessage({
      bell: this.#bell.shared,
      stop: this.#stop.buffer,
      stubs: this.#stubs.shared,
    } satisfies SharedWords)
    this.#worker.on('message', (message: FromKernel) => this.#receive(message))
    this.#worker.on('error', error => this.#lost(error))
    this.#worker.on('exit', () => {
      this.#stubs.reap()
      this.#lost(undefined)
    })
    this.#worker.unref()
    threads.add(this)
  }

  /** Sends a request and waits for its answer. */
  async ask(message: ToKernel, owned: readonly MessagePort[] = []): Promise<FromKernel> {
    if (this.isDead) throw lostError(undefined)
    const answer = this.answer()
    const port = this.#worker
    port.postMessage(message, owned)
    return answer
  }

  /** The next answer: the end of a job that has started. */
  async answer(): Promise<FromKernel> {
    if (this.isDead) throw lostError(undefined)
    this.#worker.ref()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** The ending of the job that was started. */
  async ending(): Promise<KernelEnding> {
    const answer = await this.answer()
    if (answer.type !== 'ended') throw lostError(`it said ${answer.type}`)
    return answer.ending
  }

  /** Something was sent that the loop of a running job has to look at. */
  ring(): void {
    this.#bell.ring()
  }

  /** For the job that runs now. */
  stop(reason: number): void {
    Atomics.store(this.#stop, 0, reason)
    this.#bell.ring()
  }

  /** It looks at the commands of its trace. */
  wake(): void {
    this.#bell.ring()
  }

  /** Ends the thread, and with it everything that runs in it. */
  async close(): Promise<void> {
    if (this.isDead) return
    this.#isClosing = true
    const ended = new Promise<void>(resolve => this.#worker.once('exit', () => resolve()))
    this.#worker.ref()
    this.stop(STOP.close)
    const port = this.#worker
    port.postMessage({ type: 'close' } satisfies ToKernel)
    await ended
  }

  #receive(message: FromKernel): void {
    const waiting = this.#waiting.shift()
    // An answer that comes late must not let the process exit before the thread has ended.
    if (this.#waiting.length === 0 && !this.#isClosing) this.#worker.unref()
    if (message.type === 'failed') waiting?.reject(unpackError(message.error))
    else waiting?.resolve(message)
  }

  /** The thread has failed or ended. The host kills everything that it traced. */
  #lost(cause: unknown): void {
    this.isDead = true
    threads.delete(this)
    const error = workerStartError(cause, 'the thread of a kernel') ?? lostError(cause)
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}

const lostError = (cause: unknown): GlassboxError =>
  new GlassboxError('ERR_GLASSBOX_INTERNAL', 'The kernel of the sandbox ended unexpectedly.', {
    cause,
    hint: 'Every process of the program is dead. Please report this.',
  })
