/**
 * userfaultfd(2) lets a program decide when a page of its memory is there. A tracer that read such
 * a page by process_vm_readv would wait for that, and neither a signal (but SIGKILL to its own
 * process) nor the death of the program would end it: the program cannot die before the tracer
 * lets it go on. So a trace whose tracees could have such pages reads memory in a way that does
 * not wait for them (see tracee-memory.ts), from the call on that makes the first.
 */
import { readdirSync, readlinkSync } from 'node:fs'
import type { Abi } from '../../decode/types.ts'
import type { Condition } from '../../seccomp/policy.ts'
import { numbersOf } from '../../linux/abi.ts'

const USERFAULTFDS = numbersOf('userfaultfd')
const IOCTLS = numbersOf('ioctl')
/** _IO(0xAA, 0) of linux/userfaultfd.h: what /dev/userfaultfd is asked for. */
const USERFAULTFD_IOC_NEW = 0xaa00n
const INT = 0xffff_ffffn

/** Calls that must be seen for it; and which of those to ioctl. */
export const USER_FAULT_CALLS: readonly ['userfaultfd', 'ioctl'] = ['userfaultfd', 'ioctl']
export const IS_USER_FAULT_IOCTL: Condition = {
  arg: 1,
  op: 'eq',
  value: USERFAULTFD_IOC_NEW,
  width: 32,
}

/** At the entry of a call: could pages be missing from then on? */
export const makesUserFaults = (abi: Abi, nr: number, args: readonly bigint[]): boolean =>
  nr === USERFAULTFDS[abi] || (nr === IOCTLS[abi] && ((args[1] ?? 0n) & INT) === USERFAULTFD_IOC_NEW)

/** Does a process that runs already hold such a descriptor? */
export function holdsUserFaults(pid: number): boolean {
  const directory = `/proc/${pid}/fd`
  return orElse([], () => readdirSync(directory)).some(
    fd => orElse('', () => readlinkSync(`${directory}/${fd}`)) === 'anon_inode:[userfaultfd]',
  )
}

/** What is gone, or not ours to see, is not there. */
function orElse<Value>(nothing: Value, look: () => Value): Value {
  try {
    return look()
  } catch {
    return nothing
  }
}
