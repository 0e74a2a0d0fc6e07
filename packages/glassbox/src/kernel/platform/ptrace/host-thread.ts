/**
 * A thread of a stub, as the host has it. It lives as long as its stub, and serves one guest
 * thread after another; without one it is idle and stands still.
 *
 * Interrupts: the host answers each request with one stop, which may come after another stop that
 * won the race, and a second request before that would bring a second stop. So it is asked only
 * once until its stop has been seen, and a stop that is not wanted any more is passed over.
 */
import { readFileSync } from 'node:fs'
import { syscall } from '../../../gate/gate.ts'
import { ptrace } from '../../../gate/ptrace.ts'
import { PTRACE_INTERRUPT } from '../../../linux/constants.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import type { Fault, GuestThread, StopKind } from '../platform.ts'
import type { CallTarget } from './record.ts'

const CLOCK_GETTIME = syscallNumber('clock_gettime')
/** CPUCLOCK_SCHED: the CPU clock of a process by its id. Of a thread only its process may ask. */
const PROCESS_CLOCK = 2
const time = new BigInt64Array(2)

/** The CPU time of a process, in nanoseconds. */
export function processCpuNs(pid: number): number {
  if (syscall(CLOCK_GETTIME, (~pid << 3) | PROCESS_CLOCK, time) !== 0) return 0
  return Number(time[0]) * 1e9 + Number(time[1])
}

/** A space, as its host threads and the platform see it. */
export interface HostSpace {
  readonly hosts: readonly HostThread[]
  readonly pending: boolean
  /** Whether what is pending may wait until its guest touches it. */
  readonly deferred: boolean
  released: boolean
  dead: boolean
  runningHosts: number
  flushBy(host: HostThread): void
  /** A host thread without guest stands still. */
  rest(host: HostThread): void
  /** One of its host threads has died. */
  lost(): void
}

/** A guest thread, as its host thread and the platform see it. */
export interface HostGuest extends GuestThread, CallTarget {
  nr: number
  readonly args: [number, number, number, number, number, number]
  ip: number
  sp: number
  fault: Fault
  /** A new stop: what was known of the registers is old. */
  stopped(stop: StopKind): void
  /** A call of the vsyscall page. */
  takeVsyscall(words: Int32Array, at: number): void
  /** Its host thread will run something else: its registers are written back before it goes on. */
  keepRegisters(): void
}

export class HostThread {
  readonly tid: number
  readonly space: HostSpace
  /** Whom it serves. */
  guest: HostGuest | undefined
  running = false
  dead = false
  /** For `Placement`: whether it may run on every CPU; when it was resumed; what it had used. */
  roams = false
  round = 0
  usedNs = 0
  #asked = false
  #wanted = false

  constructor(tid: number, space: HostSpace) {
    this.tid = tid
    this.space = space
  }

  interrupt(): void {
    this.#wanted = true
    if (this.#asked) return
    this.#asked = true
    ptrace(PTRACE_INTERRUPT, this.tid)
  }

  /** It has stopped for another reason: the stop of an interrupt that was asked for may follow. */
  stoppedOtherwise(): void {
    this.#wanted = false
  }

  /** The stop of an interrupt has come. Returns whether anyone still wants it. */
  takeInterrupt(): boolean {
    const wanted = this.#wanted
    this.#asked = false
    this.#wanted = false
    return wanted
  }

  /** The CPU time that it has used in all its lives, in nanoseconds. */
  cpuTimeNs(): number {
    if (this.space.hosts.length > 1) return this.#scheduledNs()
    return processCpuNs(this.tid)
  }

  /** Its state as /proc says it: R, S, t and so on. */
  get state(): string {
    try {
      return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${this.tid}/status`, 'latin1'))?.[1] ?? '?'
    } catch {
      return '?'
    }
  }

  /** /proc/TID/schedstat begins with the time on a CPU. */
  #scheduledNs(): number {
    try {
      return Number.parseInt(readFileSync(`/proc/${this.tid}/schedstat`, 'latin1'), 10)
    } catch {
      return 0
    }
  }
}
