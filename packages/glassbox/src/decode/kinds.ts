/**
 * Maps the kinds of arguments to printers. The table of system calls names a kind for each
 * argument, see scripts/linux/syscalls.txt. A kind consists of letters, a direction and an
 * operand. Each kind is compiled once.
 */
import { GlassboxError } from '../errors.ts'
import { isEmpty } from './basic/counts.ts'
import { addressLength, mountNumber, noElements } from './basic/dependent.ts'
import { controlBlockHead, controlBlocks } from './files/asynchronous.ts'
import { cloneArguments } from './process/clone-arguments.ts'
import { argument, type Context, type Kind, type Printer, signed32 } from './context.ts'
import { fileTimes } from './files/file-times.ts'
import { descriptors, directoryEntries, processors, stat, statx, timeComment } from './files/files.ts'
import { idList, OLD_WORDS, oldPointing } from './old-calls.ts'
import { FLAG_WORDS, ipcCommand, statxFlags } from './basic/flag-words.ts'
import {
  failedInterfaceRequest,
  interfaceList,
  interfaceName,
  interfaceNumber,
  interfaceRequest,
  rememberInterfaces,
} from './network/interfaces.ts'
import { ioctlCommand } from './requests/ioctl.ts'
import { perfAttributes } from './process/perf.ts'
import { userRegister } from './process/registers.ts'
import { segment, segmentHead } from './process/segments.ts'
import {
  fileHandle,
  signalOwner,
  key,
  keyCapabilities,
  keyText,
  markDirectory,
  networkOrder,
  messageBuffer,
  signalEvent,
} from './process/identities.ts'
import { nodeMask, pageStatus, residence } from './process/memory-policy.ts'
import { netlinkProtocol, netlinkText } from './netlink/messages.ts'
import { message, messages, NAME_ROOM, rememberNameRoom } from './network/messages.ts'
import { descriptorSet, epollData, epollEvents, polls } from './files/polls.ts'
import { capabilitySets } from './process/capabilities.ts'
import { feature, features, riscvVector, taggedAddresses, vectorLength } from './process/prctl-words.ts'
import { OTHERS_DESCRIPTORS } from './process/others-descriptors.ts'
import { filterProgram, schedulingParameter, waitStatus } from './process/processes.ts'
import { errnoText, named, nameForComment, setText, signalText } from './names.ts'
import { SCALARS } from './basic/scalars.ts'
import {
  pendingSignals,
  siginfo,
  signalAction,
  signalArgument,
  signalSet,
  signalSetOf,
  signalFrame,
  oldSignalAction,
  oldSignalFrame,
} from './process/signals.ts'
import {
  filterOption,
  icmpFilter,
  groupRequest,
  ipv6Membership,
  memberships,
  numberOption,
  packetMembership,
  socketOption,
  structOption,
} from './network/options.ts'
import { returnedAddress, socketAddress } from './network/socket.ts'
import { futexBits, futexOperation, futexWakeOperation, futexWideBits, socketError } from './special.ts'
import { lengthOf, remoteVectors, STRINGS } from './basic/strings.ts'
import { selfSized, sizedStruct } from './basic/sized.ts'
import { cell, items, rememberCell, results } from './basic/structs.ts'
import { terminal } from './requests/terminals.ts'
import { DEVICES, DEVICES_AT_ZERO } from './devices/devices.ts'
import { blob, hexBytes, label, mixed, numberCell, row, shaped } from './shapes/shapes.ts'
import { counted, given, rememberGiven, sizedBy, sizedShape } from './shapes/given.ts'
import { structAt } from './shapes/struct-text.ts'
import { WORDS } from './shapes/words.ts'
import { address, hex } from './text.ts'
import { uringParameters } from './files/uring.ts'

/** Structs that need more than a layout. */
const SPECIAL: Readonly<Record<string, Printer>> = {
  stat: stat('stat'),
  stat64: stat('stat64'),
  oldstat: stat('oldstat'),
  statx,
  fds: descriptors,
  sigaction: signalAction,
  sigset: signalSet,
  user_desc: segment,
  old_sigaction: oldSignalAction,
  sock_fprog: filterProgram,
}

/** Prints the name beside the number even if -X does not ask for it. */
const IN_COMMENT = { spelling: 'verbose' } as const

