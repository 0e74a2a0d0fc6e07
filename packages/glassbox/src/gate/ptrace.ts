/**
 * The tracer's part of the gate: single ptrace requests, the step of its loop, and the memory of
 * a stopped thread. The kernel takes ptrace requests only from the thread that seized the tracee.
 */
import { syscallNumber } from '../linux/syscalls.ts'
import { addon } from './addon.ts'
import type { PlanOutcome, SyscallArgument } from './gate.ts'
import { systemError } from './gate.ts'
import {
  PLAN_FAILURE_LAYOUT,
  PLAN_SLOTS,
  RESTART_LAYOUT,
  STOP_RECORD_LAYOUT,
  WAKE_SIGNAL,
} from './generated/layouts.ts'

export { WAKE_SIGNAL }

/** Bytes of one record; `struct stop_record` of native/record.h. */
export const RECORD_BYTES: number = STOP_RECORD_LAYOUT.SIZE
/** 32-bit words of one restart; `struct restart` of native/record.h. */
export const RESTART_WORDS: number = RESTART_LAYOUT.SIZE / 4

const PTRACE = syscallNumber('ptrace')
const RT_SIGACTION = syscallNumber('rt_sigaction')
const SIGACTION_BYTES = 32
const SIGSET_BYTES = 8
const NO_SIGNALS: readonly number[] = []
const TGKILL = syscallNumber('tgkill')

/** Makes one ptrace request. Returns the result, or -errno. */
export function ptrace(
  request: number,
  tid: number,
  address: SyscallArgument = 0,
  data: SyscallArgument = 0,
): number {
  return addon().syscall(PTRACE, request, tid, address, data)
}

/** Makes a signal end a blocking step. One call per process is enough; more do no harm. */
export function installWake(signal: number = WAKE_SIGNAL): void {
  const result = addon().installWake(signal)
  if (result < 0) throw systemError('rt_sigaction', -result)
}

/**
 * The signals with an installed wake that have arrived since the last call, in the order of their
 * numbers.
 */
export function takeSignals(): readonly number[] {
  const bits = addon().takeSignals()
  if (bits === 0) return NO_SIGNALS
  return Array.from({ length: 31 }, (_, index) => index + 1).filter(
    signal => (bits & (1 << (signal - 1))) !== 0,
  )
}

/** The action of this process for a signal, so that it can be restored. */
export interface SignalAction {
  readonly signal: number
  readonly action: Uint8Array
}

export function signalAction(signal: number): SignalAction {
  const action = new Uint8Array(SIGACTION_BYTES)
  addon().syscall(RT_SIGACTION, signal, 0, action, SIGSET_BYTES)
  return { signal, action }
}

export function restoreSignal({ signal, action }: SignalAction): void {
  addon().syscall(RT_SIGACTION, signal, action, 0, SIGSET_BYTES)
}

/** Ends the blocking step of a thread of this process. Does nothing if the thread has ended. */
export function wakeThread(tid: number): void {
  addon().syscall(TGKILL, process.pid, tid, WAKE_SIGNAL)
}

export interface Step {
  readonly restarts: Int32Array
  readonly records: Uint8Array
  /** A word that ends a blocking step at once if it is not zero. */
  readonly wake: Int32Array
}

/** The buffers with which a step goes past calls; see native/lanes.h and src/ptrace/lanes. */
export interface StepLanes {
  readonly tables: Uint8Array
  readonly captures: Uint8Array
  readonly text: Uint8Array
}

/**
 * Restarts `count` tracees, then waits for a stop. Returns the number of records, or -errno
 * (-EINTR: it was woken, -ECHILD: there is no tracee).
 */
export function traceStep(step: Step, lanes: StepLanes, count: number, maximum: number): number {
  const { tables, captures, text } = lanes
  return addon().traceStep(step.restarts, count, step.records, maximum, step.wake, tables, captures, text)
}

/** A child that this thread has seized and that runs a plan. */
export interface SeizedStart {
  readonly pid: number
  /** What it waits for. Its memory must not be freed before `end`. */
  readonly hold: Hold | undefined
  /**
   * Gives back what the start needed. To be called once, when the child has executed a program or
   * is dead. Returns the failure of its plan, if there was one.
   */
  end(): PlanOutcome['failure']
}

