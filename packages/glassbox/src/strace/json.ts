/**
 * One event a line as JSON; the schema is docs/tracing.md's, `v` its version. Numbers beyond 53 bits are strings in hexadecimal; bytes are
 * strings whose bytes above 126 are escaped as strace does it.
 */
import { callName, entryText, exitText } from '../decode/decode.ts'
import { errnoName } from '../linux/errno.ts'
import { signalName } from '../linux/signals.ts'
import { syscallByNumber } from '../linux/syscalls.ts'
import type { LeftCall, TraceeAtExit, TraceHandlers } from '../tracer/types.ts'
import type { StraceOptions } from './options.ts'
import type { Output } from './output.ts'

export const SCHEMA_VERSION = 1

export class JsonLines {
  readonly #options: StraceOptions
  readonly #output: Output
  readonly #offset = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint()
  readonly #entries = new Map<number, ReturnType<typeof entryText>>()
  #seq = 0

  constructor(options: StraceOptions, output: Output) {
    this.#options = options
    this.#output = output
  }

  #write(
    type: string,
    { pid, tid, timeNs }: { pid: number; tid: number; timeNs: bigint },
    rest: object,
  ): void {
    const time = Number((timeNs + this.#offset) / 1000n) / 1e6
    this.#output.write(
      tid,
      `${JSON.stringify({ v: SCHEMA_VERSION, type, seq: this.#seq++, pid, tid, time, ...rest })}\n`,
    )
  }

  handlers(): TraceHandlers {
    return {
      enter: (call, tracee) => {
        if (this.#options.trace.has(call.nr))
          this.#entries.set(call.tid, entryText(call, tracee, this.#options.text))
      },
      exit: (call, tracee) => this.#exit(call, tracee),
      signal: stop => this.#write('signal', stop, { signal: signalName(stop.signal) }),
      groupStop: stop => this.#write('group-stop', stop, { signal: signalName(stop.signal) }),
      newChild: stop => this.#write('new-child', stop, { child: stop.child, kind: stop.kind }),
      exec: stop => this.#write('exec', stop, { formerTid: stop.formerTid }),
      exited: stop => this.#write('exit', stop, { code: stop.code }),
      killed: stop =>
        this.#write('killed', stop, { signal: signalName(stop.signal), coreDumped: stop.coreDumped }),
      idle: () => this.#output.rest(),
    }
  }

  #exit(call: LeftCall, tracee: TraceeAtExit): void {
    const entry = this.#entries.get(call.tid)
    if (!entry) return
    this.#entries.delete(call.tid)
    const { rest, result } = exitText(call, entry, call, tracee, this.#options.text)
    const name = callName(call.nr, call.abi)
    const small = call.value >= -(2n ** 53n) && call.value <= 2n ** 53n
    this.#write('syscall', call, {
      name,
      nr: call.nr,
      abi: call.abi,
      text: `${entry.text}${rest}`,
      args: Object.fromEntries(
        (syscallByNumber(call.nr)?.args ?? []).map((arg, index) => [
          arg.name,
          `0x${(call.args[index] ?? 0n).toString(16)}`,
        ]),
      ),
      result: small ? Number(call.value) : `0x${BigInt.asUintN(64, call.value).toString(16)}`,
      resultText: result,
      ...(call.failed ? { errno: errnoName(Number(-call.value)) } : {}),
      durationUs: Number(call.timeNs - call.enteredNs) / 1000,
    })
  }
}