/** `8 /* SYSLOG_ACTION_CONSOLE_LEVEL *\/`: an int whose name is always in a comment. */
const numberWithName = (set: string, value: bigint): string =>
  `${signed32(value)} /* ${nameForComment(set, value)} */`

/** The kind of id that a command of core scheduling takes: PIDTYPE_PID and following. */
const CORE_IDS = ['tid', 'tgid', 'pgid', 'sid']

/** Values that occur only inside structs. */
const INNER: Readonly<Record<string, Printer>> = {
  fsid: value => `{val=[${hex(value & 0xffffffffn)}, ${hex(value >> 32n)}]}`,
  epolldata: epollData,
  sockerror: socketError,
  futexop: futexOperation,
  bitset: futexBits,
  widebitset: futexWideBits,
  wakeop: futexWakeOperation,
  statxflags: statxFlags,
  key,
  ioctl: ioctlCommand,
  reqkey: (value, { options }) => setText('=reqkey', value, options),
  errno: (value, { options }) => errnoText(Number(BigInt.asUintN(32, value)), options),
  deathsig: (value, { options }) => (value > 128n ? String(value) : signalText(Number(value), options)),
  ptracer: (value, context) =>
    signed32(value) === -1
      ? named('-1', 'PR_SET_PTRACER_ANY', context.options)
      : valueText('tgid', value, context),
  syslog: value => numberWithName('=syslog', value),
  loglevel: value => numberWithName('=loglevel', value),
  sigframe: signalFrame,
  oldsigframe: oldSignalFrame,
  ...OLD_WORDS,
  ...OTHERS_DESCRIPTORS,
  coreid: (value, context) => valueText(CORE_IDS[signed32(argument(context, 3))] ?? 'int', value, context),
  vector: vectorLength('|pr_sve'),
  matrix: vectorLength('|pr_sme'),
  tagged: taggedAddresses,
  riscvvector: riscvVector,
  features,
  feature,
  pidtype: (value, { options }) =>
    setText('=pidtype', value, options.spelling === 'raw' ? options : IN_COMMENT),
  ethprotocol: (value, { options }) => networkOrder('=eth_protocol', value, options),
  userreg: userRegister,
  // As in strace, the name is always in a comment.
  ax25protocol: value => setText('=ax25_protocol', value, IN_COMMENT),
  unalign: (value, { options }) => setText('|unalign', value, options),
  modem: (value, { options }) => setText('|modem', value, options),
  fsflags: (value, { options }) => setText('|fsflags', value, options),
  fandirfd: markDirectory,
  pagestatus: pageStatus,
  time: value => `${BigInt.asIntN(64, value)}${timeComment(BigInt.asIntN(64, value), 0n)}`,
  ...FLAG_WORDS,
}

/** Kinds of shapes.txt that a register can have too. */
function registerWord(kind: string): Printer | undefined {
  const word = WORDS[kind]
  return word && ((value, context) => word(value, context, 8))
}

/** One value by its kind. */
export function valueText(kind: string, value: bigint, context: Context): string {
  if (kind.startsWith('|') || kind.startsWith('=')) return setText(kind, value, context.options)
  const printer = SCALARS[kind] ?? INNER[kind] ?? registerWord(kind)
  return printer ? printer(value, context) : hex(value)
}

const netlinkBuffer =
  (operand: string): Printer =>
  (value, context) => {
    const length = Math.min(lengthOf(operand, context), Number(argument(context, Number(operand))))
    return netlinkText(value, length, netlinkProtocol(context) ?? -1, context, valueText)
  }

