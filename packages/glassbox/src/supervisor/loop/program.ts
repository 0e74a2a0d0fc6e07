/**
 * A supervised program, its tasks, and what is known about them. It ends when no task of it is
 * left. The loop owns it.
 */
import type { EndCause, Ending, Violation } from '../../job/ending.ts'
import {
  type Denial,
  MOST_DENIALS,
  type ProgramSpec,
  type StopAction,
  type SupervisedEnding,
} from '../contract.ts'
import type { PathJudge } from '../decision.ts'
import type { Granted } from '../paths/passing.ts'
import type { Start } from '../start/start.ts'
import { CpuTime } from '../limits/cpu-time.ts'
import { MemoryPeak } from '../limits/memory.ts'
import { Zombies } from './zombies.ts'

const TRACER = { cpuTime: 'tracer', memory: 'tracer', processes: 'tracer' } as const

export class Program {
  readonly id: number
  readonly spec: ProgramSpec
  readonly start: Start
  /** Judges paths; given if the policy has rules about them. */
  readonly judge: PathJudge | undefined
  /** Its first process. */
  readonly root: number
  /** Whether every call that makes a process or a thread stops. */
  readonly stopsBirths: boolean
  /** By tid. */
  readonly tasks: Map<number, Task> = new Map()
  readonly cpu: CpuTime = new CpuTime()
  /** Undefined if a cgroup measures and limits it. */
  readonly memory: MemoryPeak | undefined
  /** The budgets of calls that were used, by their index. */
  readonly used: number[] = []
  /** What its calls may name to pass without a decision. */
  granted: Granted | undefined
  /** It has a filter of its own. */
  hasOwnFilter = false
  readonly zombies: Zombies = new Zombies()
  /** Zero until the program executes its file. */
  startedNs = 0n
  /** Whether the main thread knows that it runs. */
  isAnnounced = false
  /** Set once the program is being ended. */
  cause: EndCause | undefined
  denied: Violation | undefined
  exit: Ending['exit']
  /** Why the supervisor could not decide about it; it is being ended then. */
  failure: { readonly error: unknown } | undefined
  /** Tasks in calls that make a process or a thread. */
  births = 0
  /** Children that were made, whose makers died before they were announced. */
  lostBirths = 0
  peakTasks = 0
  refusedProcesses = 0
  fileAtLimit = false
  #denials: Denial[] = []
  #moreDenials = 0

  constructor(id: number, spec: ProgramSpec, start: Start, judge: PathJudge | undefined) {
    this.id = id
    this.spec = spec
    this.start = start
    this.judge = judge
    this.root = start.pid
    this.stopsBirths = spec.decisions.actions.some(({ kind }) => kind === 'birth')
    this.memory = spec.group?.hasPeak ? undefined : new MemoryPeak(spec.limits.memoryBytes, spec.user)
  }

  get isEnding(): boolean {
    return this.cause !== undefined
  }

  add(task: Task): void {
    this.tasks.set(task.tid, task)
    if (this.tasks.size > this.peakTasks) this.peakTasks = this.tasks.size
    if (task.tid === task.pid) this.cpu.add(task.pid)
  }

  deny(denial: Denial): void {
    if (this.#denials.length < MOST_DENIALS) this.#denials.push(denial)
    else this.#moreDenials++
  }

  /** The ending, once every task is dead. `nowNs`: CLOCK_MONOTONIC. */
  ending(nowNs: bigint): SupervisedEnding {
    return {
      cause: this.cause ?? 'itself',
      ...(this.exit ? { exit: this.exit } : {}),
      startedNs: this.startedNs,
      endedNs: nowNs,
      usage: { ...this.cpu.usage(), memoryBytes: this.memory?.peak ?? 0, processes: this.peakTasks },
      measuredBy: TRACER,
      oomKills: 0,
      refusedProcesses: this.refusedProcesses,
      fileAtLimit: this.fileAtLimit,
      ...(this.denied ? { denied: this.denied } : {}),
      denials: this.#denials,
      moreDenials: this.#moreDenials,
    }
  }
}

/** A thread of the program, from the moment the supervisor hears of it to its end. */
export class Task {
  readonly tid: number
  /** Its process. */
  readonly pid: number
  readonly program: Program
  /** It has not executed the program yet. All that it does is let through. */
  isStarting = false
  /** The call about which a handler was asked, and what to do if the handler allows it. */
  asked: { readonly nr: number; readonly args: readonly bigint[]; readonly within: StopAction } | undefined
  /** Its last call failed at the limit of the size of files; the signal for that is on its way. */
  grewTooFar = false
  /** It entered a call that makes a process or a thread, and was not seen since. */
  inBirth = false

  constructor(tid: number, pid: number, program: Program) {
    this.tid = tid
    this.pid = pid
    this.program = program
  }
}
