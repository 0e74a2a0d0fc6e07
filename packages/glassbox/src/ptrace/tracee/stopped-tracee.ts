/**
 * The object that handlers receive: one for the whole trace, which is moved from stop to stop. It
 * remembers what a handler asked for, and the engine applies that when it restarts the thread.
 */
import { syscall } from '../../gate/gate.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { signalNumber } from '../../linux/signals.ts'
import type { Abi, IdType } from '../../decode/types.ts'
import { Captured } from '../lanes/captured.ts'
import type { Records } from '../record.ts'
import { readRegisters, setArgument, setNumber, setResult, skipCall } from './registers.ts'
import type { Task } from '../task.ts'
import { descriptorOf } from '../subject/descriptor.ts'
import { interfaceName } from '../subject/interface-names.ts'
import { mappingsOf, openMapped } from '../subject/mappings.ts'
import { PidNamespaces } from '../subject/pid-namespaces.ts'
import {
  commandLineOf,
  commOf,
  cpuTimeOf,
  cwdOf,
  executableOf,
  threadCountOf,
} from '../subject/proc-subject.ts'
import { TraceeMemory } from './tracee-memory.ts'
import type { DescriptorInfo, MappingInfo } from '../../trace/subject.ts'
import type { TraceeAtEntry, TraceeAtExec, TraceeAtExit } from '../../trace/tracee.ts'

const KILL = syscallNumber('kill')
const SIGKILL = signalNumber('SIGKILL') ?? 9

export type ForcedOutcome = { readonly value: bigint } | { readonly errno: number }

const register = (outcome: ForcedOutcome): bigint =>
  'errno' in outcome ? BigInt(-outcome.errno) : outcome.value

export class StoppedTracee implements TraceeAtEntry, TraceeAtExec, TraceeAtExit {
  readonly memory: TraceeMemory = new TraceeMemory()
  readonly #records: Records
  readonly #captured: Captured
  #task: Task
  #index = 0
  #namespaces: PidNamespaces | undefined
  /** What the handlers of this stop asked for. */
  delayUs = 0
  pendingSignal = 0
  isLetGo = false

  constructor(records: Records, captures: Uint8Array, task: Task) {
    this.#records = records
    this.#captured = new Captured(captures)
    this.#task = task
  }

  /** From now on the object stands for this thread at the stop of this record. */
  at(task: Task, index: number): this {
    this.#task = task
    this.#index = index
    this.delayUs = 0
    this.pendingSignal = 0
    this.isLetGo = false
    this.memory.at(task.tid, this.#capturedAt(index))
    return this
  }

  /** The thread may have gone on since this stop. */
  #capturedAt(index: number): Captured | undefined {
    const records = this.#records
    if (!records.isDeferred(index)) return undefined
    return this.#captured.use(records.capturesEnd(index - 1), records.capturesEnd(index))
  }

  get tid(): number {
    return this.#task.tid
  }

  get pid(): number {
    return this.#task.pid
  }

  get abi(): Abi {
    return this.#task.abi
  }

  get systemTimeUs(): number {
    return this.#records.systemTimeUs(this.#index)
  }

  get userTimeUs(): number {
    return this.#records.userTimeUs(this.#index)
  }

  get instructionPointer(): bigint {
    return this.#records.instructionPointer(this.#index)
  }

  /** If the thread has gone on, its descriptors may have become others. */
  descriptor(fd: number, pid: number = this.tid): DescriptorInfo | undefined {
    return this.#records.isDeferred(this.#index) ? undefined : descriptorOf(pid, fd)
  }

  cwd(): Uint8Array | undefined {
    return cwdOf(this.tid)
  }

  comm(tid: number = this.tid): Uint8Array | undefined {
    return commOf(tid)
  }

  executable(): string | undefined {
    return executableOf(this.pid)
  }

  commandLine(): readonly string[] | undefined {
    return commandLineOf(this.pid)
  }

  mappings(): readonly MappingInfo[] {
    return mappingsOf(this.tid)
  }

  openMapping(mapping: MappingInfo): number | undefined {
    return openMapped(this.tid, mapping)
  }

  cpuTimeNs(): number | undefined {
    return cpuTimeOf(this.tid)
  }

  threadCount(): number | undefined {
    return threadCountOf(this.pid)
  }

  observedId(id: number, type: IdType): number {
    this.#namespaces ??= new PidNamespaces()
    return this.#namespaces.toOurs(this.tid, id, type)
  }

  interfaceName(index: number): string | undefined {
    return interfaceName(index)
  }

  /** The thread has ended. From now on its id may belong to another one. */
  ended(tid: number): void {
    this.#namespaces?.forget(tid)
  }

  registers(): BigUint64Array | undefined {
    return readRegisters(this.tid)
  }

  read(address: bigint, length: number): Uint8Array {
    return this.memory.read(address, length)
  }

  write(address: bigint, bytes: Uint8Array): number {
    return this.memory.write(address, bytes)
  }

  delay(microseconds: number): void {
    this.delayUs += microseconds
    this.#tamper()
  }

  signal(signal: number): void {
    this.pendingSignal = signal
  }

  detach(): void {
    this.isLetGo = true
  }

  kill(): void {
    syscall(KILL, this.#task.pid, SIGKILL)
  }

  setArgument(index: number, value: bigint): void {
    setArgument(this.tid, this.abi, index, value)
    this.#tamper()
  }

  setNumber(nr: number): void {
    setNumber(this.tid, this.abi, nr)
    this.#tamper()
  }

  skip(outcome: ForcedOutcome): void {
    skipCall(this.tid)
    if (this.#task.call) this.#task.call.forced = register(outcome)
    this.#tamper()
  }

  setResult(outcome: ForcedOutcome): void {
    setResult(this.tid, register(outcome))
    this.#tamper()
  }

  /** Sets the result that a handler wanted at the entry of a call that was not made. */
  force(value: bigint): void {
    setResult(this.tid, value)
  }

  #tamper(): void {
    if (this.#task.call) this.#task.call.tampered = true
  }
}
