/**
 * A timeline in the Trace Event Format, which Perfetto and chrome://tracing open: a track for each thread, a slice for each call, marks for
 * signals and new programs. Written as it happens, so that a long trace needs no memory.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { callName, entryText, exitText } from '../decode/decode.ts'
import { signalName } from '../linux/signals.ts'
import type { LeftCall, TraceeAtExit, TraceHandlers } from '../tracer/types.ts'
import { commandText } from './descriptors.ts'
import type { StraceOptions } from './options.ts'
import { UsageError } from './usage-error.ts'

const GATHER = 65_536

export class Timeline {
  readonly #options: StraceOptions
  readonly #fd: number
  readonly #entries = new Map<number, ReturnType<typeof entryText>>()
  #text = '{"displayTimeUnit":"ns","traceEvents":[\n'
  #first = true

  constructor(options: StraceOptions, file: string) {
    this.#options = options
    try {
      this.#fd = openSync(file, 'w')
    } catch (error) {
      throw new UsageError(`Can't fopen '${file}': ${(error as Error).message}`)
    }
  }

  #event(event: object): void {
    this.#text += `${this.#first ? '' : ',\n'}${JSON.stringify(event)}`
    this.#first = false
    if (this.#text.length > GATHER) this.#flush()
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text)
    this.#text = ''
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at)
  }

  #mark(
    name: string,
    { pid, tid, timeNs }: { pid: number; tid: number; timeNs: bigint },
    args: object = {},
  ): void {
    this.#event({ name, ph: 'i', s: 't', pid, tid, ts: Number(timeNs) / 1000, args })
  }

  #name(pid: number, tid: number): void {
    const name = commandText(tid).replace(/^<|>$/g, '')
    this.#event({ name: pid === tid ? 'process_name' : 'thread_name', ph: 'M', pid, tid, args: { name } })
  }

  handlers(): TraceHandlers {
    return {
      enter: (call, tracee) => {
        if (this.#options.trace.has(call.nr))
          this.#entries.set(call.tid, entryText(call, tracee, this.#options.text))
      },
      exit: (call, tracee) => this.#exit(call, tracee),
      signal: stop => this.#mark(signalName(stop.signal), stop),
      newChild: stop => this.#mark(stop.kind, stop, { child: stop.child }),
      exec: stop => {
        this.#name(stop.pid, stop.tid)
        this.#mark('exec', stop)
      },
      exited: stop => this.#mark(`exit ${stop.code}`, stop),
      killed: stop => this.#mark(`killed by ${signalName(stop.signal)}`, stop),
    }
  }

  #exit(call: LeftCall, tracee: TraceeAtExit): void {
    const entry = this.#entries.get(call.tid)
    if (!entry) return
    this.#entries.delete(call.tid)
    const { rest, result } = exitText(call, entry, call, tracee, this.#options.text)
    const { pid, tid } = call
    const ts = Number(call.enteredNs) / 1000
    const dur = Number(call.timeNs - call.enteredNs) / 1000
    const args = { call: `${entry.text}${rest}`, result }
    this.#event({ name: callName(call.nr, call.abi), ph: 'X', pid, tid, ts, dur, args })
  }

  close(): void {
    this.#text += '\n]}\n'
    this.#flush()
    closeSync(this.#fd)
  }
}
