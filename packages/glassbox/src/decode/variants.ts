/**
 * Calls whose arguments depend on one of them. Each entry says what the arguments of such a call are; how a kind is
 * printed stands in kinds.ts. Sources: the man page of each call.
 */
import { argument, type Context, type Shown, signed32 } from './context.ts'

type Variant = (args: readonly Shown[], context: Context) => readonly Shown[]

const first = (args: readonly Shown[], count: number): readonly Shown[] => args.slice(0, count)

/** Replaces the kinds from argument `start` on; `undefined` kinds are left out. */
function rekind(args: readonly Shown[], start: number, kinds: readonly string[]): readonly Shown[] {
  return [
    ...args.slice(0, start),
    ...args
      .slice(start, start + kinds.length)
      .map((shown, index) => ({ ...shown, kind: kinds[index] ?? shown.kind })),
  ]
}

/** open(2) takes a mode only where it may make a file, and so strace prints it only then. */
function withMode(flagsAt: number): Variant {
  const O_CREAT = 0o100n
  const O_TMPFILE = 0o20200000n
  return (args, context) => {
    const flags = argument(context, flagsAt)
    const makes = (flags & O_CREAT) !== 0n || (flags & O_TMPFILE) === O_TMPFILE
    return makes ? args : first(args, flagsAt + 1)
  }
}

/** By the command; those that are not here print their argument in hexadecimal. */
const FCNTL: Readonly<Record<number, readonly string[]>> = {
  0: ['int'],
  1: [],
  2: ['|fd_flags'],
  3: [],
  4: ['openflags'],
  5: ['ptr>flock_told'],
  6: ['ptr<flock'],
  7: ['ptr<flock'],
  8: ['int'],
  9: [],
  10: ['sig'],
  11: [],
  36: ['ptr>flock_told'],
  37: ['ptr<flock'],
  38: ['ptr<flock'],
  1024: ['=flock_type'],
  1025: [],
  1030: ['int'],
  1031: ['size'],
  1032: [],
  1033: ['|seals'],
  1034: [],
}

const IOCTL: Readonly<Record<number, readonly string[]>> = {
  0x5401: ['termios>'],
  0x5402: ['termios<'],
  0x5403: ['termios<'],
  0x5404: ['termios<'],
  0x540e: [],
  0x540f: ['cell>int'],
  0x5410: ['cell<int'],
  0x5413: ['ptr>winsize'],
  0x5414: ['ptr<winsize'],
  0x541b: ['cell>int'],
  0x5411: ['cell>int'],
  0x5421: ['cell<int'],
  0x5422: [],
  0x5429: ['cell>int'],
  0x5450: [],
  0x5451: [],
  0x5452: ['cell<int'],
  0x80045430: ['cell>uint'],
  0x40045431: ['cell<int'],
}

const PRCTL: Readonly<Record<number, readonly string[]>> = {
  1: ['sig'],
  2: ['cell>int'],
  3: [],
  4: ['size'],
  7: [],
  8: ['size'],
  15: ['name16'],
  16: ['name16>'],
  21: [],
  22: ['=seccomp_mode', 'ptr<sock_fprog'],
  23: ['=cap'],
  24: ['=cap'],
  29: ['size'],
  30: [],
  36: ['size'],
  37: ['cell>int'],
  38: ['size', 'size', 'size', 'size'],
  39: ['size', 'size', 'size', 'size'],
  40: ['cell>addr'],
  41: ['size', 'size', 'size', 'size'],
  42: ['size', 'size', 'size', 'size'],
  47: ['=prctl_ambient', 'size', 'size', 'size'],
  0x53564d41: ['=prctl_vma', 'hex', 'size', 'string'],
}

const futexKinds = ['addr', '=futex_op', 'uint', 'ptr<timespec', 'addr', 'hex'] as const

/** Which of the six a futex operation takes, and as what. */
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

/** The wrapper's order, and only what the flags give a meaning to. */
const clone: Variant = (_args, context) => {
  const [flags = 0n, stack = 0n, parent = 0n, child = 0n, tls = 0n] = context.call.args
  const settles = (flags & (SETTID | PIDFD)) !== 0n
  return [
    { name: 'child_stack', kind: 'named:addr', value: stack },
    { name: 'flags', kind: 'named:cloneflags', value: flags },
    ...(settles ? [{ name: 'parent_tid', kind: 'named:cell>int', value: parent }] : []),
    ...(flags & SETTLS ? [{ name: 'tls', kind: 'named:hex', value: tls }] : []),
    ...(flags & CHILD_TIDS ? [{ name: 'child_tidptr', kind: 'named:addr', value: child }] : []),
  ]
}

const AF_NETLINK = 16
const SOL_SOCKET = 1
const SO_ERROR = 4

/** Sets of options by level. */
const OPTION_SETS: Readonly<Record<number, string>> = {
  0: '=ip_option',
  1: '=so_option',
  6: '=tcp_option',
  41: '=ipv6_option',
}
/** Options of the socket level that are no number. */
const OPTION_KINDS: Readonly<Record<number, string>> = {
  13: 'ptr?linger',
  17: 'ptr?ucred',
  20: 'ptr?timeval',
  21: 'ptr?timeval',
}

function optionKinds(context: Context, out: boolean): readonly string[] {
  const level = signed32(argument(context, 1))
  const option = signed32(argument(context, 2))
  const direction = out ? '>' : '<'
  const special = level === SOL_SOCKET ? OPTION_KINDS[option]?.replace('?', direction) : undefined
  const value =
    special ?? (level === SOL_SOCKET && option === SO_ERROR && out ? 'cell>sockerror' : `option${direction}`)
  return [OPTION_SETS[level] ?? 'hex', value, out ? 'length=' : 'int']
}

export const VARIANTS: Readonly<Record<string, Variant>> = {
  open: withMode(1),
  openat: withMode(2),
  mq_open: withMode(1),
  fcntl: (args, context) => rekind(args, 2, FCNTL[signed32(argument(context, 1))] ?? ['hex']),
  ioctl: (args, context) =>
    rekind(args, 2, IOCTL[Number(BigInt.asUintN(32, argument(context, 1)))] ?? ['hex']),
  prctl: (args, context) =>
    rekind(args, 1, PRCTL[signed32(argument(context, 0))] ?? ['hex', 'hex', 'hex', 'hex']),
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
    const kind = family === AF_NETLINK ? '=netlink' : family === 2 || family === 10 ? '=ip_protocol' : 'int'
    return rekind(args, 2, [kind])
  },
  setsockopt: (args, context) => rekind(args, 2, optionKinds(context, false)),
  getsockopt: (args, context) => rekind(args, 2, optionKinds(context, true)),
  preadv2: args => args.filter(({ kind }) => kind !== 'none'),
  pwritev2: args => args.filter(({ kind }) => kind !== 'none'),
  arch_prctl: (args, context) => {
    const code = signed32(argument(context, 0))
    return rekind(args, 1, [code === 0x1003 || code === 0x1004 ? 'cell>addr' : 'hex'])
  },
  mmap: (args, context) => {
    // An anonymous mapping has no descriptor, whatever stands there.
    const MAP_ANONYMOUS = 0x20n
    return (argument(context, 3) & MAP_ANONYMOUS) !== 0n ? rekind(args, 4, ['int', 'hex']) : args
  },
  seccomp: (args, context) => {
    const operation = signed32(argument(context, 0))
    return operation === 1 ? args : rekind(args, 1, ['hex', operation === 2 ? 'addr' : 'addr'])
  },
}
