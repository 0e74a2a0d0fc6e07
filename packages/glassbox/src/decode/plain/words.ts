/**
 * Words of several parts as values for programs: one list of the names that each part has. Numbers
 * that have no names stay numbers.
 */
import type { WordName } from '../../linux/schema/kinds.ts'
import type { Word } from '../../linux/schema/layouts.ts'
import { requestOf } from '../../linux/ioctls.ts'
import { errnoName } from '../../linux/errno.ts'
import { signalName } from '../../linux/signals.ts'
import type { Value } from '../types.ts'
import { enumName, flagNames, nameInList, signalValue } from './names.ts'

type ValueOf = (value: Word) => Value

const number: ValueOf = value => value
const low = (value: Word): number => Number(BigInt.asUintN(32, BigInt(value)))
const clear = (value: number, mask: number): number => (value & ~mask) >>> 0

const HUGE_SHIFT = 26
const HUGE_MASK = 0xfc000000

/** Flags, and the logarithm of a page size in the highest bits. */
function withPageSize(set: string, value: number, shift: string): readonly string[] {
  const size = value >>> HUGE_SHIFT
  const names = flagNames(set, clear(value, HUGE_MASK))
  return size === 0 ? names : [...names, `${size}<<${shift}`]
}

/** An enumeration under a mask, then flags. */
const typed =
  (type: string, mask: number, flags: string): ValueOf =>
  value => {
    const word = low(value)
    return [...nameInList(type, (word & mask) >>> 0), ...flagNames(flags, clear(word, mask))]
  }

/** Flags, then what the low bits are as a number. */
const withNumber =
  (flags: string, mask: number): ValueOf =>
  value => {
    const word = low(value)
    const rest = word & mask
    return [...flagNames(flags, clear(word, mask)), ...(rest === 0 ? [] : [`0${rest.toString(8)}`])]
  }

const ACCESS_MODE = 3

const openFlags: ValueOf = value => {
  const wide = BigInt.asUintN(64, BigInt(value))
  const rest = wide & ~BigInt(ACCESS_MODE)
  const flags = rest <= 0xffffffffn ? flagNames('open', Number(rest)) : [`0x${rest.toString(16)}`]
  return [...nameInList('access_mode', Number(wide & BigInt(ACCESS_MODE))), ...flags]
}

const MOUNT_MAGIC = 0xc0ed0000

const mountFlags: ValueOf = value => {
  const word = low(value)
  if ((word & 0xffff0000) >>> 0 !== MOUNT_MAGIC) return flagNames('mount', value)
  return ['MS_MGC_VAL', ...flagNames('mount', word & 0xffff)]
}

const cloneFlags: ValueOf = value => {
  const word = BigInt.asUintN(64, BigInt(value))
  const signal = Number(word & 0xffn)
  return [...flagNames('clone', Number(word & ~0xffn)), ...(signal === 0 ? [] : [signalName(signal)])]
}

/** A wait status, split as by WIFEXITED(3) and similar macros. */
const waitStatus: ValueOf = value => {
  const status = low(value)
  const signal = status & 0x7f
  if (status === 0xffff) return { continued: true }
  if (signal === 0) return { exitCode: (status >> 8) & 0xff }
  if (signal !== 0x7f) return { signal: signalName(signal), coreDumped: (status & 0x80) !== 0 }
  return { stopSignal: signalName((status >> 8) & 0x7f) }
}

const device: ValueOf = value => {
  const wide = BigInt.asUintN(64, BigInt(value))
  return {
    major: Number(((wide >> 8n) & 0xfffn) | ((wide >> 32n) & ~0xfffn & 0xffffffffn)),
    minor: Number((wide & 0xffn) | ((wide >> 12n) & 0xffffff00n)),
  }
}

const CLASS_SHIFT = 13

const ioPriority: ValueOf = value => {
  const word = low(value)
  return { class: enumName('ioprio_class', word >>> CLASS_SHIFT), data: word & ((1 << CLASS_SHIFT) - 1) }
}