/** By the letters of a kind: a function from operand and direction to the printer. */
const POINTING: Readonly<Record<string, (operand: string, late: boolean) => Printer>> = {
  ...STRINGS,
  ptr: operand => SPECIAL[operand] ?? ((value, context) => structAt(operand, value, context, valueText)),
  kept: operand => (value, context) => structAt(operand, value, context, valueText),
  cell: operand => cell(operand, valueText),
  cells: operand => cell(operand, valueText),
  moved: operand => cell(operand, valueText, '] => ['),
  length: operand => addressLength(operand, valueText),
  mountid: operand => mountNumber(operand, valueText),
  sockaddr: (operand, late) => (late ? returnedAddress(operand) : socketAddress(operand)),
  msghdr: (_operand, late) => message(late, valueText),
  mmsghdr: (operand, late) => messages(operand, late, valueText),
  sentmsgs: operand => messages(operand, false, valueText),
  ids: () => idList('id', valueText),
  ...oldPointing(valueText),
  polls: () => polls,
  epolls: () => epollEvents,
  fdset: () => descriptorSet,
  sigset: signalSetOf,
  sigpending: () => pendingSignals,
  keycaps: () => keyCapabilities,
  items: operand => items(operand, valueText),
  results: operand => results(operand, valueText),
  sized: (operand, late) => sizedStruct(operand, late, valueText),
  capdata: () => capabilitySets,
  iocb: () => controlBlockHead,
  iocbs: controlBlocks,
  mincore: () => residence,
  nodemask: nodeMask,
  msgbuf: messageBuffer,
  filehandle: () => fileHandle(false),
  sigevent: () => signalEvent,
  // Only for a child that was waited for.
  rusage: () => (value, context) =>
    context.outcome?.value === 0n ? address(value) : structAt('rusage', value, context, valueText),
  ipccmd: ipcCommand,
  sigarg: () => signalArgument,
  siginfo: () => siginfo,
  keytext: operand => keyText(operand),
  wstatus: () => waitStatus,
  perfattr: () => perfAttributes,
  userdesc: () => segment,
  dents: directoryEntries,
  cpuset: processors,
  sched_param: () => schedulingParameter,
  times2: operand => fileTimes(operand),
  termios: operand => terminal(operand),
  ifreq: interfaceRequest,
  ifindex: interfaceNumber,
  ifname: () => interfaceName,
  ifconf: () => interfaceList,
  option: (_operand, late) => socketOption(late),
  intoption: (operand, late) => numberOption(operand, late, valueText),
  sockvalue: (operand, late) => structOption(operand, late, valueText),
  mreq6: () => ipv6Membership,
  groupreq: () => groupRequest,
  packetmreq: () => packetMembership,
  icmpfilter: (_operand, late) => icmpFilter(late),
  memberships: () => memberships(valueText),
  filteroption: (_operand, late) => filterOption(late, filterProgram),
  cloneargs: () => cloneArguments(valueText),
  uring: () => uringParameters(valueText),
  owner: () => signalOwner,
  shape: operand => shaped(operand, valueText),
  given: operand => given(operand, valueText),
  sizedshape: operand => sizedShape(operand, valueText),
  selfsized: operand => selfSized(operand, valueText),
  counted: operand => counted(operand, valueText),
  sizedby: operand => sizedBy(operand, valueText),
  mixed: operand => mixed(operand, valueText),
  row: operand => row(operand, valueText),
  netlink: operand => netlinkBuffer(operand),
  bytecell: operand => numberCell(1)(operand, valueText),
  longcell: operand => numberCell(8)(operand, valueText),
  device: operand => (value, context) => DEVICES[operand]?.(value, context, valueText) ?? address(value),
  blob,
  label: () => label,
  hexbuf: hexBytes,
  iovaddr: operand => (value, context) => remoteVectors(value, argument(context, Number(operand)), context),
}

/** Strings, buffers and other kinds that are shown even if structs are not. */
const TEXTUAL = new Set([
  'within',
  'sizedby',
  'netlink',
  'ipccmd',
  'ifname',
  'ifconf',
  'path',
  'string',
  'out_string',
  'name16',
  'buf',
  'bytes',
  'byte',
  'xattr',
  'xattrs',
  'hostname',
])

/** Kinds for which zero does not mean NULL: the first command, and a buffer of length zero. */
const AT_ZERO = new Set(['dents', 'ipccmd'])

/** What is shown if the kernel filled nothing in. For all other kinds, the address is shown. */
const FAILED: Readonly<Record<string, (operand: string) => Printer>> = {
  mincore: () => (value, context) => (argument(context, 1) === 0n ? '[]' : address(value)),
  items: noElements,
  nodemask: noElements,
  ifreq: () => failedInterfaceRequest,
  ifindex: () => interfaceNumber(''),
  ifconf: () => interfaceList,
  userdesc: () => segmentHead,
  iovec: operand => (value, context) =>
    context.outcome ? remoteVectors(value, argument(context, Number(operand)), context) : address(value),
  msghdr: () => (value, context) => {
    const room = context.outcome && context.remembered.get(NAME_ROOM)
    return room === undefined ? address(value) : `{msg_namelen=${BigInt.asIntN(32, room)}}`
  },
}

