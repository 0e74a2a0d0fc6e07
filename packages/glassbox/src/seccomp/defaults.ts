/**
 * The policy of a program if the caller gives none. It allows everything that compilers,
 * interpreters and their programs need. It refuses kernel surface that they do not need, and the
 * known ways around a filter. Each refusal has its reason. The policy is one boundary of several:
 * see docs/security.md.
 */
import * as linux from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { anyBit, because, ENOSYS, EPERM, is, NAMESPACES, refuse } from './conditions.ts'
import { GUARD } from './guard.ts'
import type { CallPolicy, CallRule } from './policy.ts'

/**
 * Calls that are refused with any arguments. The error is ENOSYS if programs have a fallback for
 * the call.
 */
export const REFUSALS: readonly CallRule[] = [
  {
    syscalls: ['setns', 'pivot_root', 'chroot'],
    action: EPERM,
    why: 'leaving or nesting namespaces and roots',
  },
  {
    syscalls: [
      ...['mount', 'umount2', 'mount_setattr', 'move_mount', 'open_tree', 'open_tree_attr'],
      ...['fsopen', 'fsconfig', 'fsmount', 'fspick'],
    ],
    action: EPERM,
    why: 'the mount API, old and new',
  },
  {
    syscalls: ['statmount', 'listmount'],
    action: ENOSYS,
    why: 'they reveal more of the host’s mounts than /proc/self/mountinfo, which programs use instead',
  },
  {
    syscalls: ['file_setattr', 'cachestat'],
    action: ENOSYS,
    why: 'new: flags and quota projects of files, and which pages of the host’s files are cached',
  },
  {
    // sync() has no error to return, and POSIX lets it return before anything is written. So the
    // call succeeds without effect.
    syscalls: ['sync'],
    action: refuse(0),
    why: 'it writes out all file systems of the host, and delays every process that waits for its own',
  },
  {
    syscalls: ['syncfs'],
    action: ENOSYS,
    why: 'the same for one file system; it must not succeed falsely, and programs fall back to fsync',
  },
  {
    // ptrace, process_vm_readv, process_vm_writev, pidfd_getfd and kcmp are allowed: sanitizers,
    // debuggers and MPI need them. In the PID namespace of a box they reach only the program's own
    // processes. See native/init.c for what protects init.
    syscalls: ['process_madvise'],
    action: EPERM,
    why: 'moving out the memory of other processes',
  },
  {
    syscalls: ['bpf', 'perf_event_open', 'userfaultfd', 'fanotify_init', 'fanotify_mark', 'lookup_dcookie'],
    action: EPERM,
    why: 'large kernel surface for tracing and fault handling',
  },
  {
    syscalls: ['io_setup'],
    action: ENOSYS,
    why: 'one program could use up fs.aio-max-nr, which the whole host shares; libraries work without it',
  },
  {
    syscalls: ['name_to_handle_at', 'open_by_handle_at'],
    action: EPERM,
    why: 'file handles name inodes outside the root',
  },
  {
    syscalls: ['kexec_load', 'kexec_file_load', 'init_module', 'finit_module', 'delete_module', 'reboot'],
    action: EPERM,
    why: 'changing the running kernel',
  },
  {
    syscalls: [
      'swapon',
      'swapoff',
      'acct',
      'quotactl',
      'quotactl_fd',
      'syslog',
      'vhangup',
      'sethostname',
      'setdomainname',
    ],
    action: EPERM,
    why: 'administration of the host',
  },
  {
    syscalls: ['settimeofday', 'clock_settime', 'clock_adjtime', 'adjtimex'],
    action: EPERM,
    why: 'setting clocks (other calls read them)',
  },
  {
    syscalls: ['iopl', 'ioperm', 'modify_ldt'],
    action: EPERM,
    why: 'ports, and code segments of another width',
  },
  {
    syscalls: ['mbind', 'set_mempolicy', 'migrate_pages', 'move_pages', 'set_mempolicy_home_node'],
    action: EPERM,
    why: 'placing memory on nodes of the host',
  },
  {
    syscalls: ['uselib', '_sysctl', 'nfsservctl', 'ustat', 'sysfs', 'afs_syscall', 'vserver'],
    action: ENOSYS,
    why: 'obsolete',
  },
  {
    syscalls: ['lsm_set_self_attr', 'memfd_secret'],
    action: EPERM,
    why: 'labels of security modules, and memory that even the kernel cannot read',
  },
]

