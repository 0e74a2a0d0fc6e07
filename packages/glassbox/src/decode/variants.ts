/**
 * Calls in which some arguments depend on another one. Each entry says what the arguments of such
 * a call are; kinds.ts says how each kind is printed. Sources: the man page of each call.
 */
import { isDeviceMode } from './basic/modes.ts'
import { FCNTL, FSCONFIG, KCMP, KEYCTL, PTRACE, SYSLOG, type Commands } from './requests/commands.ts'
import { ioctlKinds } from './requests/ioctl.ts'
import { MSGCTL, QUOTACTL, SEMCTL, SHMCTL } from './requests/kernel-objects.ts'
import { ARCH_PRCTL, PRCTL } from './requests/prctl.ts'
import { argument, type Context, type Shown, signed32 } from './context.ts'
import { MOUNT_MAGIC, MOUNT_MAGIC_MASK } from './basic/flag-words.ts'
import { nameIn } from './names.ts'
import { netlinkProtocol } from './netlink/messages.ts'

type Variant = (args: readonly Shown[], context: Context) => readonly Shown[]

const first = (args: readonly Shown[], count: number): readonly Shown[] => args.slice(0, count)

/** The kind of an argument that a command does not take, though it takes one after it. */
const LEFT_OUT = ''

/**
 * Replaces the kinds from argument `start` on. Arguments whose kind is `undefined` are left out.
 */
function rekind(args: readonly Shown[], start: number, kinds: readonly string[]): readonly Shown[] {
  return [
    ...args.slice(0, start),
    ...args
      .slice(start, start + kinds.length)
      .map((shown, index) => ({ ...shown, kind: kinds[index] ?? shown.kind })),
  ]
}

/**
 * The arguments after a command in argument `at`. `otherwise` applies to commands that the table
 * does not have.
 */
const byCommand =
  (commands: Commands, at: number, otherwise: readonly string[] | undefined): Variant =>
  (args, context) => {
    const kinds = commands[Number(BigInt.asUintN(32, argument(context, at)))] ?? otherwise
    return kinds ? rekind(args, at + 1, kinds).filter(({ kind }) => kind !== LEFT_OUT) : args
  }

/** quotactl(2) and quotactl_fd(2): the type of the quota is the lowest byte of the command. */
const quota =
  (command: number, start: number): Variant =>
  (args, context) => {
    const kinds = QUOTACTL[Number(BigInt.asUintN(32, argument(context, command)) >> 8n)]
    return kinds ? rekind(args, start, kinds).filter(({ kind }) => kind !== LEFT_OUT) : args
  }

/** Options of prctl(2) whose later arguments depend on the second argument. */
function prctlKinds(option: number, second: bigint): readonly string[] | undefined {
  const [SECCOMP, AMBIENT, VMA, DUMP, MCE, SPECULATION, SCHED_CORE] = [22, 47, 0x53564d41, 4, 33, 53, 62]
  const MOST_SPECULATION = 2n
  if (option === SECCOMP && second !== 2n)
    return second === 1n ? ['=seccomp_mode'] : ['=seccomp_mode', 'hex', 'hex', 'hex']
  const CORE_GET = 0n
  if (option === SCHED_CORE && second === CORE_GET) return ['=pr_core', 'coreid', 'pidtype', 'cell>hex']
  if (option === AMBIENT && second >= 1n && second <= 3n) return ['=prctl_ambient', '=cap', 'hex', 'hex']
  if (option === VMA && second === 0n) return ['=prctl_vma', 'addr', 'size', 'string']
  if (option === MCE && second === 1n) return ['=mce_kill', '=mce_policy', 'hex', 'hex']
  if (option === SPECULATION && second > MOST_SPECULATION) return ['=pr_spec', 'hex']
  return option === DUMP ? ['=suid_dump'] : undefined
}

/** A device number is meaningful only for a device. */
function withDevice(modeAt: number): Variant {
  return (args, context) => (isDeviceMode(argument(context, modeAt)) ? args : first(args, modeAt + 1))
}

