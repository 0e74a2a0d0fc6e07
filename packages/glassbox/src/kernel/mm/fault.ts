/**
 * A fault of a guest: either its memory is mended, and it tries again, or it is the guest's own
 * and becomes a signal with the code that Linux gives.
 *
 * A platform may not know whether the access was a read, a write or a fetch. Then it is found out
 * by what the host allows: what it allows already did not fault.
 */
import { BUS_ADRERR, PROT_EXEC, PROT_WRITE, SEGV_ACCERR, SEGV_MAPERR } from '../../linux/constants.ts'
import { signalNumber } from '../../linux/signals.ts'
import type { Fault } from '../platform/platform.ts'
import { type Area, UNMAPPED } from './areas/area.ts'
import { pageStart } from './pages/page.ts'
import type { SpacePages } from './space-pages.ts'
import { growStack, type Refusal, touch } from './touch.ts'

const SIGSEGV = signalNumber('SIGSEGV') as number
const SIGBUS = signalNumber('SIGBUS') as number
/**
 * What memory can mend. Other codes (an address without alignment, a protection key, a shadow
 * stack, SI_KERNEL for an address that is not canonical) are the guest's own.
 */
const isOfPages = ({ signal, code }: Fault): boolean =>
  signal === SIGSEGV ? code === SEGV_MAPERR || code === SEGV_ACCERR : signal === SIGBUS && code === BUS_ADRERR

/** Bits of the CPU's error code. */
const ERROR_PRESENT = 1
const ERROR_WRITE = 2
const ERROR_USER = 4
const ERROR_FETCH = 16

/** What the signal says: siginfo_t's fields, and the error code of the signal frame. */
export interface SignalFault {
  readonly signal: number
  readonly code: number
  readonly address: number
  readonly error: number
}

/** Where a thread's last fault was that nothing explained, and what had been changed by then. */
export interface Unexplained {
  address: number
  changes: number
}

export const noneUnexplained = (): Unexplained => ({ address: -1, changes: -1 })

/** Mends a fault: undefined; or says which signal it is. `last`: of the thread that faulted. */
export function mend(space: SpacePages, fault: Fault, last: Unexplained): SignalFault | undefined {
  const { address, signal } = fault
  if (!isOfPages(fault)) return fault
  // The host does not have yet what is queued; it is carried out before the guest tries again.
  if (space.space.pending) return undefined
  const area = space.areas.find(address) ?? growStack(space, address)
  if (area === undefined) return refused(fault, 'nothing', undefined)
  const write = isWrite(fault, area)
  if (!write && forbids(fault, area)) return refused(fault, 'forbidden', area)
  const before = space.changes
  const result = touch(space, address, write)
  if (typeof result === 'string') return refused(fault, result, area)
  showAtLast(space, result, address)
  if (space.changes !== before) return undefined
  // Nothing is missing now. What was missing may have come between the fault and this look:
  // another thread mended it, or a child left and gave the page back. So it is tried once more.
  if (last.address !== address || last.changes !== space.changes) {
    last.address = address
    last.changes = space.changes
    return undefined
  }
  return refused(fault, signal === SIGBUS ? 'no-memory' : 'forbidden', area)
}

/** What fork did not show to a child, because most children do not read it. */
function showAtLast(space: SpacePages, area: Area, address: number): void {
  if (area.hostProtection !== UNMAPPED || area.wantedProtection === UNMAPPED) return
  space.showPages(area, true)
  if (space.parent !== undefined) space.copied.add(pageStart(address))
}

/** If the platform does not say: a page that can be read faults only when it is written. */
function isWrite(fault: Fault, area: Area): boolean {
  if (fault.error >= 0) return (fault.error & ERROR_WRITE) !== 0
  return area.backing !== undefined && area.copyOnWrite && (area.protection & PROT_WRITE) !== 0
}

function forbids(fault: Fault, area: Area): boolean {
  if (area.protection === 0) return true
  return fault.error >= 0 && (fault.error & ERROR_FETCH) !== 0 && (area.protection & PROT_EXEC) === 0
}

function refused(fault: Fault, refusal: Refusal, area: Area | undefined): SignalFault {
  const { address } = fault
  const error = fault.error >= 0 ? fault.error : guessedError(area)
  if (refusal === 'beyond-end' || refusal === 'no-memory')
    return { signal: SIGBUS, code: BUS_ADRERR, address, error }
  return { signal: SIGSEGV, code: refusal === 'nothing' ? SEGV_MAPERR : SEGV_ACCERR, address, error }
}

/** A page that can be read was written; of other accesses reading is the likely one. */
function guessedError(area: Area | undefined): number {
  if (area === undefined || area.protection === 0) return ERROR_USER
  return ERROR_USER | ERROR_WRITE | (area.backing === undefined ? 0 : ERROR_PRESENT)
}
