/** What /proc shows of a world: the adapter between its tasks and `fs/proc`. */
import { accountOf, mostSignals } from './signals/accounts.ts'
import { SIG_DFL, SIG_IGN } from './signals/numbers.ts'
import { IPC_TEXTS } from './ipc/texts.ts'
import type { Area } from '../mm/areas/area.ts'
import type {
  ProcArea,
  ProcMemory,
  ProcProcess,
  ProcSignals,
  ProcSource,
  ProcSystem,
  ProcTask,
} from '../fs/proc/source.ts'
import type { FdTable } from '../fs/fd-table.ts'
import type { Credentials, FsCaller, FsContext, Location } from '../fs/vfs.ts'
import type { SignalSet } from './signals/set.ts'
import { Task } from './state.ts'
import type { Process, WorldState } from './state.ts'

const PAGE = 4096

/**
 * @example
 * root.attachProcesses(new WorldProcesses(world))
 */
export class WorldProcesses implements ProcSource, ProcSystem {
  readonly #world: WorldState

  constructor(world: WorldState) {
    this.#world = world
  }

  get system(): this {
    return this
  }

  pids(): readonly number[] {
    return [...this.#world.processes.keys()].toSorted((a, b) => a - b)
  }

  process(pid: number): ProcProcess | undefined {
    const process = this.#world.processes.get(pid) ?? this.#world.tasks.get(pid)?.process
    return process === undefined ? undefined : new ShownProcess(process)
  }

  caller(caller: FsCaller): { readonly pid: number; readonly tid: number } | undefined {
    return caller instanceof Task ? { pid: caller.process.pid, tid: caller.tid } : undefined
  }

  get hostname(): string {
    return this.#world.hostname
  }

  get domainName(): string {
    return this.#world.domainName
  }

  get monotonicNs(): number {
    return this.#world.clock.monotonic()
  }

  get bootSeconds(): number {
    const { clock } = this.#world
    return Math.floor(clock.realSeconds() - clock.monotonic() / 1e9)
  }

  get usedNs(): number {
    return this.#world.platform.cpuTimeNs()
  }

  get memoryBytes(): number {
    return this.#world.limits.memoryBytes
  }

  get usedBytes(): number {
    return this.#world.memory.usage()
  }

  get lastPid(): number {
    return Math.max(0, ...this.#world.processes.keys())
  }

  random(target: Uint8Array): void {
    this.#world.random(target)
  }

  ipcTable(kind: 'msg' | 'sem' | 'shm'): string {
    return IPC_TEXTS[kind](this.#world.ipc)
  }
}

class ShownProcess implements ProcProcess {
  readonly #process: Process

  constructor(process: Process) {
    this.#process = process
  }

  get identity(): Process {
    return this.#process
  }

  get pid(): number {
    return this.#process.pid
  }

  get parentPid(): number {
    return this.#process.parentPid
  }

  get group(): number {
    return this.#process.group
  }

  get session(): number {
    return this.#process.session
  }

  get terminal(): ProcProcess['terminal'] {
    return this.#process.world.terminalOf(this.#process.session)
  }

  get startedNs(): number {
    return this.#process.startedNs
  }

  get nice(): number {
    return this.#process.nice
  }

  get chosen(): ProcProcess['chosen'] {
    return this.#process.chosen
  }

  get limits(): ProcProcess['limits'] {
    return this.#process.limits
  }

  get tasks(): readonly ProcTask[] {
    // The world's own first process has no thread: it takes orphans.
    if (this.pid === 1) return [INIT]
    return [...this.#process.tasks].map(task => ({
      tid: task.tid,
      comm: task.comm,
      stateLetter: task.stateLetter,
      startedNs: task.startedNs,
      cpuNs: () => task.cpuNs(),
      rename: (comm: string) => void (task.comm = comm),
    }))
  }

  get credentials(): Credentials {
    return this.#leader?.credentials ?? nobody(this.#process.lastUid)
  }

  get executable(): Location | undefined {
    return this.#process.executable
  }

  get fs(): FsContext | undefined {
    return this.#leader?.fs
  }

  get files(): FdTable | undefined {
    return this.#leader?.files
  }

  get #leader(): Task | undefined {
    return this.#process.leader
  }

  cpuNs(): number {
    return this.#process.cpuNs()
  }