/** The arguments that mount(2) ignores, by its flags. */
function ignoredByMount(flags: bigint): readonly string[] {
  const MS_REMOUNT = 32n
  const MOVES = 4096n | 8192n | (1n << 17n) | (1n << 18n) | (1n << 19n) | (1n << 20n)
  if (flags & MS_REMOUNT) return ['filesystemtype']
  return flags & MOVES ? ['filesystemtype', 'data'] : []
}

/** open(2) uses the mode only if it may create a file, and strace prints it only then. */
function withMode(flagsAt: number, alsoTmpfile = true): Variant {
  const O_CREAT = 0o100n
  const O_TMPFILE = 0o20000000n
  return (args, context) => {
    const flags = argument(context, flagsAt)
    const makes = (flags & O_CREAT) !== 0n || (alsoTmpfile && (flags & O_TMPFILE) !== 0n)
    return makes ? args : first(args, flagsAt + 1)
  }
}

const futexKinds = ['addr', '=futex_op', 'uint', 'addr', 'addr', 'hex32'] as const

/** Which of the six arguments a futex operation uses, and their kinds. */
const FUTEX: Readonly<Record<number, readonly (readonly [index: number, kind: string])[]>> = {
  0: [
    [2, 'uint'],
    [3, 'ptr<timespec'],
  ],
  1: [[2, 'uint']],
  2: [[2, 'uint']],
  3: [
    [2, 'uint'],
    [3, 'uint'],
    [4, 'addr'],
  ],
  4: [
    [2, 'uint'],
    [3, 'uint'],
    [4, 'addr'],
    [5, 'uint'],
  ],
  5: [
    [2, 'uint'],
    [3, 'uint'],
    [4, 'addr'],
    [5, 'wakeop'],
  ],
  6: [[3, 'ptr<timespec']],
  7: [],
  8: [],
  9: [
    [2, 'uint'],
    [3, 'ptr<timespec'],
    [5, 'bitset'],
  ],
  10: [
    [2, 'uint'],
    [5, 'bitset'],
  ],
  11: [
    [2, 'uint'],
    [3, 'ptr<timespec'],
    [4, 'addr'],
  ],
  12: [
    [2, 'uint'],
    [3, 'uint'],
    [4, 'addr'],
    [5, 'uint'],
  ],
  13: [[3, 'ptr<timespec']],
}
const FUTEX_COMMAND = 127

const SETTID = 0x00100000n
const CHILD_TIDS = 0x01200000n
const SETTLS = 0x00080000n
const PIDFD = 0x00001000n

/** In the order of the libc wrapper, with only the arguments that the flags use. */
const clone: Variant = (_args, context) => {
  const [flags = 0n, stack = 0n, parent = 0n, child = 0n, tls = 0n] = context.call.args
  const settles = (flags & (SETTID | PIDFD)) !== 0n
  return [
    { name: 'child_stack', kind: 'named:addr', value: stack },
    { name: 'flags', kind: 'named:cloneflags', value: flags },
    ...(settles ? [{ name: 'parent_tid', kind: 'named:cell>tid', value: parent }] : []),
    ...(flags & SETTLS ? [{ name: 'tls', kind: 'named:hex', value: tls }] : []),
    ...(flags & CHILD_TIDS ? [{ name: 'child_tidptr', kind: 'named:addr', value: child }] : []),
  ]
}

/** Protocols, by family. */
const PROTOCOLS: Readonly<Record<number, string>> = {
  2: '=ip_protocol',
  10: '=ip_protocol',
  16: '=netlink',
  17: 'ethprotocol',
  31: '=bt_protocol',
}
const SOL_SOCKET = 1
const SOL_NETLINK = 270
const SO_ERROR = 4

