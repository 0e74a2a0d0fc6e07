/**
 * The filter that stops only the calls that were asked for, with SECCOMP_RET_TRACE, and the few
 * that the tracer must see itself. All others run freely. Calls by another ABI (i386, x32) always
 * stop.
 */
import { hasCapabilities } from '../../launch/capabilities.ts'
import { CAP_SYS_ADMIN } from '../../linux/constants.ts'
import { compilePolicy } from '../../seccomp/compile.ts'
import { OBSERVING_CALLS } from '../cpu-affinity/observing-calls.ts'
import { IS_USER_FAULT_IOCTL, USER_FAULT_CALLS } from '../tracee/user-faults.ts'

const [USERFAULTFD, IOCTL] = USER_FAULT_CALLS
/**
 * `execve` and `execveat` change what a tracee is. `clone` and `clone3` could create a child that
 * escapes the trace. For `userfaultfd` see user-faults.ts.
 */
const ALWAYS = ['execve', 'execveat', 'clone', 'clone3', USERFAULTFD]

export interface TraceFilter {
  readonly program: Uint8Array
  /** Whether it can be installed without no_new_privs, which would disable set-uid programs. */
  readonly privileged: boolean
  /** Whether it stops all calls that would show that a tracee was moved to a CPU. */
  readonly sameCpu: boolean
}

/**
 * `sameCpu`: tracees may be moved to the tracer's CPU. In that case every call that opens a file
 * must stop, so it is done only if most of these stop anyway.
 */
export function traceFilter(syscalls: readonly string[], wantsSameCpu: boolean): TraceFilter {
  const sameCpu = wantsSameCpu && syscalls.includes('openat')
  const traced = new Set([...syscalls, ...ALWAYS, ...(sameCpu ? OBSERVING_CALLS : [])])
  const trace = { kind: 'trace', data: 0 } as const
  const allow = { kind: 'allow' } as const
  const rules = [
    { syscalls: [...traced], action: trace },
    { syscalls: [IOCTL], when: [IS_USER_FAULT_IOCTL], action: trace },
  ]
  const policy = { rules, otherwise: allow }
  const program = compilePolicy(policy, { foreign: trace, unknown: allow })
  return { program, privileged: hasCapabilities(CAP_SYS_ADMIN), sameCpu }
}
