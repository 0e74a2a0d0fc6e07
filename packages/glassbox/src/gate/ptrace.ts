/**
 * The tracer's part of the gate: single ptrace requests, the step of its loop, and memory of a stopped thread. Everything that asks
 * ptrace belongs to one thread: the one that seized the tracee.
 */
import { syscallNumber } from '../linux/syscalls.ts'
import { addon } from './addon.ts'
import type { SyscallArgument } from './gate.ts'
import { systemError } from './gate.ts'

/** A real-time signal that neither the libcs (32 to 34) nor Node use. */
export const WAKE_SIGNAL = 40
/** Bytes of one record; native/trace.c has the layout. */
export const RECORD_BYTES = 264
/** 32-bit words of one restart: tid, request, signal, and what became of it. */
export const RESTART_WORDS = 4

const PTRACE = syscallNumber('ptrace')
const TGKILL = syscallNumber('tgkill')

/** One ptrace request; the result, or -errno. */
export function ptrace(
  request: number,
  tid: number,
  address: SyscallArgument = 0,
  data: SyscallArgument = 0,
): number {
  return addon().syscall(PTRACE, request, tid, address, data)
}

/** Makes WAKE_SIGNAL end a blocking step. Once a process is enough; more do no harm. */
export function installWake(): void {
  const result = addon().installWake(WAKE_SIGNAL)
  if (result < 0) throw systemError('rt_sigaction', -result)
}

/** Ends a blocking step of that thread of ours; nothing where the thread is gone. */
export function wakeThread(tid: number): void {
  addon().syscall(TGKILL, process.pid, tid, WAKE_SIGNAL)
}

export interface Step {
  readonly restarts: Int32Array
  readonly records: Uint8Array
  /** What ends a blocking step at once where it is not zero. */
  readonly wake: Int32Array
}

/** Restarts `count` tracees, then waits; how many records there are, or -errno (-EINTR: woken, -ECHILD: no tracee). */
export function traceStep(step: Step, count: number, maximum: number, blocking: boolean): number {
  return addon().traceStep(step.restarts, count, step.records, maximum, step.wake, blocking ? 1 : 0)
}

/** How many bytes could be read, or -errno where none could. */
export function readMemory(tid: number, address: number | bigint, bytes: Uint8Array): number {
  return addon().readMemory(tid, address, bytes)
}
