/**
 * A task of the kernel as handlers of a trace see it. Every answer comes from the kernel's own
 * tables. Handlers may look at a task, write its memory, and send it signals; they cannot change
 * its calls.
 */
import { MissingFeatureError } from '../../../errors.ts'
import { PROT_EXEC } from '../../../linux/constants.ts'
import { pathFrom } from '../../../kernel/fs/path/mounts.ts'
import { WorldProcesses } from '../../../kernel/task/proc-source.ts'
import { SIGNAL } from '../../../kernel/task/signals/numbers.ts'
import type { Task } from '../../../kernel/task/state.ts'
import type { DescriptorInfo, MappingInfo } from '../../../trace/subject.ts'
import type { TraceeAtEntry, TraceeAtExec, TraceeAtExit } from '../../../trace/tracee.ts'
import { cwdOf, descriptorOf } from './descriptor.ts'
import type { LaunchMemory } from './launch-memory.ts'

const PAGE = 4096
const NS_PER_US = 1000
const REGISTER_COUNT = 27

export class TaskTracee implements TraceeAtEntry, TraceeAtExit, TraceeAtExec {
  readonly abi = 'x86_64'
  readonly systemTimeUs = 0
  readonly #task: Task
  readonly #launch: LaunchMemory | undefined

  /** `launch`: the memory of the execve that started the world, which no task has made. */
  constructor(task: Task, launch?: LaunchMemory) {
    this.#task = task
    this.#launch = launch
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
    const target = new Uint8Array(length)
    const done = this.#byPages(address, length, (at, offset, count) =>
      this.#task.memory.read(at, target, offset, count),
    )
    return target.subarray(0, done)
  }

  write(address: bigint, bytes: Uint8Array): number {
    return this.#byPages(address, bytes.length, (at, offset, count) =>
      this.#task.memory.write(at, bytes, offset, count),
    )
  }

  /** The kernel answers for a whole range; a trace wants what there is of it. Returns how much. */
  #byPages(
    address: bigint,
    length: number,
    move: (at: number, offset: number, count: number) => number,
  ): number {
    const start = Number(address)
    if (!Number.isSafeInteger(start)) return 0
    let done = 0
    while (done < length) {
      const count = Math.min(length - done, PAGE - ((start + done) % PAGE))
      if (move(start + done, done, count) < 0) break
      done += count
    }
    return done
  }

  descriptor(fd: number): DescriptorInfo | undefined {
    return descriptorOf(this.#task, fd)
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
    const areas = new WorldProcesses(this.#task.world).process(this.pid)?.areas() ?? []
    return areas
      .filter(({ name }) => name !== '')
      .map(({ start, end, protection, fileOffset, inode, name }) => ({
        ...{ start, end, inode, name },
        executable: (protection & PROT_EXEC) !== 0,
        offset: fileOffset,
        device: '00:00',
      }))
  }

  /** A file of the world need not be one of the host. */
  openMapping(): undefined {}

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

  signal(signal: number): void {
    this.#task.signal(signal)
  }

  kill(): void {
    this.#task.signal(SIGNAL.SIGKILL)
  }

  delay(): void {
    refuse('delay a thread')
  }

  setArgument(): void {
    refuse('change an argument')
  }

  setNumber(): void {
    refuse('change a call')
  }

  skip(): void {
    refuse('skip a call')
  }

  setResult(): void {
    refuse('change a result')
  }

  detach(): void {
    refuse('leave one process')
  }
}

function refuse(what: string): never {
  throw new MissingFeatureError(
    'trace',
    `A trace of the kernel runner cannot ${what}.`,
    "Use runner: 'namespace' for a trace that changes what programs do.",
  )
}