  childrenCpuNs(): number {
    return this.#process.childUsage.cpuNs
  }

  get faults(): number {
    return this.#process.faults
  }

  get transfers(): ProcProcess['transfers'] {
    return this.#process.transfers
  }

  get childrenFaults(): number {
    return this.#process.childUsage.minorFaults
  }

  arguments(): Uint8Array {
    const { argumentsStart, argumentsEnd } = this.#leader?.addressSpace.program ?? NOTHING
    return this.#bytes(argumentsStart, argumentsEnd)
  }

  environment(): Uint8Array {
    const { argumentsEnd, environmentEnd } = this.#leader?.addressSpace.program ?? NOTHING
    return this.#bytes(argumentsEnd, environmentEnd)
  }

  auxiliary(): Uint8Array {
    return this.#leader?.addressSpace.program.auxiliary ?? new Uint8Array(0)
  }

  #bytes(start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(end - start, MOST_BYTES)))
    const memory = this.#leader?.memory
    return memory?.read(start, bytes, 0, bytes.length) === 0 ? bytes : new Uint8Array(0)
  }

  /** Mappings as the guest made them: areas that look like one are one. */
  areas(): readonly ProcArea[] {
    const areas: Area[][] = []
    for (const area of this.#leader?.addressSpace.areas.all ?? []) {
      const last = areas.at(-1)
      if (last?.at(-1)?.looksContinuedBy(area) === true) last.push(area)
      else areas.push([area])
    }
    return areas.map(shownArea)
  }

  memory(): ProcMemory {
    const space = this.#leader?.addressSpace
    if (space === undefined) return { virtualBytes: 0, residentBytes: 0, lockedBytes: 0 }
    let resident = 0
    for (const area of space.areas.all) if (area.backing !== undefined) resident += area.end - area.start
    return {
      virtualBytes: space.totalPages * PAGE,
      residentBytes: resident,
      lockedBytes: space.lockedPages * PAGE,
    }
  }

  signals(): ProcSignals {
    const { pending, actions } = this.#process
    const leader = this.#leader
    let ignored = 0n
    let caught = 0n
    for (let signal = 1; signal <= 64; signal++) {
      const { handler } = actions.get(signal)
      if (handler === SIG_IGN) ignored |= 1n << BigInt(signal - 1)
      else if (handler !== SIG_DFL) caught |= 1n << BigInt(signal - 1)
    }
    const hex = (bits: bigint): string => bits.toString(16).padStart(16, '0')
    return {
      pending: hex(bitsOf(leader?.pending.set)),
      shared: hex(bitsOf(pending.set)),
      blocked: hex(bitsOf(leader?.mask)),
      ignored: hex(ignored),
      caught: hex(caught),
      queued: `${accountOf(this.#process).queued}/${mostSignals(this.#process)}`,
    }
  }
}

const INIT: ProcTask = {
  ...{ tid: 1, comm: 'init', stateLetter: 'S', startedNs: 0 },
  cpuNs: () => 0,
  rename: () => {},
}

const MOST_BYTES = 2 ** 20
const NOTHING = { argumentsStart: 0, argumentsEnd: 0, environmentEnd: 0 }

const bitsOf = (set: SignalSet | undefined): bigint =>
  set === undefined ? 0n : BigInt(set.lo >>> 0) | (BigInt(set.hi >>> 0) << 32n)

/** What is known of a process that has ended. */
const nobody = (uid: number): Credentials => ({
  ...{ uid, gid: uid, euid: uid, egid: uid, suid: uid, sgid: uid, fsuid: uid, fsgid: uid },
  groups: [],
  privileged: false,
})

/** `parts`: areas that continue each other; at least one. */
function shownArea(parts: readonly Area[]): ProcArea {
  const { start, protection, shared, anonymous, file, fileOffset, name } = parts[0] as Area
  return {
    ...{ start, end: (parts.at(-1) as Area).end, protection, shared },
    anonymous: anonymous && !shared,
    residentBytes: parts.reduce((sum, part) => sum + (part.backing === undefined ? 0 : part.pages * PAGE), 0),
    fileOffset: file === undefined ? 0 : fileOffset,
    device: file?.device ?? 0,
    inode: file?.inode ?? 0,
    name: name === undefined ? (file?.path() ?? '') : `[${name}]`,
  }
}