/**
 * Why there is none: `seize` if the child was there but this thread may not trace it; `killed` if
 * it was killed before that.
 */
export interface NotStarted {
  readonly step: 'clone' | 'seize' | 'killed'
  readonly errno: number
}

/** A child waits before this encoded step until the word is not zero. */
export interface Hold {
  readonly step: number
  /** One word of memory that threads share. */
  readonly word: Int32Array
}

const FUTEX = syscallNumber('futex')
const FUTEX_WAKE = 1
const NO_WORD = new Int32Array(0)

/** A word for `Hold`. */
export const holdWord = (): Int32Array => new Int32Array(new SharedArrayBuffer(4))

/** Lets the child go on that waits for this word. Any thread may do that. */
export function endHold(word: Int32Array): void {
  Atomics.store(word, 0, 1)
  addon().syscall(FUTEX, word, FUTEX_WAKE, 1)
}

const NOT_STARTED = ['clone', 'seize', 'killed'] as const

/**
 * Starts a child that this thread traces with these options from its first instruction on. It
 * shares the memory of this process until it executes a program, and has copies of all its
 * descriptors. It is killed if this thread ends. `cgroup`: a descriptor of the v2 cgroup in which
 * it is created; default: that of this thread.
 */
export function startSeized(
  encoded: Uint8Array,
  inputs: readonly number[],
  options: number,
  { cgroup = -1, hold }: { readonly cgroup?: number | undefined; readonly hold?: Hold | undefined } = {},
): SeizedStart | NotStarted {
  const slots = new BigInt64Array(PLAN_SLOTS).fill(-1n)
  for (const [index, value] of inputs.entries()) slots[index] = BigInt(value)
  const made = new BigInt64Array(2)
  const pid = addon().startSeized(
    encoded,
    slots,
    options,
    made,
    cgroup,
    hold?.step ?? -1,
    hold?.word ?? NO_WORD,
  )
  if (pid < 0) return { step: NOT_STARTED[Number(made[1])] ?? 'clone', errno: -pid }
  const [start = 0n] = made
  return { pid, hold, end: () => endStart(start) }
}

function endStart(start: bigint): PlanOutcome['failure'] {
  const failure = new Int32Array(PLAN_FAILURE_LAYOUT.SIZE / 4)
  addon().endStart(start, failure)
  const errno = failure[PLAN_FAILURE_LAYOUT.error / 4] ?? 0
  return errno === 0 ? undefined : { step: failure[PLAN_FAILURE_LAYOUT.step / 4] ?? -1, errno }
}

/** What passes without JavaScript: structs of `native/supervise.h`. */
export interface Passing {
  readonly calls: Uint8Array
  readonly tables: Uint8Array
  readonly tasks: Int32Array
}

/**
 * Like `traceStep`, for a supervisor. The record of a process that ended has its CPU time in ns as
 * its message. Calls that pass are restarted and make no record; so there may be 0 records.
 */
export function superviseStep(
  { restarts, records, wake }: Step,
  { calls, tables, tasks }: Passing,
  count: number,
  maximum: number,
): number {
  return addon().superviseStep(restarts, count, records, maximum, wake, calls, tables, tasks)
}

/** `native/supervise.c` has the same number. */
const MOST_ROOTS = 1024

/**
 * Returns a list of process ids, zeros at first: tracees that are children of this process. Those
 * that are in the list when this thread ends are killed and reaped, even if no JavaScript runs
 * again.
 */
export function rootsToEnd(): Int32Array {
  const roots = new Int32Array(MOST_ROOTS)
  addon().endAtExit(roots)
  return roots
}

/** Reads memory of a tracee. Returns the number of bytes read, or -errno if none could be read. */
export function readMemory(tid: number, address: number | bigint, bytes: Uint8Array): number {
  return addon().readMemory(tid, address, bytes)
}

/**
 * Writes memory of a tracee; page protections hold. Returns the number of bytes written, or -errno
 * if none could be written.
 */
export function writeMemory(tid: number, address: number | bigint, bytes: Uint8Array): number {
  return addon().writeMemory(tid, address, bytes)
}
