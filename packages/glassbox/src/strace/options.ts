/** What `glassbox strace` was asked for, as a value. Names are those of strace's options. */
import type { TextOptions } from '../decode/types.ts'
import type { Injection } from './inject.ts'
import type { CallSet } from './set.ts'

export type Status = 'successful' | 'failed' | 'unfinished' | 'detached' | 'unavailable'

export interface StraceOptions {
  readonly command: readonly string[]
  readonly argv0?: string
  readonly pids: readonly number[]
  /** Changes of the environment: a value, or undefined to leave it out. */
  readonly env: readonly (readonly [name: string, value: string | undefined])[]
  readonly user?: string
  readonly follow: boolean
  /** -ff: a file a thread. */
  readonly separately: boolean
  readonly output?: string
  readonly append: boolean
  readonly trace: CallSet
  readonly signals: (signal: number) => boolean
  readonly status: ReadonlySet<Status>
  readonly paths: readonly string[]
  readonly injections: readonly Injection[]
  readonly quiet: ReadonlySet<Quiet>
  readonly text: TextOptions
  /** Calls whose structs are not cut short, are addresses, are registers. */
  readonly full: CallSet
  readonly addressesOnly: CallSet
  readonly raw: CallSet
  readonly descriptors: 'none' | 'paths' | 'all'
  readonly commands: boolean
  readonly time: 'none' | 'time' | 'unix'
  /** Digits of a second. */
  readonly precision: number
  readonly relative: boolean
  readonly durations: boolean
  readonly column: number
  readonly numbers: boolean
  readonly instructionPointer: boolean
  readonly alwaysPid: boolean
  readonly summary: 'none' | 'only' | 'too'
  readonly summaryWall: boolean
  readonly summarySort: string
  readonly summaryColumns: readonly string[]
  readonly seccomp: boolean
  readonly killOnExit: boolean
  readonly syscallLimit: number
  /** Detach at the execve of a call of this name. */
  readonly detachOnExec: boolean
  readonly json: boolean
  readonly perfetto?: string
  readonly tree: boolean
  readonly stats: boolean
}

export type Quiet = 'attach' | 'exit' | 'path-resolution' | 'personality' | 'thread-execve'
export const ALL_STATUS: readonly Status[] = ['successful', 'failed', 'unfinished', 'detached', 'unavailable']
