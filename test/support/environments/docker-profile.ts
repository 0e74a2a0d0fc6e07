/**
 * Docker's default seccomp profile, compiled by our own compiler. Docker publishes what is allowed
 * (docs.docker.com/engine/security/seccomp, moby/profiles). Here is the other half, the refusals,
 * because that is shorter. Podman, containerd (RuntimeDefault of Kubernetes) and CRI-O have
 * nearly the same profile.
 */
import { compilePolicy } from '#glassbox/seccomp/compile.js'
import type { CallRule, Condition } from '#glassbox/seccomp/policy.js'
import { ERRNO } from '#glassbox/linux/errno.js'
import type { Capability } from './capabilities.js'

/** Calls that fail with EPERM, unless the container has one of the capabilities. */
interface Refusal {
  readonly calls: readonly string[]
  readonly unless: readonly Capability[]
}

const REFUSED: readonly Refusal[] = [
  {
    calls: [
      ...['pivot_root', 'swapon', 'swapoff', 'kexec_load', 'kexec_file_load', 'nfsservctl', 'userfaultfd'],
      ...['add_key', 'request_key', 'keyctl', 'migrate_pages', 'move_pages', 'sysfs', 'uselib', 'ustat'],
      ...['create_module', 'get_kernel_syms', 'query_module', '_sysctl', 'vserver', 'security', 'tuxcall'],
      ...['io_uring_setup', 'io_uring_enter', 'io_uring_register'], // allowed before Docker 25
    ],
    unless: [],
  },
  {
    calls: [
      ...['mount', 'umount2', 'mount_setattr', 'move_mount', 'open_tree', 'setns', 'unshare'],
      ...['fsconfig', 'fsmount', 'fsopen', 'fspick', 'fanotify_init', 'lookup_dcookie', 'quotactl'],
      ...['quotactl_fd', 'setdomainname', 'sethostname'],
    ],
    unless: ['SYS_ADMIN'],
  },
  { calls: ['bpf'], unless: ['SYS_ADMIN', 'BPF'] },
  { calls: ['perf_event_open'], unless: ['SYS_ADMIN', 'PERFMON'] },
  { calls: ['syslog'], unless: ['SYS_ADMIN', 'SYSLOG'] },
  { calls: ['open_by_handle_at'], unless: ['DAC_READ_SEARCH'] },
  { calls: ['reboot'], unless: ['SYS_BOOT'] },
  { calls: ['chroot'], unless: ['SYS_CHROOT'] },
  { calls: ['init_module', 'finit_module', 'delete_module'], unless: ['SYS_MODULE'] },
  { calls: ['acct'], unless: ['SYS_PACCT'] },
  { calls: ['kcmp', 'pidfd_getfd', 'process_madvise'], unless: ['SYS_PTRACE'] },
  { calls: ['iopl', 'ioperm'], unless: ['SYS_RAWIO'] },
  { calls: ['settimeofday', 'clock_settime'], unless: ['SYS_TIME'] },
  { calls: ['vhangup'], unless: ['SYS_TTY_CONFIG'] },
  { calls: ['get_mempolicy', 'mbind', 'set_mempolicy', 'set_mempolicy_home_node'], unless: ['SYS_NICE'] },
]

/** The flags of clone(2) that make namespaces, but CLONE_NEWTIME. */
const NAMESPACES = 0x7e020000n
/** Linux, Linux with 32-bit addresses, UNAME26, both, and the question for the present one. */
const PERSONALITIES = [0n, 8n, 0x20000n, 0x20008n, 0xffffffffn]
const AF_VSOCK = 40n

const errno = (value: number): CallRule['action'] => ({ kind: 'errno', errno: value })
const isNone = (value: bigint): Condition => ({ arg: 0, op: 'ne', value, width: 32 })

/** More calls that a profile refuses, by name, with the errno: older profiles, stricter sites. */
export type MoreRefusals = Readonly<Record<string, number>>

const refusals = (more: MoreRefusals): CallRule[] =>
  Object.entries(more).map(([call, error]) => ({ syscalls: [call], action: errno(error) }))

function profile(capabilities: readonly Capability[]): CallRule[] {
  const has = (wanted: readonly Capability[]): boolean => wanted.some(name => capabilities.includes(name))
  const refused = REFUSED.filter(({ unless }) => !has(unless)).flatMap(({ calls }) => calls)
  const clone: CallRule = {
    syscalls: ['clone'],
    when: [{ arg: 0, op: 'masked-ne', mask: NAMESPACES, value: 0n }],
    action: errno(ERRNO.EPERM),
  }
  return [
    { syscalls: refused, action: errno(ERRNO.EPERM) },
    ...(has(['SYS_ADMIN']) ? [] : [{ syscalls: ['clone3'], action: errno(ERRNO.ENOSYS) }, clone]),
    { syscalls: ['personality'], when: PERSONALITIES.map(isNone), action: errno(ERRNO.EPERM) },
    {
      syscalls: ['socket'],
      when: [{ arg: 0, op: 'eq', value: AF_VSOCK, width: 32 }],
      action: errno(ERRNO.EPERM),
    },
  ]
}

const filterOf = (rules: readonly CallRule[]): Uint8Array =>
  compilePolicy({ rules, otherwise: { kind: 'allow' } }, { foreign: errno(ERRNO.EPERM) })

/** The filter of a container with these capabilities, as instructions for seccomp(2). */
export const dockerFilter = (capabilities: readonly Capability[], more: MoreRefusals = {}): Uint8Array =>
  filterOf([...refusals(more), ...profile(capabilities)])

/** A filter that refuses only these calls. */
export const refusingFilter = (more: MoreRefusals): Uint8Array => filterOf(refusals(more))
