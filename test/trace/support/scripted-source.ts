/**
 * A source of traces that is played from TypeScript: no process, no ptrace, nothing of the host.
 * It does what the kernel of glassbox will do: tells handlers of calls, and answers what they ask
 * of the subject.
 */
import type {
  DescriptorInfo,
  EnteredCall,
  LeftCall,
  MappingInfo,
  TraceCommand,
  TraceEnd,
  TraceHandlers,
  TraceeAtEntry,
  TraceeAtExec,
  TraceeAtExit,
} from '#glassbox/index.js'
import type { Daemonizer, SyncOptions, TraceSource } from '#glassbox/trace/source.js'

const START = 1_000_000_000n
const STEP = 1_000_000n
const TEXT_AT = 0x1000n

export type FakeDescriptor = Partial<DescriptorInfo> & { readonly target: Uint8Array }

/** What a test says of a thread. */
export interface Facts {
  readonly tid: number
  readonly pid: number
  readonly comm: string
  readonly commandLine: readonly string[]
  readonly cwd: string
  readonly descriptors: ReadonlyMap<number, FakeDescriptor>
  readonly cpuTimeNs: number
}

export class ScriptedTracee implements TraceeAtEntry, TraceeAtExit, TraceeAtExec {
  readonly abi = 'x86_64'
  readonly systemTimeUs = 0
  readonly userTimeUs = 0
  readonly instructionPointer = 0x40_1000n
  facts: Facts
  #memory = new Uint8Array(0)

  constructor(facts: Facts) {
    this.facts = facts
  }

  get tid(): number {
    return this.facts.tid
  }

  get pid(): number {
    return this.facts.pid
  }

  /** Puts a text into memory; its address. */
  put(text: string): bigint {
    this.#memory = Buffer.from(`${text}\0`)
    return TEXT_AT
  }

  read(address: bigint, length: number): Uint8Array {
    const at = Number(address - TEXT_AT)
    return at < 0 ? new Uint8Array(0) : this.#memory.slice(at, at + length)
  }

  write(): number {
    return 0
  }

  descriptor(fd: number): DescriptorInfo | undefined {
    const found = this.facts.descriptors.get(fd)
    const nothing = (): undefined => undefined
    return found && { isDeleted: false, device: nothing, socket: nothing, process: nothing, ...found }
  }

  cwd(): Uint8Array {
    return Buffer.from(this.facts.cwd)
  }

  comm(tid?: number): Uint8Array | undefined {
    return tid === undefined || tid === this.tid ? Buffer.from(this.facts.comm) : undefined
  }

  executable(): string {
    return this.facts.commandLine[0] ?? ''
  }

  commandLine(): readonly string[] {
    return this.facts.commandLine
  }

  mappings(): readonly MappingInfo[] {
    return []
  }

  openMapping(): undefined {}

  cpuTimeNs(): number {
    return this.facts.cpuTimeNs
  }

  threadCount(): number {
    return 1
  }

  observedId(id: number): number {
    return id
  }

  interfaceName(index: number): string | undefined {
    return index === 1 ? 'lo' : undefined
  }

  registers(): undefined {}
  delay(): void {}
  signal(): void {}
  kill(): void {}
  setArgument(): void {}
  setNumber(): void {}
  skip(): void {}
  setResult(): void {}
  detach(): void {}
}

/** Tells handlers of what happens, on a clock of its own: a millisecond a step. */
export class Teller {
  readonly #handlers: TraceHandlers
  #nowNs = START

  constructor(handlers: TraceHandlers) {
    this.#handlers = handlers
  }

  at({ tid, pid }: ScriptedTracee): { tid: number; pid: number; timeNs: bigint } {
    this.#nowNs += STEP
    return { tid, pid, timeNs: this.#nowNs }
  }

  enter(tracee: ScriptedTracee, nr: number, args: readonly bigint[]): EnteredCall {
    const padded = [...args, 0n, 0n, 0n, 0n, 0n, 0n].slice(0, 6)
    const call = { ...this.at(tracee), nr, args: padded, abi: 'x86_64' as const }
    this.#handlers.enter?.(call, tracee)
    return call
  }

  leave(tracee: ScriptedTracee, entered: EnteredCall, value: bigint): void {
    const call: LeftCall = {
      ...entered,
      ...this.at(tracee),
      enteredNs: entered.timeNs,
      value,
      failed: value < 0n,
      tampered: false,
    }
    this.#handlers.exit?.(call, tracee)
  }

  call(tracee: ScriptedTracee, nr: number, args: readonly bigint[], value: bigint): void {
    this.leave(tracee, this.enter(tracee, nr, args), value)
  }

  started(tracee: ScriptedTracee): void {
    this.#handlers.attached?.({ ...this.at(tracee), attached: false }, tracee)
  }

  child(parent: ScriptedTracee, child: ScriptedTracee): void {
    const stop = { ...this.at(parent), child: child.tid, childPid: child.pid, kind: 'fork' as const }
    this.#handlers.newChild?.(stop, child)
  }

  executed(tracee: ScriptedTracee): void {
    this.#handlers.exec?.({ ...this.at(tracee), formerTid: tracee.tid }, tracee)
  }

  exited(tracee: ScriptedTracee, code: number): void {
    this.#handlers.exiting?.({ ...this.at(tracee), insideCall: false }, tracee)
    this.#handlers.exited?.({ ...this.at(tracee), code })
  }
}

const noDaemon: Daemonizer = {
  daemonize() {
    throw new Error('there is no process')
  },
  tracedProcess: () => undefined,
  handshake() {},
}

/** `play`: what happens. */
export function scriptedSource(
  play: (teller: Teller, command: TraceCommand) => void,
  end: TraceEnd,
): TraceSource {
  return {
    daemonizer: noDaemon,
    traceSync(target, { handlers }: SyncOptions) {
      play(new Teller(handlers), target as TraceCommand)
      const data = handlers.end?.()
      return data === undefined ? end : { ...end, data }
    },
  }
}
