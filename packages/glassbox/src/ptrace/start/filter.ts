/**
 * The filter that lets a program run freely but for the calls that were asked for:
 * SECCOMP_RET_TRACE for those, and for the few that the tracer must see itself. Calls by another
 * ABI (i386, x32) all stop.
 */
import { hasCapabilities } from '../../launch/capabilities.ts'
import { CAP_SYS_ADMIN } from '../../linux/constants.ts'
import { compilePolicy } from '../../seccomp/compile.ts'
import { OBSERVING_CALLS } from '../cpu-affinity/observing-calls.ts'
import { IS_USER_FAULT_IOCTL, USER_FAULT_CALLS } from '../tracee/user-faults.ts'

const [USERFAULTFD, IOCTL] = USER_FAULT_CALLS
/**
 * `execve` and its like change what a tracee is; `clone` and its like could make one that leaves
 * the trace; for `userfaultfd` see user-faults.ts.
 */
const ALWAYS = ['execve', 'execveat', 'clone', 'clone3', USERFAULTFD]

export interface TraceFilter {
  readonly program: Uint8Array
  /**
   * It can be installed without no_new_privs, which would take the privileges of set-uid programs.
   */
  readonly privileged: boolean
  /** It stops all that would show where a tracee was moved to. */
  readonly sameCpu: boolean
}

/**
 * `sameCpu`: tracees may be moved to the tracer's CPU. That needs a look at every file that is
 * opened, so it is done only if most of these stop anyway.
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
