/**
 * What /proc asks of a world. Tasks lie above files, so who makes the world gives this: see
 * `task/proc-source.ts`.
 */
import type { FdTable } from '../fd-table.ts'
import type { Credentials, FsCaller, FsContext, Location } from '../vfs.ts'

export interface ProcTask {
  readonly tid: number
  readonly comm: string
  /** R, S, D, T, Z or X. */
  readonly stateLetter: string
  readonly startedNs: number
  cpuNs(): number
  rename(comm: string): void
}

/** A mapping, as /proc/PID/maps shows it. */
export interface ProcArea {
  readonly start: number
  readonly end: number
  /** PROT_* bits. */
  readonly protection: number
  readonly shared: boolean
  readonly fileOffset: number
  readonly device: number
  readonly inode: number
  /** A path, `[heap]` and the like, or nothing. */
  readonly name: string
  /** Whether it is private memory without a file. */
  readonly anonymous: boolean
  /** Of its pages that exist. */
  readonly residentBytes: number
}

export interface ProcMemory {
  readonly virtualBytes: number
  readonly residentBytes: number
  readonly lockedBytes: number
}

export interface ProcSignals {
  /** As 16 hexadecimal digits. */
  readonly pending: string
  readonly shared: string
  readonly blocked: string
  readonly ignored: string
  readonly caught: string
  /** How many of its user wait, of how many that may. */
  readonly queued: string
}

/** Numbers that a process may write to its files in /proc. */
export interface ProcChoices {
  /** oom_score_adj: 0 to 1000; to be killed less readily than others needs privilege. */
  oomScore: number
  /** coredump_filter: which kinds of memory a core file has. */
  coredumpFilter: number
}

export interface ProcProcess {
  /** The process itself: another one may have its id later. */
  readonly identity: object
  readonly pid: number
  readonly parentPid: number
  readonly group: number
  readonly session: number
  readonly startedNs: number
  readonly nice: number
  readonly chosen: ProcChoices
  readonly limits: readonly { readonly soft: number; readonly hard: number }[]
  readonly tasks: readonly ProcTask[]
  readonly credentials: Credentials
  readonly executable: Location | undefined
  /** The controlling terminal: its device, and the group in its foreground. */
  readonly terminal: { readonly device: number; readonly group: number } | undefined
  /** Undefined once it has ended. */
  readonly fs: FsContext | undefined
  readonly files: FdTable | undefined
  cpuNs(): number
  childrenCpuNs(): number
  /** Page faults that the kernel has mended, and those of children. */
  readonly faults: number
  readonly childrenFaults: number
  /** Its calls that read and write files, without those that failed, and their bytes. */
  readonly transfers: {
    readonly reads: number
    readonly readBytes: number
    readonly writes: number
    readonly writtenBytes: number
  }
  arguments(): Uint8Array
  environment(): Uint8Array
  auxiliary(): Uint8Array
  areas(): readonly ProcArea[]
  memory(): ProcMemory
  signals(): ProcSignals
}

export interface ProcSystem {
  readonly hostname: string
  readonly domainName: string
  readonly monotonicNs: number
  readonly bootSeconds: number
  /** CPU time of all processes since the platform began. */
  readonly usedNs: number
  readonly memoryBytes: number
  readonly usedBytes: number
  /** All processes that were ever made, and the last process id. */
  readonly lastPid: number
  random(target: Uint8Array): void
  /** The text of /proc/sysvipc/KIND. */
  ipcTable(kind: 'msg' | 'sem' | 'shm'): string
}

export interface ProcSource {
  /** In ascending order. */
  pids(): readonly number[]
  /** By process id, or the id of one of its threads. */
  process(pid: number): ProcProcess | undefined
  /** Of a task that makes a call. */
  caller(caller: FsCaller): { readonly pid: number; readonly tid: number } | undefined
  readonly system: ProcSystem
}
