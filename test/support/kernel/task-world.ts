/**
 * A world of tasks for tests: its platform runs nothing, its clock stands until it is moved, and
 * its threads are registers. A test makes calls for a task and looks at what becomes of it.
 */
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '#glassbox/linux/constants.js'
import type { FdTable } from '#glassbox/kernel/fs/fd-table.js'
import type { FsContext, Mount } from '#glassbox/kernel/fs/vfs.js'
import { AddressSpace } from '#glassbox/kernel/mm/address-space.js'
import { WorldMemory } from '#glassbox/kernel/mm/world-memory.js'
import type { Fault, GuestThread, Platform, Space, StopKind } from '#glassbox/kernel/platform/platform.js'
import { Registers } from '#glassbox/kernel/platform/registers.js'
import { IPC_FAMILIES } from '#glassbox/kernel/syscalls/ipc/index.js'
import { MEMORY_FAMILIES } from '#glassbox/kernel/syscalls/memory/index.js'
import { TASK_FAMILIES } from '#glassbox/kernel/syscalls/tasks/index.js'
import { userCredentials } from '#glassbox/kernel/task/credentials.js'
import { defaultLimits } from '#glassbox/kernel/task/limits.js'
import { prepare } from '#glassbox/kernel/task/prepare.js'
import { Process, Task, WorldState } from '#glassbox/kernel/task/state.js'
import { TimerHeap } from '#glassbox/kernel/wait/timer-heap.js'
import { errnoName } from '#glassbox/linux/errno.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { MemoryPlatform } from './memory-platform.js'

const FAMILIES = [...TASK_FAMILIES, ...MEMORY_FAMILIES, ...IPC_FAMILIES]
const HANDLERS = new Map(FAMILIES.flatMap(family => Object.entries(family)))
const EXTENDED = 832

/** A thread that never runs. */
export class StillThread implements GuestThread {
  stop: StopKind = 'call'
  nr = 0
  args: readonly [number, number, number, number, number, number] = [0, 0, 0, 0, 0, 0]
  ip = 0
  sp = 0
  fault: Fault = { signal: 0, code: 0, address: 0, error: -1 }
  answer: number | undefined
  interrupts = 0
  released = false
  state: Uint8Array = new Uint8Array(EXTENDED)
  readonly #registers = new Registers()

  cpuTimeNs(): number {
    return 0
  }

  result(value: number): void {
    this.answer = value
    this.#registers.set(10, value)
  }

  registers(): Registers {
    return this.#registers
  }

  changed(): void {}

  setArgument(index: number, value: bigint): void {
    const args = [...this.args] as [number, number, number, number, number, number]
    args[index] = Number(value)
    this.args = args
  }

  extended(): Uint8Array {
    return this.state.slice()
  }

  setExtended(state: Uint8Array | undefined): boolean {
    this.state = state?.slice() ?? new Uint8Array(EXTENDED)
    return true
  }

  moveTo(_space: Space): void {}
  resume(): void {}

  interrupt(): void {
    this.interrupts++
  }

  release(): void {
    this.released = true
  }
}

const noFiles = (): FdTable => ({ copy: noFiles, closeAll() {}, closeForExec() {} }) as unknown as FdTable

export class TaskWorld {
  readonly state: WorldState
  /** The monotonic clock. */
  nowNs = 1e9

  constructor() {
    const memory = new MemoryPlatform()
    const platform = Object.assign(memory, { createThread: () => new StillThread(), now: () => this.nowNs })
    this.state = new WorldState({
      platform: platform as unknown as Platform,
      timers: new TimerHeap(),
      clock: {
        monotonic: () => this.nowNs,
        realSeconds: () => 1_700_000_000 + Math.floor(this.nowNs / 1e9),
        realNanoseconds: () => this.nowNs % 1e9,
      },
      random: target => target.fill(7),
      hostname: 'test',
      root: {} as Mount,
      limits: { memoryBytes: Infinity, processes: 100 },
      memory: new WorldMemory(platform as unknown as Platform),
    })
    const init = new Process(this.state, this.state.newId(), undefined, defaultLimits())
    this.state.processes.set(init.pid, init)
    this.state.init = init
  }

  /** The first program: its process leads its group and its session. */
  first(uid = 1000): Task {
    const pid = this.state.newId()
    const process = new Process(this.state, pid, this.state.init, defaultLimits())
    process.group = pid
    process.session = pid
    this.state.first = process
    const space = new AddressSpace(this.state.memory)
    space.limits = process.limits
    const fs = { umask: 0o22 } as FsContext
    const credentials = userCredentials(uid, uid, [])
    const shares = { files: noFiles(), fs, credentials, comm: 'first' }
    const task = new Task(process, pid, new StillThread(), space, shares)
    this.state.add(task)
    return task
  }

  /** Makes a call, and runs whatever became ready. Its result, or undefined while it waits. */
  call(task: Task, name: string, ...args: number[]): number | undefined {
    const entry = HANDLERS.get(name)
    if (entry === undefined) throw new Error(`no call ${name}`)
    const handler = typeof entry === 'function' ? entry : entry.handler
    const thread = task.thread as StillThread
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = args
    task.running = false
    thread.answer = undefined
    task.nr = syscallNumber(name)
    this.state.current = task
    task.finish(handler(task, a, b, c, d, e, f))
    this.settle()
    return thread.answer
  }

  /** The name of the error, or `ok`, or `waits`. */
  outcome(task: Task, name: string, ...args: number[]): string {
    const result = this.call(task, name, ...args)
    if (result === undefined) return 'waits'
    return result < 0 ? errnoName(-result) : 'ok'
  }

  /** Lets everything that is ready go on. Threads run until the test makes a call for them. */
  settle(): void {
    for (let task = this.state.nextReady(); task !== undefined; task = this.state.nextReady()) prepare(task)
  }

  /** Moves the clock. */
  pass(ns: number): void {
    this.nowNs += ns
    this.state.timers.run(this.nowNs)
    this.settle()
  }

  /** The answer of the last call of a task; undefined while it waits. */
  answer(task: Task): number | undefined {
    return (task.thread as StillThread).answer
  }

  /** A child by fork(2). */
  fork(task: Task): Task {
    const pid = this.call(task, 'fork') ?? 0
    // A parent is parked for its child until some time has passed.
    this.pass(10e6)
    return this.state.tasks.get(pid) as Task
  }

  /** Some writable pages of the task. */
  page(task: Task): number {
    const protection = PROT_READ | PROT_WRITE
    const at = this.call(task, 'mmap', 0, 4096 * 8, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    task.addressSpace.space.flush()
    return at ?? 0
  }
}
