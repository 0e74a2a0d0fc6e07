/**
 * Which program a new task belongs to. The maker's event and the task's first stop come in either
 * order. If the maker is killed between the two, its event never comes: then the task is found by
 * its parent, or by the one program that has lost a maker in such a call.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { syscall } from '../../gate/gate.ts'
import { __WALL, __WNOTHREAD, P_ALL, WEXITED, WNOHANG, WNOWAIT, WSTOPPED } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { PTRACE_EVENT } from '../../linux/ptrace.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { eventOf } from '../../ptrace/stop.ts'
import { killProcess } from './kill.ts'
import { type Program, Task } from './program.ts'

const TGKILL = syscallNumber('tgkill')
const WAITID = syscallNumber('waitid')
/** Of this thread. Nothing is taken, and nothing is waited for. */
const ANY_TRACEE = __WALL | __WNOTHREAD | WEXITED | WSTOPPED | WNOHANG | WNOWAIT

/** Ids from /proc/TID/status; zeros if the thread is gone. */
function idsOf(tid: number | string): {
  readonly tgid: number
  readonly parent: number
  readonly tracer: number
} {
  let text = ''
  try {
    text = readFileSync(`/proc/${tid}/status`, 'latin1')
  } catch {
    // It is gone.
  }
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? 0)
  return { tgid: field('Tgid'), parent: field('PPid'), tracer: field('TracerPid') }
}

export class Births {
  readonly #tasks: Map<number, Task>
  /** The thread of this supervisor. */
  readonly #tracer: number
  readonly #onTask: (task: Task) => void
  /** Tasks that stopped and whose program is not known yet. They stay stopped. */
  readonly #early = new Set<number>()
  /** Tasks that ended before it was known whose they are, with their CPU time in ns. */
  readonly #gone = new Map<number, bigint>()

  /** `onTask` is called with each new task before it runs. */
  constructor(tasks: Map<number, Task>, tracer: number, onTask: (task: Task) => void) {
    this.#onTask = onTask
    this.#tasks = tasks
    this.#tracer = tracer
  }

  /** Whether a stopped task waits for its program to be found. */
  get holds(): boolean {
    return this.#early.size > 0
  }

  /** No program is left. Whatever still waits here cannot be one's, and is killed. */
  clear(): void {
    for (const tid of this.#early) killProcess(tid)
    this.#early.clear()
    this.#gone.clear()
  }

  /** The maker's event. Returns the task if it is stopped already, and must be restarted. */
  announced(maker: Task, tid: number, status: number): Task | undefined {
    const { program } = maker
    const clockNs = this.#gone.get(tid)
    if (clockNs !== undefined) {
      this.#gone.delete(tid)
      program.cpu.ended(tid, clockNs, 0, 0)
      return undefined
    }
    if (this.#tasks.has(tid)) return undefined
    // A thread is known by its process; after fork and vfork it is a process of its own.
    const isThread = eventOf(status) === PTRACE_EVENT.clone && syscall(TGKILL, maker.pid, tid, 0) === 0
    const task = this.#add(tid, isThread ? maker.pid : tid, program)
    return this.#early.delete(tid) ? task : undefined
  }

  /** A task that nobody announced has stopped. */
  early(tid: number): void {
    this.#early.add(tid)
  }

  /** A task that nobody announced has ended. */
  lost(tid: number, clockNs: bigint): void {
    this.#early.delete(tid)
    this.#gone.set(tid, clockNs)
  }

  /**
   * Finds the programs of tasks that wait. Returns those that are found now. Called after all
   * stops that are there were handled.
   */
  resolve(programs: Iterable<Program>): readonly Task[] {
    return [...this.#early].flatMap(tid => {
      const { tgid, parent } = idsOf(tid)
      const relative = this.#tasks.get(tgid) ?? this.#tasks.get(parent)
      const program = relative?.program ?? onlyBereaved(programs)
      if (!program) return []
      if (!relative) program.lostBirths = Math.max(0, program.lostBirths - 1)
      this.#early.delete(tid)
      return [this.#add(tid, tgid === 0 ? tid : tgid, program)]
    })
  }

  /**
   * Whether a program whose tasks are all dead may have a task that was never seen. Kernels make
   * a task known to its tracer before its first stop can be waited for. Without another program
   * there is then no tracee at all, which one call tells; otherwise /proc is asked, which takes
   * milliseconds.
   */
  hasUnseen(): boolean {
    if (syscall(WAITID, P_ALL, 0, 0, ANY_TRACEE, 0) === -ERRNO.ECHILD) return false
    let names: readonly string[]
    try {
      names = readdirSync('/proc')
    } catch {
      // This process has no free descriptor. The question is asked again after the next stop.
      return true
    }
    return names.some(name => {
      const pid = Number(name)
      return pid > 0 && !this.#tasks.has(pid) && idsOf(pid).tracer === this.#tracer
    })
  }

  #add(tid: number, pid: number, program: Program): Task {
    const task = new Task(tid, pid, program)
    this.#tasks.set(tid, task)
    program.add(task)
    this.#onTask(task)
    if (program.isEnding) killProcess(tid)
    return task
  }
}

/**
 * The program that lost a maker. If there are several, it cannot be told whose task it is: it goes
 * to one that is being ended, if there is one.
 */
function onlyBereaved(programs: Iterable<Program>): Program | undefined {
  const bereaved = [...programs].filter(program => program.lostBirths > 0)
  return bereaved.find(program => program.isEnding) ?? bereaved[0]
}
