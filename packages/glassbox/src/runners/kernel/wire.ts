/**
 * The messages between the main thread and the kernel thread of a sandbox, and the words that both
 * share. Messages are plain data, because they are copied from thread to thread.
 */
import type { MessagePort } from 'node:worker_threads'
import type { Limits } from '../../job/options.ts'
import type { PackedError, WorkerData } from '../../trace/wire.ts'
import type { ObjectAnswer, ObjectRequest } from '../../kernel/fs/object/answers.ts'
import type { RootDescription } from '../../kernel/fs/root/root.ts'

export interface OpenSpec {
  readonly root: RootDescription
  readonly hostname: string
  /** The user of the programs. */
  readonly user: { readonly uid: number; readonly gid: number }
  /** The owner of host files that programs see as their own. */
  readonly hostOwner: number
  /** The CPU of the kernel and its guests; undefined: any. */
  readonly cpu: number | undefined
  /** How many stubs are ready before the first program. */
  readonly stubs: number
}

/** What is traced. */
export interface Traced {
  /** Whether threads and children are traced too. */
  readonly follow: boolean
}

/** A trace of a job: what its carrier gets, and the port to its RunningTrace. */
export interface TraceSpec {
  readonly data: WorkerData<Traced>
  readonly port: MessagePort
}

export interface JobSpec {
  readonly path: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly limits: Required<Limits>
  /** Descriptors of the caller, open until the job has started. The kernel duplicates them. */
  readonly stdio: readonly [number, number, number]
  readonly trace?: TraceSpec
}

export type ToKernel =
  | { readonly type: 'open'; readonly spec: OpenSpec; readonly objects?: MessagePort }
  | { readonly type: 'start'; readonly job: JobSpec }
  | { readonly type: 'reset' }
  | { readonly type: 'close' }

/** How a job ended, as the kernel thread tells it. */
export interface KernelEnding {
  readonly cause: 'itself' | 'cpu' | 'wall' | 'memory' | 'canceled' | 'output'
  readonly status: number
  readonly startedNs: number
  readonly endedNs: number
  readonly guestsNs: number
  readonly kernelNs: number
  readonly peakBytes: number
  readonly peakTasks: number
  readonly refusedProcesses: number
  readonly fileAtLimit: boolean
  readonly missing: readonly (readonly [nr: number, count: number])[]
  readonly faultCount: number
  readonly faults: readonly string[]
}

export type FromKernel =
  | { readonly type: 'opened' | 'started' | 'reset' }
  | { readonly type: 'ended'; readonly ending: KernelEnding }
  | { readonly type: 'failed'; readonly error: PackedError }

/** What goes over the line of objects: from the kernel thread, and back. The bell is rung then. */
export interface ObjectQuestion {
  readonly id: number
  readonly request: ObjectRequest
}

export interface ObjectReply {
  readonly id: number
  readonly answer: ObjectAnswer
}

/** What the main thread shares with the kernel thread, beside the bell. */
export const STOP = { none: 0, canceled: 1, output: 2, close: 3 } as const

/** The first message to a kernel thread: memory that both sides share. */
export interface SharedWords {
  readonly bell: SharedArrayBuffer
  /** A word: STOP. */
  readonly stop: SharedArrayBuffer
  readonly stubs: SharedArrayBuffer
}
