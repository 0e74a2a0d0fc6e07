/**
 * The policy that a program has where the caller says nothing: everything that compilers,
 * interpreters and their programs need is allowed; what is left out is kernel surface that they do
 * not need, and the known ways round a filter. Each refusal has its reason. It is one wall of
 * several, see docs/security.md.
 */
import * as linux from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { anyBit, ENOSYS, EPERM, is, refuse } from './conditions.ts'
import { GUARD } from './guard.ts'
import type { Action, Policy, Rule } from './policy.ts'

interface Refusal {
  readonly syscalls: readonly string[]
  readonly action: Action
  readonly why: string
}

/** Refused whatever the arguments. ENOSYS where programs have a way to go on without the call. */
export const REFUSALS: readonly Refusal[] = [
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
    why: 'they tell more of the host’s mounts than /proc/self/mountinfo, which programs read without',
  },
  {
    syscalls: ['file_setattr', 'cachestat'],
    action: ENOSYS,
    why: 'new: flags and quota projects of files, and what of the host’s files is in memory',
  },
  {
    // POSIX lets sync() return before anything is written, so doing nothing is no lie; that call
    // cannot fail.
    syscalls: ['sync'],
    action: refuse(0),
    why: 'it writes out all file systems of the host, and holds up whoever waits for theirs',
  },
  {
    syscalls: ['syncfs'],
    action: ENOSYS,
    why: 'the same for one file system; what it says must be true: programs go on with fsync',
  },
  {
    syscalls: ['ptrace', 'process_vm_readv', 'process_vm_writev', 'pidfd_getfd', 'kcmp', 'process_madvise'],
    action: EPERM,
    why: 'reaching into other processes',
  },
  {
    syscalls: ['bpf', 'perf_event_open', 'userfaultfd', 'fanotify_init', 'fanotify_mark', 'lookup_dcookie'],
    action: EPERM,
    why: 'large kernel surface for tracing and fault handling',
  },
  {
    syscalls: ['io_setup'],
    action: ENOSYS,
    why: 'one program could have all of fs.aio-max-nr, which is of the whole host; libraries do without',
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
    why: 'setting clocks (reading goes by other calls)',
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
    why: 'memory and labels that nobody else sees',
  },
]

const NAMESPACES =
  linux.CLONE_NEWNS |
  linux.CLONE_NEWUTS |
  linux.CLONE_NEWIPC |
  linux.CLONE_NEWUSER |
  linux.CLONE_NEWPID |
  linux.CLONE_NEWNET

/**
 * New namespaces by clone and unshare (those of cgroups: see guard.ts); the time namespace has no
 * bit that clone could take.
 */
function namespaceRules(): Rule[] {
  const others = linux.CLONE_PTRACE | linux.CLONE_UNTRACED | linux.CLONE_PARENT
  return [
    { syscalls: ['clone'], when: [anyBit(0, NAMESPACES | others)], action: EPERM },
    { syscalls: ['unshare'], when: [anyBit(0, NAMESPACES | linux.CLONE_NEWTIME)], action: EPERM },
  ]
}

/**
 * Socket families that programs use. The others are little-tested kernel code (AF_ALG, AF_VSOCK,
 * AF_PACKET, …).
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

function socketRules(): Rule[] {
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
 * the program's own, which could then do all of that (ioctl_tty(2)). The kernel reads 32 bits of a
 * request.
 */
const TERMINAL_REQUESTS = [linux.TIOCSTI, linux.TIOCSCTTY, linux.TIOCLINUX, linux.TIOCSETD, linux.TIOCCONS]

/** linux/in6.h */
const IPV6_FLOWLABEL_MGR = 32

/**
 * Options of sockets that a kernel may lack, and programs do without. The first and the last take
 * of what the whole host has: 4096 flow labels of IPv6 (net/ipv6/ip6_flowlabel.c), and the memory
 * for compiled filters of sockets (net.core.bpf_jit_limit), which is charged to no cgroup. TCP_ULP
 * puts other, little-tested code in the place of TCP: TLS, SMC, MPTCP.
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

/** personality(2): Linux itself, its 32-bit machine name (for builds), and asking. */
const PERSONALITIES = [0, 8, 0xffffffff]

/**
 * Calls by which pages of the host's huge page pool could be had, which no memory cgroup counts
 * (hugetlbpage.rst).
 */
const HUGE_PAGES: readonly (readonly [call: string, arg: number, bit: number])[] = [
  ['mmap', 3, linux.MAP_HUGETLB],
  ['memfd_create', 1, linux.MFD_HUGETLB],
  ['shmget', 2, linux.SHM_HUGETLB],
]

function argumentRules(): Rule[] {
  return [
    ...HUGE_PAGES.map(([call, arg, bit]) => ({
      syscalls: [call],
      when: [anyBit(arg, bit)],
      action: refuse(ERRNO.ENOMEM),
    })),
    ...TERMINAL_REQUESTS.map(request => ({ syscalls: ['ioctl'], when: [is(1, request)], action: EPERM })),
    ...SOCKET_OPTIONS.map(([level, option]) => ({
      syscalls: ['setsockopt'],
      when: [is(1, level), is(2, option)],
      action: refuse(ERRNO.ENOPROTOOPT),
    })),
    ...PERSONALITIES.map(value => ({
      syscalls: ['personality'],
      when: [is(0, value)],
      action: { kind: 'allow' } as const,
    })),
    { syscalls: ['personality'], action: EPERM },
    { syscalls: ['prctl'], when: [is(0, linux.PR_SET_MM)], action: EPERM },
    // Limits of others: where the program has init's user id, init would go blind. 0 is the caller
    // itself.
    {
      syscalls: ['prlimit64'],
      when: [{ arg: 0, op: 'ne', value: 0n, width: 32 }],
      action: EPERM,
    },
  ]
}

export const DEFAULT_POLICY: Policy = {
  rules: [
    ...GUARD,
    ...REFUSALS.map(({ syscalls, action }) => ({ syscalls, action })),
    ...namespaceRules(),
    ...socketRules(),
    ...argumentRules(),
  ],
  otherwise: { kind: 'allow' },
}
