/**
 * The command's own stdout and stderr. Every subcommand writes through these two objects, so they
 * know whether all output was written. `start.ts` asks them before it chooses the exit code. The
 * first failure of a stream is kept, and later writes to it are dropped. The descriptors belong
 * to the process and are never closed here.
 *
 * Writes are synchronous: they are complete when `write()` returns. Node's own streams are not
 * used, because they report a failure after the exit code is chosen, and because creating them
 * costs more than most commands do.
 */
import { fstatSync, writeSync } from 'node:fs'
import { syscall } from '../gate/gate.ts'
import { TCGETS } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'

/** How long to wait for the reader of a non-blocking descriptor, in ms. */
const RETRY_MS = 1
/** More than the kernel writes for TCGETS. */
const TERMIOS_BYTES = 64
const sleeper = new Int32Array(new SharedArrayBuffer(4))

/** As isatty(3). Node's terminal module takes longer to load than all else that a command does. */
function isTerminal(fd: number): boolean {
  try {
    return syscall(syscallNumber('ioctl'), fd, TCGETS, new Uint8Array(TERMIOS_BYTES)) === 0
  } catch {
    return false // the gate cannot be loaded, which is reported next
  }
}

export class CommandOutput {
  readonly fd: 1 | 2
  /** The name in messages. */
  readonly name: string
  #error: NodeJS.ErrnoException | undefined
  #isTerminal: boolean | undefined

  constructor(fd: 1 | 2, name: string) {
    this.fd = fd
    this.name = name
  }

  /** Why output could not be written; `undefined` if all was written. */
  get error(): NodeJS.ErrnoException | undefined {
    return this.#error
  }

  get isTerminal(): boolean {
    this.#isTerminal ??= fstatSync(this.fd).isCharacterDevice() && isTerminal(this.fd)
    return this.#isTerminal
  }

  /** Writes all of the data, and waits for a slow reader. */
  write(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    for (let at = 0; at < bytes.length && !this.#error; ) {
      const written = this.writeSome(bytes.subarray(at))
      if (written === 0 && !this.#error) Atomics.wait(sleeper, 0, 0, RETRY_MS)
      at += written
    }
  }

  /**
   * Makes one write(2). Returns how many bytes were written: 0 if the reader of a non-blocking
   * descriptor is slow, or after a failure.
   */
  writeSome(bytes: Uint8Array): number {
    if (this.#error) return 0
    try {
      return writeSync(this.fd, bytes)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EAGAIN') this.#error = error as NodeJS.ErrnoException
      return 0
    }
  }
}

export const stdout: CommandOutput = new CommandOutput(1, 'standard output')
export const stderr: CommandOutput = new CommandOutput(2, 'standard error')

/** Whether stdout and stderr are the same file, as after `2>&1` and on a terminal. */
export function isOnePlace(): boolean {
  const [one, two] = [fstatSync(stdout.fd), fstatSync(stderr.fd)]
  return one.dev === two.dev && one.ino === two.ino
}

/** The first of the two streams that lost output. */
export function failedOutput(): { readonly name: string; readonly error: NodeJS.ErrnoException } | undefined {
  for (const { name, error } of [stdout, stderr]) if (error) return { name, error }
  return undefined
}
