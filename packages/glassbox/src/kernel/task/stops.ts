/**
 * What a stop of a guest thread means that is no call: a fault, a trap, an interrupt, its death.
 */
import { SEGV_MAPERR } from '../../linux/constants.ts'
import type { Fault } from '../platform/platform.ts'
import { exitGroup } from './exit.ts'
import { SIGNAL } from './signals/numbers.ts'
import { forceSignal } from './signals/send.ts'
import type { Task } from './state.ts'

/** The numbers of the CPU's traps, by the signal that they become. */
const TRAPS: readonly (readonly [signal: number, trap: number])[] = [
  [SIGNAL.SIGFPE, 0],
  [SIGNAL.SIGTRAP, 3],
  [SIGNAL.SIGILL, 6],
  [SIGNAL.SIGSEGV, 14],
  [SIGNAL.SIGBUS, 14],
]
const PAGE_FAULT = 14
const GENERAL_PROTECTION = 13
/** si_code of a fault that has no address: SI_KERNEL. */
const NO_ADDRESS = 128

/** A page fault is mended by the address space, or becomes a signal; others are signals. */
export function onFault(task: Task): void {
  const { fault } = task.thread
  const isPageFault = fault.signal === SIGNAL.SIGSEGV || fault.signal === SIGNAL.SIGBUS
  if (isPageFault && fault.code !== NO_ADDRESS) {
    const found = task.addressSpace.fault(fault, task.unexplained)
    if (found !== undefined) forceSignal(task, faultInfo(found))
  } else forceSignal(task, faultInfo(fault))
  task.world.makeReady(task)
}

function faultInfo(fault: Fault): Parameters<typeof forceSignal>[1] {
  const general = fault.signal === SIGNAL.SIGSEGV && fault.code === NO_ADDRESS
  const found = TRAPS.find(([signal]) => signal === fault.signal)?.[1] ?? 0
  const trap = general ? GENERAL_PROTECTION : found
  const details = {
    kind: 'fault',
    address: general ? 0 : fault.address,
    trap,
    error: trap === PAGE_FAULT ? errorOf(fault) : 0,
    paged: trap === PAGE_FAULT,
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
