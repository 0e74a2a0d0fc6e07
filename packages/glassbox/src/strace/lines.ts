/**
 * Lines as strace lays them out. A call's line is begun at its entry and ended at its exit; when another thread must print meanwhile,
 * it is left `<unfinished ...>` and taken up again as `<... NAME resumed>`.
 *
 * Invariant: at most one line is open; `#open` is its thread.
 */
import type { Output } from './output.ts'
import type { StraceOptions } from './options.ts'
import { Prefix } from './prefix.ts'

/** A call that has been entered. */
export interface OpenCall {
  readonly tid: number
  readonly name: string
  /** Columns that the line has so far. */
  column: number
}

const UNFINISHED = ' <unfinished ...>\n'

export class Lines {
  readonly #output: Output
  readonly #options: StraceOptions
  readonly #prefix: Prefix
  #open: OpenCall | undefined
  /** How many threads are traced. */
  threads = 0

  constructor(output: Output, options: StraceOptions) {
    this.#output = output
    this.#options = options
    this.#prefix = new Prefix(options)
  }

  /** Leaves the open line unfinished, unless another file has it. */
  #interrupt(tid: number): void {
    if (!this.#open || (this.#options.separately && this.#open.tid !== tid)) return
    this.#output.write(this.#open.tid, UNFINISHED)
    this.#open = undefined
  }

  #start(tid: number, timeNs: bigint, nr?: number, ip?: bigint): string {
    this.#interrupt(tid)
    return this.#prefix.text(tid, timeNs, this.threads > 1, nr, ip)
  }

  /** A line that says it all. */
  whole(tid: number, timeNs: bigint, text: string, ip?: bigint): void {
    this.#output.write(tid, `${this.#start(tid, timeNs, undefined, ip)}${text}\n`)
  }

  begin(
    tid: number,
    name: string,
    timeNs: bigint,
    text: string,
    nr: number,
    ip: bigint | undefined,
  ): OpenCall {
    const line = `${this.#start(tid, timeNs, nr, ip)}${text}`
    this.#output.write(tid, line)
    this.#open = { tid, name, column: line.length }
    return this.#open
  }

  /** Goes on with a call: on its own line, or on a new one. Returns the column. */
  #resume(call: OpenCall, timeNs: bigint): number {
    if (this.#open === call) return call.column
    const line = `${this.#start(call.tid, timeNs)}<... ${call.name} resumed>`
    this.#output.write(call.tid, line)
    return line.length
  }

  /** `rest`: the missing arguments and the bracket; `result`: what stands after `= `. */
  end(call: OpenCall, timeNs: bigint, rest: string, result: string): void {
    const column = this.#resume(call, timeNs) + rest.length + 1
    this.#open = undefined
    this.#output.write(call.tid, `${rest} ${this.#pad(column)}= ${result}\n`)
  }

  #pad(column: number): string {
    return ' '.repeat(Math.max(0, this.#options.column - column))
  }

  /** A call that does not come back. */
  cut(call: OpenCall, timeNs: bigint, complete: boolean): void {
    this.end(call, timeNs, complete ? ')' : ' <unfinished ...>)', '?')
  }

  detach(call: OpenCall, timeNs: bigint): void {
    this.#resume(call, timeNs)
    this.#open = undefined
    this.#output.write(call.tid, ' <detached ...>\n')
  }

  /** The thread of an open line has another number from now on. */
  renamed(call: OpenCall, tid: number): void {
    if (this.#open !== call) return
    this.#output.write(call.tid, ` <pid changed to ${tid} ...>\n`)
    this.#open = undefined
  }
}