/** Sets of options, by level. */
const OPTION_SETS: Readonly<Record<number, string>> = {
  0: '=ip_option',
  1: '=so_option',
  6: '=tcp_option',
  17: '=udp_option',
  41: '=ipv6_option',
  263: '=packet_option',
  270: '=netlink_option',
}
/** Options of the socket level that are not numbers. */
const OPTION_KINDS: Readonly<Record<number, string>> = {
  13: 'ptr?linger',
  17: 'ptr?ucred',
  20: 'ptr?timeval',
  21: 'ptr?timeval',
}

/**
 * Options of the socket level that are neither numbers nor of a known structure: filters, names,
 * lists.
 */
const OTHER_OPTIONS: ReadonlySet<number> = new Set([
  17, 20, 21, 25, 26, 28, 31, 47, 50, 51, 52, 55, 57, 59, 61, 66, 67, 71,
])

function optionKinds(context: Context, out: boolean): readonly string[] {
  const level = signed32(argument(context, 1))
  const option = signed32(argument(context, 2))
  const direction = out ? '>' : '<'
  const special = level === SOL_SOCKET ? OPTION_KINDS[option]?.replace('?', direction) : undefined
  const isNumber =
    level === SOL_NETLINK || (level === SOL_SOCKET && nameIn('so_option', BigInt(option)) !== undefined)
  const value =
    special ??
    (level === SOL_SOCKET && option === SO_ERROR && out
      ? 'cell>sockerror'
      : `${isNumber && !OTHER_OPTIONS.has(option) ? 'intoption' : 'option'}${direction}`)
  return [OPTION_SETS[level] ?? 'uint', value, out ? 'length=' : 'int']
}

/** What the id in waitid(2) identifies, by the first argument. */
const WAITED_IDS: Readonly<Record<number, string>> = { 1: 'tgid', 2: 'pgid', 3: 'fd' }
const PRIORITY_IDS: Readonly<Record<number, string>> = { 0: 'tgid', 1: 'pgid' }
const IO_PRIORITY_IDS: Readonly<Record<number, string>> = { 1: 'tgid', 2: 'pgid' }

/** Argument 1 has the messages, if the descriptor is a netlink socket. */
const netlinkBuffer =
  (kind: string): Variant =>
  (args, context) =>
    netlinkProtocol(context) === undefined
      ? args
      : args.map((shown, index) => (index === 1 ? { ...shown, kind } : shown))

