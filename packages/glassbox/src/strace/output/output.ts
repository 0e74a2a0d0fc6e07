/**
 * Where the text goes: one descriptor for all tracees, or a file for each. Owns the files that it
 * opens. Text on stderr keeps its order relative to what the program itself writes there: it is
 * written before the program can write.
 */
import { fstatSync, openSync, statSync } from 'node:fs'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { Call } from '../../decode/types.ts'
import { contains } from '../select/call-set.ts'
import { say } from '../text/messages.ts'
import type { OutputTarget, Selection } from '../options.ts'
import type { TraceeState } from '../tracee-state.ts'
import { Writer } from './writer.ts'

/** Calls by which a program can write to the same file as the trace. */
const WRITING: ReadonlySet<number> = new Set(
  [
    ...['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'sendto', 'sendmsg', 'sendmmsg', 'sendfile'],
    ...['splice', 'tee', 'vmsplice', 'copy_file_range', 'io_submit', 'io_uring_enter'],
  ].map(syscallNumber),
)

/**
 * When text must be written: after each line, before calls that write, or only when there is much
 * of it.
 */
type FlushPolicy = 'lines' | 'before-writes' | 'none'

export class Output {
  readonly separate: boolean
  readonly #target: OutputTarget
  readonly #shared: Writer | undefined
  readonly #flushPolicy: FlushPolicy
  readonly #onError: (name: string, error: unknown) => void
  readonly #open = new Set<Writer>()
  #failed = false

  /** `onError` is called once, with the file's name. */
  constructor(target: OutputTarget, selection: Selection, onError: (name: string, error: unknown) => void) {
    this.#target = target
    this.#onError = (name, error) => {
      if (this.#failed) return
      this.#failed = true
      onError(name, error)
    }
    this.separate = target.kind === 'separate'
    this.#shared =
      target.kind === 'shared'
        ? new Writer(target.fd, error => this.#onError(target.name, error), target.limit)
        : undefined
    this.#flushPolicy = flushPolicyOf(target, selection)
  }

  write(state: TraceeState, text: string): void {
    if (this.#failed) return
    const writer = this.#shared ?? (state.writer ??= this.#file(state))
    writer?.write(text)
  }

  /** Writes text of any tracees to the file of all, or text of one to its own file. */
  writeBytes(text: Uint8Array, state?: TraceeState): void {
    if (this.#failed) return
    const writer = this.#shared ?? (state && (state.writer ??= this.#file(state)))
    writer?.writeBytes(text)
  }

  /** Writes text about the whole trace: the summary. With separate files, nothing is written. */
  writeShared(text: string): void {
    if (!this.#failed) this.#shared?.write(text)
  }

  /** As in strace, a tracee has a file even if nothing is ever written to it. */
  begin(state: TraceeState): void {
    if (!this.#failed && this.separate) state.writer ??= this.#file(state)
  }

  /** `FILE.TID`. */
  #file(state: TraceeState): Writer | undefined {
    if (this.#target.kind !== 'separate') return undefined
    const name = `${this.#target.name}.${state.tid}`
    try {
      const writer = new Writer(openSync(name, this.#target.append ? 'a' : 'w', 0o666), error =>
        this.#onError(name, error),
      )
      this.#open.add(writer)
      return writer
    } catch (error) {
      this.#onError(name, new CannotOpen(error))
      return undefined
    }
  }

  /** The entry of a call was printed, and the tracee makes the call next. */
  entered(call: Call): void {
    if (this.#flushPolicy !== 'none' && WRITING.has(call.nr)) this.#shared?.flush()
  }

  /** Whether the text of a call may be written after its program has gone on. */
  mayDelay(nr: number): boolean {
    return this.#flushPolicy === 'none' || (this.#flushPolicy === 'before-writes' && !WRITING.has(nr))
  }

  lineEnded(): void {
    if (this.#flushPolicy === 'lines') this.#shared?.flush()
  }

  /**
   * Prints a message of the command. If the trace goes to stderr, the message appears in order
   * among its lines.
   */
  say(message: string): void {
    const shared = this.#shared
    if (shared && this.#target.kind === 'shared' && this.#target.isStderr)
      say(message, text => shared.write(text))
    else say(message)
  }

  /** This tracee writes nothing more. */
  close(state: TraceeState): void {
    const { writer } = state
    if (!writer) return
    state.writer = undefined
    this.#open.delete(writer)
    writer.close()
  }

  flush(): void {
    this.#shared?.flush()
    for (const writer of this.#open) writer.flush()
  }
}

/** The file of a thread could not be opened. */
export class CannotOpen extends Error {
  constructor(error: unknown) {
    super('cannot open', { cause: error })
  }
}

function flushPolicyOf(target: OutputTarget, { trace, paths }: Selection): FlushPolicy {
  if (target.kind !== 'shared' || !target.isStderr || isNull(target.fd)) return 'none'
  return paths.length === 0 && [...WRITING].every(nr => contains(trace, 'x86_64', nr))
    ? 'before-writes'
    : 'lines'
}

function isNull(fd: number): boolean {
  try {
    return fstatSync(fd).rdev === statSync('/dev/null').rdev
  } catch {
    return false
  }
}
