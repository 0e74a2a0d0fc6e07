/**
 * Structs of which a value for programs has fewer or other fields than the bytes: fields that
 * others say are not used, a union whose member the request names, data of a type. Pure.
 */
import { inPlace, struct } from '../../codec/struct.ts'
import { socketAddressOf } from '../../codec/network.ts'
import type { Fields } from '../../codec/values.ts'
import * as linux from '../../linux/constants.ts'
import { signalNumber } from '../../linux/signals.ts'
import { kinds } from '../../linux/generated/kinds.ts'
import { fieldOf, layoutOf, type StructName, type Word } from '../../linux/schema/layouts.ts'
import type { Value } from '../types.ts'
import { enumName, flagNames, signalValue } from './names.ts'
import { socketAddressValue, untilNul } from './special.ts'

type Shown = Record<string, Value>
type Change = (shown: Shown, from: Fields, view: string | undefined) => Value

const without =
  (name: string, isUsed: (from: Fields) => boolean): Change =>
  (shown, from) => {
    if (!isUsed(from)) delete shown[name]
    return shown
  }

/** Names of codes, by signal; of codes that any signal may have, in a set of their own. */
const CODES: ReadonlyMap<number | undefined, string> = new Map(
  (
    [
      ['SIGCHLD', 'cld_code'],
      ['SIGSEGV', 'segv_code'],
      ['SIGILL', 'ill_code'],
      ['SIGFPE', 'fpe_code'],
      ['SIGBUS', 'bus_code'],
      ['SIGTRAP', 'trap_code'],
      ['SIGIO', 'poll_code'],
      ['SIGSYS', 'sys_code'],
    ] as const
  ).map(([signal, set]) => [signalNumber(signal), set]),
)

const siginfo: Change = (shown, from) => {
  const signal = Number(from['si_signo'])
  const code = Number(from['si_code'])
  if (signal === 0) return {}
  const own = code > 0 && code !== linux.SI_KERNEL ? CODES.get(signal) : 'sa_si_code'
  shown['si_code'] = own === undefined ? code : enumName(own, code)
  if (from['si_errno'] === 0) delete shown['si_errno']
  if (from['si_status'] !== undefined && code !== linux.CLD_EXITED)
    shown['si_status'] = signalValue(Number(from['si_status']) & 0x7f)
  if (from['si_ptr'] !== undefined) {
    if (from['si_ptr'] === 0) delete shown['si_ptr']
    else shown['si_int'] = Number(BigInt.asIntN(32, BigInt(from['si_ptr'] as Word)))
  }
  return shown
}

const NOTIFIES = { signal: 0, thread: 2, threadId: 4 } as const

const sigevent: Change = (shown, from) => {
  const notify = Number(from['sigev_notify'])
  const isSignal = notify === NOTIFIES.signal || notify === NOTIFIES.threadId
  if (isSignal) shown['sigev_signo'] = signalValue(from['sigev_signo'] as Word)
  if (notify !== NOTIFIES.threadId) delete shown['sigev_notify_thread_id']
  return shown
}

/** The type of an entry of getdents(2) is in the byte behind its name. */
const oldEntry: Change = (shown, from) => {
  const name = from['d_name'] as Uint8Array
  shown['d_name'] = untilNul(name.subarray(0, -1))
  shown['d_type'] = enumName('dirent_type', name.at(-1) ?? 0)
  return shown
}

const entry: Change = (shown, from) => {
  shown['d_name'] = untilNul(from['d_name'] as Uint8Array)
  return shown
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const ints = (bytes: Uint8Array): readonly number[] => {
  const view = viewOf(bytes)
  return Array.from({ length: bytes.length >> 2 }, (_, index) => view.getInt32(index * 4, true))
}

/** Control data whose shape is known, by level and type. */
const CONTROL: Readonly<Record<string, (bytes: Uint8Array) => Value>> = {
  [`${linux.SOL_SOCKET} ${linux.SCM_RIGHTS}`]: ints,
  [`${linux.SOL_SOCKET} ${linux.SCM_CREDENTIALS}`]: bytes => {
    const [pid = 0, uid = 0, gid = 0] = ints(bytes)
    return { pid, uid: uid >>> 0, gid: gid >>> 0 }
  },
}
const TYPES: ReadonlyMap<number, string> = new Map([
  [0, 'ip_control'],
  [1, 'scm'],
])

const control: Change = (shown, from) => {
  const [level, type] = [Number(from['cmsg_level']), Number(from['cmsg_type'])]
  const set = TYPES.get(level)
  const data = from['cmsg_data'] as Uint8Array
  return {
    cmsg_len: shown['cmsg_len'] ?? 0,
    cmsg_level: enumName('sockopt_level', level),
    cmsg_type: set === undefined ? type : enumName(set, type),
    cmsg_data: CONTROL[`${level} ${type}`]?.(data) ?? data,
  }
}

const NAME_BYTES = 16
const text = (bytes: Uint8Array): string => untilNul(bytes.subarray(0, NAME_BYTES))
const int = (bytes: Uint8Array): number => Number(inPlace(kinds().int).read(viewOf(bytes), 0))
const socketAddress = (bytes: Uint8Array): Value => {
  const fields = socketAddressOf(bytes.subarray(0, NAME_BYTES), { model: 64 })
  return fields ? socketAddressValue(fields) : null
}

/** The member of struct ifreq's union that a request uses. */
const INTERFACE_PARTS: Readonly<Record<string, (union: Uint8Array) => Value>> = {
  flags: union => {
    const { kind } = fieldOf(layoutOf('ifreq_flags'), 'ifr_flags')
    return flagNames('if_flags', Number(inPlace(kind).read(viewOf(union), 0)))
  },
  addr: socketAddress,
  dstaddr: socketAddress,
  broadaddr: socketAddress,
  netmask: socketAddress,
  hwaddr: union => {
    const { sa_family: type, sa_data: data } = struct('sockaddr').read(viewOf(union))
    return { sa_family: enumName('arphrd', type), sa_data: Uint8Array.from(data) }
  },
  metric: int,
  mtu: int,
  ifindex: int,
  named: int,
  qlen: int,
  slave: text,
  newname: text,
}

const interfaceRequest: Change = (shown, from, view = 'addr') => {
  const union = from['ifr_ifru'] as Uint8Array
  const member = view === 'named' ? 'ifindex' : view
  return { ifr_name: shown['ifr_name'] ?? '', [`ifr_${member}`]: INTERFACE_PARTS[view]?.(union) ?? union }
}

const SA_RESTORER = 0x04000000

const CHANGES: Readonly<Partial<Record<StructName, Change>>> = {
  sigaction: without('sa_restorer', from => (Number(from['sa_flags']) & SA_RESTORER) !== 0),
  siginfo,
  sigevent,
  linux_dirent: oldEntry,
  linux_dirent64: entry,
  cmsghdr: control,
  ifreq: interfaceRequest,
}

/** The fields of a struct as they are shown. `shown`: all of them, which may be changed. */
export const fieldsOf = (name: StructName, view: string | undefined, shown: Shown, from: Fields): Value =>
  CHANGES[name]?.(shown, from, view) ?? shown

/** Whether each field is shown as it is, whatever the others are. */
export const isShownWhole = (name: StructName): boolean => CHANGES[name] === undefined