export const VARIANTS: Readonly<Record<string, Variant>> = {
  open: withMode(1),
  openat: withMode(2),
  mq_open: withMode(1, false),
  fcntl: byCommand(FCNTL, 1, ['hex']),
  ioctl: (args, context) => {
    const [, request] = args
    const number = Number(BigInt.asUintN(32, argument(context, 1)))
    const kinds = ioctlKinds(number)
    return request
      ? rekind([args[0] ?? request, { ...request, kind: 'ioctl' }, ...args.slice(2)], 2, kinds)
      : args
  },
  prctl: (args, context) => {
    const [option = 0n, second = 0n] = context.call.args
    const special = prctlKinds(Number(BigInt.asUintN(32, option)), second)
    return special
      ? rekind(args, 1, special)
      : byCommand(PRCTL, 0, ['hex', 'hex', 'hex', 'hex'])(args, context)
  },
  keyctl: byCommand(KEYCTL, 0, ['hex', 'hex', 'hex', 'hex']),
  ptrace: byCommand(PTRACE, 0, undefined),
  fsconfig: byCommand(FSCONFIG, 1, ['addr', 'addr', 'int']),
  syslog: byCommand(SYSLOG, 0, undefined),
  kcmp: byCommand(KCMP, 2, []),
  msgctl: byCommand(MSGCTL, 1, undefined),
  shmctl: byCommand(SHMCTL, 1, undefined),
  semctl: byCommand(SEMCTL, 2, undefined),
  quotactl: quota(0, 2),
  quotactl_fd: quota(1, 2),
  mknod: withDevice(1),
  mknodat: withDevice(2),
  mremap: (args, context) => {
    const MREMAP_FIXED = 2n
    return (argument(context, 3) & MREMAP_FIXED) === 0n ? first(args, 4) : args
  },
  mount: (args, context) => {
    const flags = argument(context, 3)
    const ignored = ignoredByMount(
      (flags & MOUNT_MAGIC_MASK) === MOUNT_MAGIC ? flags & ~MOUNT_MAGIC_MASK : flags,
    )
    return args.map(arg => (ignored.includes(arg.name) ? { ...arg, kind: 'addr' } : arg))
  },
  reboot: (args, context) => {
    const RESTART2 = 0xa1b2c3d4n
    return BigInt.asUintN(32, argument(context, 2)) === RESTART2
      ? rekind(args, 3, ['string'])
      : first(args, 3)
  },
  epoll_ctl: (args, context) => {
    const EPOLL_CTL_DEL = 2
    return signed32(argument(context, 1)) === EPOLL_CTL_DEL ? rekind(args, 3, ['addr']) : args
  },
  membarrier: (args, context) => (argument(context, 1) & 1n ? args : first(args, 2)),
  modify_ldt: (args, context) => {
    const [func = 0n, , bytes = 0n] = context.call.args
    const writes = func === 1n || func === 0x11n
    return writes && bytes === 16n ? rekind(args, 1, ['userdesc<', 'size']) : args
  },
  landlock_add_rule: (args, context) =>
    signed32(argument(context, 1)) === 1 ? args : rekind(args, 2, ['addr', 'hex32']),
  futex: (args, context) => {
    const operation = FUTEX[signed32(argument(context, 1)) & FUTEX_COMMAND]
    if (!operation) return rekind(args, 0, futexKinds)
    const rest = operation.map(([index, kind]) => ({
      name: args[index]?.name ?? '',
      kind,
      value: argument(context, index),
    }))
    return [...rekind(args, 0, ['addr', 'futexop']), ...rest]
  },
  clone,
  clone3: args => rekind(args, 0, ['cloneargs=', 'size']),
  socket: (args, context) => {
    const family = signed32(argument(context, 0))
    return rekind(args, 2, [PROTOCOLS[family] ?? 'size'])
  },
  sendto: netlinkBuffer('netlink<2'),
  recvfrom: netlinkBuffer('netlink>2'),
  setsockopt: (args, context) => rekind(args, 2, optionKinds(context, false)),
  waitid: (args, context) =>
    rekind(args, 1, [WAITED_IDS[signed32(argument(context, 0))] ?? 'int']).concat(args.slice(2)),
  getpriority: (args, context) => rekind(args, 1, [PRIORITY_IDS[signed32(argument(context, 0))] ?? 'int']),
  setpriority: (args, context) =>
    rekind(args, 1, [PRIORITY_IDS[signed32(argument(context, 0))] ?? 'int', 'int']),
  ioprio_get: (args, context) => rekind(args, 1, [IO_PRIORITY_IDS[signed32(argument(context, 0))] ?? 'int']),
  ioprio_set: (args, context) =>
    rekind(args, 1, [IO_PRIORITY_IDS[signed32(argument(context, 0))] ?? 'int', 'ioprio']),
  getsockopt: (args, context) => rekind(args, 2, optionKinds(context, true)),
  preadv2: args => args.filter(({ kind }) => kind !== 'none'),
  pwritev2: args => args.filter(({ kind }) => kind !== 'none'),
  arch_prctl: byCommand(ARCH_PRCTL, 0, ['hex']),
  mmap: (args, context) => {
    // An anonymous mapping has no descriptor, so that argument has no meaning.
    const MAP_ANONYMOUS = 0x20n
    return (argument(context, 3) & MAP_ANONYMOUS) !== 0n ? rekind(args, 4, ['int', 'hex']) : args
  },
  seccomp: (args, context) => {
    const operation = signed32(argument(context, 0))
    return operation === 1 ? args : rekind(args, 1, ['hex32', operation === 2 ? 'cell<=seccomp_ret' : 'addr'])
  },
}