/**
 * New namespaces, and children that would have another tracer or parent. CLONE_UNTRACED is allowed
 * unless the box is traced (see traced.ts): the leak check of sanitizers needs it.
 */
export const NAMESPACE_RULES: readonly CallRule[] = because('namespaces, and children of others', [
  {
    syscalls: ['clone'],
    when: [anyBit(0, NAMESPACES | linux.CLONE_PTRACE | linux.CLONE_PARENT)],
    action: EPERM,
  },
  { syscalls: ['unshare'], when: [anyBit(0, NAMESPACES | linux.CLONE_NEWTIME)], action: EPERM },
])

/**
 * The socket families that programs use. The others lead to little-tested kernel code (AF_ALG,
 * AF_VSOCK, AF_PACKET, …).
 */
const FAMILIES = [linux.AF_UNIX, linux.AF_INET, linux.AF_INET6]

/** Types and protocols of the internet families that lead to other, little-tested code. */
const SOCKET_TYPES = [linux.SOCK_RDM, linux.SOCK_SEQPACKET, linux.SOCK_DCCP, linux.SOCK_PACKET]
const PROTOCOLS: readonly (readonly [number: number, name: string])[] = [
  [33, 'DCCP'],
  [115, 'L2TP'],
  [132, 'SCTP'],
  [136, 'UDP-Lite'],
  [256, 'SMC'],
  [linux.IPPROTO_MPTCP, 'MPTCP'],
]

function socketRules(): CallRule[] {
  const typeMask = { op: 'masked-eq', mask: 0xfn, width: 32 } as const
  const refused = [
    ...SOCKET_TYPES.map(type => [{ arg: 1, ...typeMask, value: BigInt(type) }]),
    ...PROTOCOLS.map(([protocol]) => [is(2, protocol)]),
  ].flatMap(when =>
    [linux.AF_INET, linux.AF_INET6].map(family => ({
      syscalls: ['socket'],
      when: [is(0, family), ...when],
      action: refuse(ERRNO.EPROTONOSUPPORT),
    })),
  )
  const allowed = FAMILIES.map(family => ({
    syscalls: ['socket'],
    when: [is(0, family)],
    action: { kind: 'allow' } as const,
  }))
  // getifaddrs(3) asks the routing netlink; other netlink protocols reach netfilter, audit,
  // crypto.
  const route = {
    syscalls: ['socket'],
    when: [is(0, linux.AF_NETLINK), is(2, 0)],
    action: { kind: 'allow' } as const,
  }
  return [
    ...refused,
    ...allowed,
    route,
    { syscalls: ['socketpair'], when: [is(0, linux.AF_UNIX)], action: { kind: 'allow' } },
    { syscalls: ['socket', 'socketpair'], action: refuse(ERRNO.EAFNOSUPPORT) },
  ]
}

/**
 * Requests that push input into a terminal, load a line discipline, or make an inherited terminal
 * the program's controlling terminal, which would permit the others (ioctl_tty(2)). The kernel
 * reads 32 bits of a request.
 */
const TERMINAL_REQUESTS = [linux.TIOCSTI, linux.TIOCSCTTY, linux.TIOCLINUX, linux.TIOCSETD, linux.TIOCCONS]

/** linux/in6.h */
const IPV6_FLOWLABEL_MGR = 32