const error: ValueOf = value => {
  const number32 = Number(BigInt.asIntN(32, BigInt(value)))
  const name = errnoName(Math.abs(number32))
  if (number32 === 0 || name.startsWith('ERRNO_')) return number32
  return number32 < 0 ? `-${name}` : name
}

const ioctlRequest: ValueOf = value => {
  const request = low(value)
  const [name] = requestOf(request).names
  return name ?? request
}

const IPC_64 = 0x100

const ipcCommand =
  (set: string): ValueOf =>
  value =>
    enumName(set, clear(low(value), IPC_64))

const NO_LIMIT = 2n ** 64n - 1n
const FUTEX_CLOCK_REALTIME = 256
const PRIORITY = 0x7fff
const HANDLERS: ReadonlyMap<Word, string> = new Map<Word, string>([
  [0, 'SIG_DFL'],
  [1, 'SIG_IGN'],
  [NO_LIMIT, 'SIG_ERR'],
])

const swap16 = (value: number): number => ((value & 0xff) << 8) | ((value >> 8) & 0xff)
const swap32 = (value: number): number =>
  (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0

/** Delays of the terminal, each a field of c_oflag. */
const DELAYS: readonly (readonly [set: string, mask: number])[] = [
  ['tty_nl', 0o400],
  ['tty_cr', 0o3000],
  ['tty_tab', 0o14000],
  ['tty_bs', 0o20000],
  ['tty_vt', 0o40000],
  ['tty_ff', 0o100000],
]
const SPEED = 0o10017
const SIZE = 0o60

const terminalOutput: ValueOf = value => {
  const word = low(value)
  const rest = DELAYS.reduce((left, [, mask]) => clear(left, mask), word)
  return [
    ...DELAYS.flatMap(([set, mask]) => nameInList(set, (word & mask) >>> 0)),
    ...flagNames('tty_oflag', rest),
  ]
}

const terminalControl: ValueOf = value => {
  const word = low(value)
  const input = (word >>> 16) & SPEED
  const rest = clear(clear(clear(word, SPEED), SPEED << 16), SIZE)
  return [
    ...nameInList('tty_speed', word & SPEED),
    ...(input === 0 ? [] : [`${nameInList('tty_speed', input).join()}<<IBSHIFT`]),
    ...nameInList('tty_size', word & SIZE),
    ...flagNames('tty_cflag', rest),
  ]
}

/** Every word of the schema has a line: a new one does not compile without. */
export const WORD_VALUES: Readonly<Record<WordName, ValueOf>> = {
  open_flags: openFlags,
  map_flags: value => {
    const word = low(value)
    return [...nameInList('map_type', word & 15), ...withPageSize('map', clear(word, 15), 'MAP_HUGE_SHIFT')]
  },
  memfd_flags: value => withPageSize('memfd', low(value), 'MFD_HUGE_SHIFT'),
  statx_flags: value => {
    const word = low(value)
    const sync = word & 0x6000
    return [
      ...(sync === 0 ? ['AT_STATX_SYNC_AS_STAT'] : flagNames('at_statx', sync)),
      ...flagNames('at', clear(word, 0x6000)),
    ]
  },
  shm_flags: value => {
    const word = low(value)
    const mode = word & 0o777
    return [...withPageSize('shm_flags', clear(word, 0o777), 'SHM_HUGE_SHIFT'), `0${mode.toString(8)}`]
  },
  ipc_flags: withNumber('ipc_flags', 0o777),
  swap_flags: value => {
    const word = low(value)
    const priority = word & PRIORITY
    return [...flagNames('swap', clear(word, PRIORITY)), ...(priority === 0 ? [] : [String(priority)])]
  },
  mount_flags: mountFlags,
  clone_flags: cloneFlags,
  kexec_flags: typed('kexec_arch', 0xffff0000, 'kexec'),
  futex2_flags: typed('futex2_size', 3, 'futex2'),
  fanotify_flags: typed('fan_class', 0xc, 'fan_init'),
  socket_type: typed('sock_type', 15, 'sock_flags'),
  file_mode: number,
  device,
  wait_status: waitStatus,
  memory_policy: value => {
    const word = low(value)
    const flags = word & 0xe000
    const mode = enumName('mpol', clear(word, 0xe000))
    return flags === 0 ? mode : [String(mode), ...flagNames('mpol_flags', flags)]
  },
  personality: value => {
    const word = low(value)
    if (word === 0xffffffff) return word
    return [...nameInList('personality', word & 0xff), ...flagNames('personality_flags', clear(word, 0xff))]
  },
  io_priority: ioPriority,
  quota_command: value => {
    const word = low(value)
    return { command: enumName('quota_cmd', word >>> 8), type: enumName('quota_type', word & 0xff) }
  },
  ipc_command_msg: ipcCommand('msgctl'),
  ipc_command_sem: ipcCommand('semctl'),
  ipc_command_shm: ipcCommand('shmctl'),
  ipc_key: value => (low(value) === 0 ? 'IPC_PRIVATE' : low(value)),
  futex_operation: value => {
    const word = low(value)
    if ((word & FUTEX_CLOCK_REALTIME) === 0) return enumName('futex_op', word)
    return [String(enumName('futex_op', clear(word, FUTEX_CLOCK_REALTIME))), 'FUTEX_CLOCK_REALTIME']
  },
  futex_bits: number,
  futex_wake_operation: number,
  ioctl_request: ioctlRequest,
  key: value => enumName('keyring', value),
  request_key: value => enumName('reqkey', value),
  syslog_type: value => enumName('syslog', value),
  log_level: value => enumName('loglevel', value),
  death_signal: signalValue,
  ptracer: value => (Number(value) === -1 ? 'PR_SET_PTRACER_ANY' : value),
  core_scheduling_id: number,
  pid_type: value => enumName('pidtype', value),
  sve_vector: number,
  sme_vector: number,
  tagged_addresses: number,
  riscv_vector: number,
  xsave_features: value => flagNames('xfeatures', value),
  xsave_feature: value => enumName('xfeature', value),
  ethernet_protocol: value => enumName('eth_protocol', swap16(low(value) & 0xffff)),
  user_register: number,
  mark_directory: number,
  page_status: value => (Number(value) < 0 ? error(value) : value),
  error,
  socket_error: error,
  resource_limit: value => (value === NO_LIMIT ? Infinity : value),
  time: number,
  ticks: number,
  file_system_id: value => {
    const wide = BigInt.asUintN(64, BigInt(value))
    return { val: [Number(wide & 0xffffffffn), Number(wide >> 32n)] }
  },
  epoll_data: value => ({ u32: low(value), u64: value }),
  signal_handler: value => HANDLERS.get(value) ?? value,
  perf_config: number,
  unaligned: value => flagNames('unalign', value),
  modem: value => flagNames('modem', value),
  inode_flags: value => flagNames('fsflags', value),
  signal_frame: number,
  ipc_call: number,
  socket_call: number,
  port: value => swap16(Number(value)),
  network_number: value => swap32(low(value)),
  ipv4_address: value => {
    const word = low(value)
    return [word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24].join('.')
  },
  terminal_output: terminalOutput,
  terminal_control: terminalControl,
  kernel_version: value => {
    const word = low(value)
    return `${word >>> 16}.${(word >>> 8) & 0xff}.${word & 0xff}`
  },
  fourcc: value => String.fromCharCode(...[0, 8, 16, 24].map(shift => (low(value) >>> shift) & 0xff)),
  character: value => String.fromCharCode(low(value) & 0xff),
  bpf_destination: value => enumName('bpf_reg', low(value) & 0xf),
  bpf_source: value => enumName('bpf_reg', (low(value) >>> 4) & 0xf),
  uring_restriction: value => enumName('uring_restriction', low(value) & 0xffff),
}

/** Whether the value for programs is the number itself. */
export const isPlainNumber = (word: WordName): boolean => WORD_VALUES[word] === number
