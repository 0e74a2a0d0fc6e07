/**
 * What a stop of a guest thread means that is no call: a fault, a trap, an interrupt, its death.
 */
import { BUS_ADRALN, FPE_INTDIV, SEGV_MAPERR, SI_KERNEL } from '../../linux/constants.ts'
import type { Fault } from '../platform/platform.ts'
import { exitGroup } from './exit.ts'
import { SIGNAL } from './signals/numbers.ts'
import { forceSignal } from './signals/send.ts'
import type { Task } from './state.ts'

/** The CPU's traps, by their numbers. */
const TRAP = {
  divide: 0,
  debug: 1,
  breakpoint: 3,
  instruction: 6,
  protection: 13,
  page: 14,
  alignment: 17,
  vectors: 19,
} as const

/** A page fault is mended by the address space, or becomes a signal; others are signals. */
export function onFault(task: Task): void {
  const { fault } = task.thread
  const isOfPages = trapOf(fault) === TRAP.page
  const found = isOfPages ? task.addressSpace.fault(fault, task.unexplained) : fault
  if (found !== undefined) forceSignal(task, faultInfo(found))
  else task.process.faults++
  task.world.makeReady(task)
}

/** Which trap the signal stands for. */
function trapOf({ signal, code }: Fault): number {
  switch (signal) {
    case SIGNAL.SIGFPE:
      return code === FPE_INTDIV ? TRAP.divide : TRAP.vectors
    case SIGNAL.SIGTRAP:
      return code === SI_KERNEL ? TRAP.breakpoint : TRAP.debug
    case SIGNAL.SIGILL:
      return TRAP.instruction
    case SIGNAL.SIGBUS:
      return code === BUS_ADRALN ? TRAP.alignment : TRAP.page
    default:
      return code === SI_KERNEL ? TRAP.protection : TRAP.page
  }
}

function faultInfo(fault: Fault): Parameters<typeof forceSignal>[1] {
  const trap = trapOf(fault)
  const details = {
    kind: 'fault',
    address: trap === TRAP.protection ? 0 : fault.address,
    trap,
    error: trap === TRAP.page ? errorOf(fault) : 0,
    paged: trap === TRAP.page,
  } as const
  return { signal: fault.signal, code: fault.code, details }
}

/**
 * The error code of a page fault. If it is not known: a write by the user, of a page or of none.
 */
const USER_WRITE = 6
const PRESENT = 1

function errorOf(fault: Fault): number {
  if (fault.error >= 0) return fault.error
  return fault.code === SEGV_MAPERR ? USER_WRITE : USER_WRITE | PRESENT
}

/** It was asked to stop: `prepare` finds out what for. */
export function onInterrupt(task: Task): void {
  task.world.makeReady(task)
}

/** The host has taken the thread away, for example because it had no memory left. */
export function onGone(task: Task): void {
  exitGroup(task.process, SIGNAL.SIGKILL)
}