/**
 * Socket options that a kernel may lack, so that programs work without them. Flow labels and
 * socket filters use up what the whole host shares: 4096 flow labels of IPv6
 * (net/ipv6/ip6_flowlabel.c), and the memory for compiled filters (net.core.bpf_jit_limit), which
 * is charged to no cgroup. TCP_ULP replaces TCP by little-tested code: TLS, SMC, MPTCP.
 */
const SOCKET_OPTIONS: readonly (readonly [level: number, option: number])[] = [
  [linux.SOL_IPV6, IPV6_FLOWLABEL_MGR],
  [linux.SOL_TCP, linux.TCP_ULP],
  ...[
    linux.SO_ATTACH_FILTER,
    linux.SO_ATTACH_BPF,
    linux.SO_ATTACH_REUSEPORT_CBPF,
    linux.SO_ATTACH_REUSEPORT_EBPF,
  ].map(option => [linux.SOL_SOCKET, option] as const),
]

/** Addresses that do not change from run to run: debuggers, `setarch -R`, ThreadSanitizer. */
const ADDR_NO_RANDOMIZE = 0x0040000

/**
 * The allowed values of personality(2): Linux, its 32-bit machine name (for builds), both with
 * fixed addresses, and the query.
 */
const PERSONALITIES = [0, 8, ADDR_NO_RANDOMIZE, ADDR_NO_RANDOMIZE | 8, 0xffffffff]

/**
 * Calls that allocate from the host's pool of huge pages, which no memory cgroup counts
 * (hugetlbpage.rst).
 */
const HUGE_PAGES: readonly (readonly [call: string, arg: number, bit: number])[] = [
  ['mmap', 3, linux.MAP_HUGETLB],
  ['memfd_create', 1, linux.MFD_HUGETLB],
  ['shmget', 2, linux.SHM_HUGETLB],
]

/** Calls that are refused with some arguments. */
export const ARGUMENT_RULES: readonly CallRule[] = [
  ...because(
    'huge pages are shared by the whole host',
    HUGE_PAGES.map(([call, arg, bit]) => ({
      syscalls: [call],
      when: [anyBit(arg, bit)],
      action: refuse(ERRNO.ENOMEM),
    })),
  ),
  ...because(
    'input pushed into a terminal, or another line discipline',
    TERMINAL_REQUESTS.map(request => ({ syscalls: ['ioctl'], when: [is(1, request)], action: EPERM })),
  ),
  ...because(
    'what the whole host shares, or little-tested code',
    SOCKET_OPTIONS.map(([level, option]) => ({
      syscalls: ['setsockopt'],
      when: [is(1, level), is(2, option)],
      action: refuse(ERRNO.ENOPROTOOPT),
    })),
  ),
  ...because('personalities of other systems', [
    ...PERSONALITIES.map(value => ({
      syscalls: ['personality'],
      when: [is(0, value)],
      action: { kind: 'allow' } as const,
    })),
    { syscalls: ['personality'], action: EPERM },
  ]),
  ...because('its own image', [{ syscalls: ['prctl'], when: [is(0, linux.PR_SET_MM)], action: EPERM }]),
  // A program with init's user id could lower init's limits, and init would no longer see what
  // happens. 0 means the calling process.
  ...because('limits of other processes', [
    { syscalls: ['prlimit64'], when: [{ arg: 0, op: 'ne', value: 0n, width: 32 }], action: EPERM },
  ]),
]

/** Freezes a value with everything in it. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}

/**
 * The policy of a program if the caller gives none. Use it as the base of a policy of your own. It
 * is frozen, with everything in it.
 *
 * @example
 * const policy = { ...DEFAULT_POLICY, rules: [noSockets, ...DEFAULT_POLICY.rules] }
 */
export const DEFAULT_POLICY: CallPolicy = frozen({
  rules: [
    ...GUARD,
    ...REFUSALS,
    ...NAMESPACE_RULES,
    ...because('families and protocols that few programs use', socketRules()),
    ...ARGUMENT_RULES,
  ],
  otherwise: { kind: 'allow' },
})
