/**
 * A task of the kernel as handlers of a trace see it. Every answer comes from the kernel's own
 * tables. What handlers ask for at a stop is kept here, until the trace carries it out. The execve
 * that starts a world was made by no task, so it can only fail or be delayed.
 */
import { MissingFeatureError } from '../../../errors.ts'
import { SI_KERNEL } from '../../../linux/constants.ts'
import { pathFrom } from '../../../kernel/fs/path/mounts.ts'
import { WorldProcesses } from '../../../kernel/task/proc-source.ts'
import { SIGNAL } from '../../../kernel/task/signals/numbers.ts'
import { sendToTask } from '../../../kernel/task/signals/send.ts'
import type { Task } from '../../../kernel/task/state.ts'
import type { DescriptorInfo, MappingInfo } from '../../../trace/subject.ts'
import type { TraceeAtEntry, TraceeAtExec, TraceeAtExit } from '../../../trace/tracee.ts'
import { cwdOf, descriptorOf } from './descriptor.ts'
import type { KernelTimes } from './kernel-times.ts'
import type { LaunchMemory } from './launch-memory.ts'
import { copyOfMapped, mappingsOf } from './mappings.ts'
import { readMemory, writeMemory } from './task-memory.ts'

const NS_PER_US = 1000
const REGISTER_COUNT = 27
const LAST_ARGUMENT = 5
const MOST_ERRNO = 4095n

export class TaskTracee implements TraceeAtEntry, TraceeAtExit, TraceeAtExec {
  readonly abi = 'x86_64'
  readonly #task: Task
  readonly #times: KernelTimes
  readonly #launch: LaunchMemory | undefined
  /** The handlers of this stop have changed its call. */
  tampered = false
  delayUs = 0
  /** The result of a call that is not to be made. */
  skipped: bigint | undefined
  /** The result that the program gets in place of its own. */
  result: bigint | undefined
  isLetGo = false

  /** `launch`: the memory of the execve that started the world, which no task has made. */
  constructor(task: Task, times: KernelTimes, launch?: LaunchMemory) {
    this.#task = task
    this.#times = times
    this.#launch = launch
  }

  /** Of the execve that started the world. */
  get launchArguments(): readonly bigint[] {
    return this.#launch?.args ?? []
  }

  get systemTimeUs(): number {
    return Math.floor(this.#times.of(this.#task) / NS_PER_US)
  }

  get tid(): number {
    return this.#task.tid
  }

  get pid(): number {
    return this.#task.process.pid
  }

  get userTimeUs(): number {
    return Math.floor(this.#task.cpuNs() / NS_PER_US)
  }

  get instructionPointer(): bigint {
    return BigInt.asUintN(64, BigInt(this.#task.thread.ip))
  }

  read(address: bigint, length: number): Uint8Array {
    const launched = this.#launch?.read(address, length)
    if (launched) return launched
    return readMemory(this.#task, address, length)
  }

  write(address: bigint, bytes: Uint8Array): number {
    return writeMemory(this.#task, address, bytes)
  }

  descriptor(fd: number, pid?: number): DescriptorInfo | undefined {
    const task = pid === undefined ? this.#task : this.#task.world.tasks.get(pid)
    return task && descriptorOf(task, fd)
  }

  cwd(): Uint8Array | undefined {
    return cwdOf(this.#task)
  }

  comm(tid?: number): Uint8Array | undefined {
    const task = tid === undefined ? this.#task : this.#task.world.tasks.get(tid)
    return task && Buffer.from(task.comm, 'latin1')
  }

  executable(): string | undefined {
    const { executable } = this.#task.process
    const path = executable && pathFrom(this.#task.fs.root, executable)
    return path === undefined ? undefined : Buffer.from(path, 'latin1').toString()
  }

  commandLine(): readonly string[] | undefined {
    const shown = new WorldProcesses(this.#task.world).process(this.pid)
    return shown && Buffer.from(shown.arguments()).toString().split('\0').slice(0, -1)
  }

  mappings(): readonly MappingInfo[] {
    return mappingsOf(this.#task)
  }

  openMapping(mapping: MappingInfo): number | undefined {
    return copyOfMapped(this.#task, mapping)
  }

  cpuTimeNs(): number {
    return this.#task.cpuNs()
  }

  threadCount(): number {
    return this.#task.process.tasks.size
  }

  /** The observer sees the ids of the world. */
  observedId(id: number): number {
    return id
  }

  interfaceName(index: number): string | undefined {
    return index === 1 ? 'lo' : undefined
  }

  registers(): BigUint64Array | undefined {
    const { words } = this.#task.thread.registers()
    return new BigUint64Array(words.slice(0, 2 * REGISTER_COUNT).buffer)
  }

  /** As of the kernel: no process has sent it. */
  signal(signal: number): void {
    sendToTask(this.#task, { signal, code: SI_KERNEL, details: { kind: 'sender', pid: 0, uid: 0 } })
  }

  kill(): void {
    this.#task.signal(SIGNAL.SIGKILL)
  }

  delay(microseconds: number): void {
    this.delayUs += microseconds
    this.tampered = true
  }

  setArgument(index: number, value: bigint): void {
    if (!Number.isInteger(index) || index < 0 || index > LAST_ARGUMENT)
      throw new RangeError(`A call has arguments 0 to ${LAST_ARGUMENT}, not ${index}.`)
    if (this.#launch) refuse('change an argument')
    this.#task.thread.setArgument(index, value)
    this.tampered = true
  }

  setNumber(nr: number): void {
    if (this.#launch) refuse('change the number')
    this.#task.nr = nr
    this.tampered = true
  }

  skip(outcome: Outcome): void {
    const value = registerOf(outcome)
    if (this.#launch && (value >= 0n || value < -MOST_ERRNO)) refuse('skip it without an error')
    this.skipped = value
    this.tampered = true
  }

  setResult(outcome: Outcome): void {
    this.result = registerOf(outcome)
    this.tampered = true
  }

  detach(): void {
    this.isLetGo = true
  }
}

type Outcome = { readonly value: bigint } | { readonly errno: number }

const registerOf = (outcome: Outcome): bigint =>
  BigInt.asIntN(64, 'errno' in outcome ? BigInt(-outcome.errno) : outcome.value)

function refuse(what: string): never {
  throw new MissingFeatureError(
    'trace',
    `A trace of the kernel runner cannot ${what} at the execve that starts the program: no program makes it.`,
    'Let it fail with an errno, or change a later call.',
  )
}