/** A pointer: NULL, an address if the call failed, or what it points to. */
function pointing(printer: Printer, letters: string, late: boolean, operand: string): Printer {
  const isTextual = TEXTUAL.has(letters)
  return (value, context) => {
    if (value === 0n) return AT_ZERO.has(letters) ? printer(value, context) : 'NULL'
    if (!isTextual && context.options.addressesOnly && !isEmpty(letters, operand, context))
      return address(value)
    if (late && context.outcome?.failed !== false)
      return FAILED[letters]?.(operand)(value, context) ?? address(value)
    return printer(value, context)
  }
}

/** The remaining time, which only an interrupted call returns. */
function left(printer: Printer): Printer {
  const INTERRUPTED = [-4n, -516n, -514n]
  return (value, context) => {
    if (value === 0n) return 'NULL'
    return context.outcome && INTERRUPTED.includes(context.outcome.value)
      ? printer(value, context)
      : address(value)
  }
}

/** Members of a struct, filled by the kernel, whose previous value is shown too. */
const REMEMBERED: Readonly<Record<string, Kind['remember']>> = {
  msghdr: rememberNameRoom,
  ifconf: rememberInterfaces,
}

/** Filled at the exit, and shown even if the call failed. */
const ALWAYS_SHOWN = new Set(['cloneargs', 'sentmsgs', 'uring', 'kept'])

/** Kinds that are input and output if the direction is `=`. */
const CHANGING = new Set(['shape', 'device', 'sizedshape', 'cell', 'moved', 'length', 'filehandle', 'given'])

/** Kinds of these of which no number is remembered at the entry. */
const STRUCTS = new Set(['shape', 'device', 'sizedshape'])

function compile(kind: string): Kind {
  if (kind.startsWith('|') || kind.startsWith('='))
    return { late: false, isScalar: true, print: (value, { options }) => setText(kind, value, options) }
  if (kind.startsWith('named:')) return kindOf(kind.slice(6))
  const scalar = SCALARS[kind] ?? INNER[kind] ?? registerWord(kind)
  if (scalar) return { late: false, isScalar: kind in SCALARS || kind in FLAG_WORDS, print: scalar }
  const [, letters = '', direction = '', operand = ''] = /^([a-z_]+\d*)([<>=]?)(.*)$/.exec(kind) ?? []
  if (letters === 'left') {
    const struct = (value: bigint, context: Context): string => structAt(operand, value, context, valueText)
    return { late: true, print: left(struct) }
  }
  const make = POINTING[letters]
  if (!make) throw new GlassboxError('ERR_GLASSBOX_INTERNAL', `no printer for arguments of the kind ${kind}`)
  const late = direction === '>'
  const changing = direction === '=' && CHANGING.has(letters)
  const print = pointing(make(operand, late), letters, late, operand)
  const remember = REMEMBERED[letters]
  if (late && remember) return { late, print, remember }
  if (ALWAYS_SHOWN.has(letters)) return { late: true, print: failedToo(make(operand, true)) }
  if (!changing) return { late, print }
  // Input and output: printed at the exit, with the previous value.
  const printsBoth = letters === 'filehandle' ? fileHandle(true) : make(operand, true)
  return {
    late: true,
    print: failedToo(printsBoth, letters === 'device' && DEVICES_AT_ZERO.has(operand)),
    ...(!STRUCTS.has(letters) && { remember: remembering(letters, operand) }),
  }
}

/** What an argument that the kernel changes was at the entry. */
const remembering = (letters: string, operand: string): NonNullable<Kind['remember']> =>
  letters === 'given' ? rememberGiven(operand) : rememberCell(letters === 'length' ? 'int' : operand || 'int')

/** An input value is shown even if the call failed. `atZero`: the printer knows what NULL is. */
const failedToo =
  (printer: Printer, atZero = false): Printer =>
  (value, context) =>
    value === 0n && !atZero
      ? 'NULL'
      : context.options.addressesOnly
        ? address(value)
        : printer(value, context)

const compiled = new Map<string, Kind>()

export function kindOf(kind: string): Kind {
  let known = compiled.get(kind)
  if (!known) {
    known = compile(kind)
    compiled.set(kind, known)
  }
  return known
}

/** The address under which a value is remembered. */
export const rememberedAt = (kind: string, value: bigint): bigint =>
  kind.startsWith('msghdr') ? NAME_ROOM : value
