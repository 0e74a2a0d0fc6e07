/**
 * With userfaultfd(2), a program decides when a page of its memory is present. A tracer that read
 * such a page by process_vm_readv would wait for that. No signal except SIGKILL to the tracer's
 * own process would end the wait. The program cannot die either, because the tracer does not
 * restart it. So from the first call that creates such a descriptor on, a trace reads memory in a
 * way that does not wait for pages (see tracee-memory.ts).
 */
import { readdirSync, readlinkSync } from 'node:fs'
import type { Abi } from '../../decode/types.ts'
import type { Condition } from '../../seccomp/policy.ts'
import { numbersOf } from '../../linux/abi.ts'
import { procOf } from '../subject/proc-id.ts'

const USERFAULTFDS = numbersOf('userfaultfd')
const IOCTLS = numbersOf('ioctl')
/**
 * _IO(0xAA, 0) of linux/userfaultfd.h: the request that /dev/userfaultfd answers with a new
 * descriptor.
 */
const USERFAULTFD_IOC_NEW = 0xaa00n
const INT = 0xffff_ffffn

/** Calls that must be seen for this, and which of them are ioctls. */
export const USER_FAULT_CALLS: readonly ['userfaultfd', 'ioctl'] = ['userfaultfd', 'ioctl']
export const IS_USER_FAULT_IOCTL: Condition = {
  arg: 1,
  op: 'eq',
  value: USERFAULTFD_IOC_NEW,
  width: 32,
}

/** At the entry of a call: whether pages may be missing after it. */
export const makesUserFaults = (abi: Abi, nr: number, args: readonly bigint[]): boolean =>
  nr === USERFAULTFDS[abi] || (nr === IOCTLS[abi] && ((args[1] ?? 0n) & INT) === USERFAULTFD_IOC_NEW)

/** Whether a running process already has such a descriptor. */
export function holdsUserFaults(pid: number): boolean {
  const directory = `${procOf(pid)}/fd`
  return orElse([], () => readdirSync(directory)).some(
    fd => orElse('', () => readlinkSync(`${directory}/${fd}`)) === 'anon_inode:[userfaultfd]',
  )
}

/** Returns `nothing` for files that are gone or that this user may not read. */
function orElse<Value>(nothing: Value, look: () => Value): Value {
  try {
    return look()
  } catch {
    return nothing
  }
}
