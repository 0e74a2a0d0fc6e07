/** Structs whose shape another of their fields selects. Sources: sigaction(2), socket(7). */
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_UNIX,
  BUS_MCEERR_AO,
  BUS_MCEERR_AR,
  SEGV_BNDERR,
  SEGV_PKUERR,
  POLL_HUP,
  SI_KERNEL,
  SI_SIGIO,
  SI_TIMER,
  SI_TKILL,
  SI_USER,
  SIGCHLD,
} from '../constants.ts'
import { signalNumber } from '../signals.ts'
import type { StructName } from '../generated/struct-values.ts'

const FAULTS: ReadonlySet<number | undefined> = new Set(
  (['SIGSEGV', 'SIGILL', 'SIGFPE', 'SIGBUS', 'SIGTRAP'] as const).map(signalNumber),
)
const SIGSEGV = signalNumber('SIGSEGV')
const SIGBUS = signalNumber('SIGBUS')
const SIGIO = signalNumber('SIGIO')
const SIGSYS = signalNumber('SIGSYS')

function faultShape(signal: number, code: number): StructName {
  if (signal === SIGSEGV && code === SEGV_BNDERR) return 'siginfo_bounds'
  if (signal === SIGSEGV && code === SEGV_PKUERR) return 'siginfo_pkey'
  const isDamage = signal === SIGBUS && (code === BUS_MCEERR_AR || code === BUS_MCEERR_AO)
  return isDamage ? 'siginfo_memory' : 'siginfo_fault'
}

/** The layout of a siginfo_t with this signal and code. */
export function siginfoShape(signal: number, code: number): StructName {
  if (code === SI_USER || code === SI_TKILL) return 'siginfo_kill'
  if (code === SI_TIMER) return 'siginfo_timer'
  if (code === SI_SIGIO) return 'siginfo_poll'
  if (code < 0) return 'siginfo_queue'
  if (signal === SIGCHLD) return 'siginfo_child'
  if (FAULTS.has(signal)) return faultShape(signal, code)
  if (signal === SIGIO) return code <= POLL_HUP ? 'siginfo_poll' : 'siginfo'
  if (signal === SIGSYS) return 'siginfo_sys'
  return code === SI_KERNEL ? 'siginfo' : 'siginfo_queue'
}

/** The layout of a socket address, by its family. */
export const SOCKET_ADDRESSES: ReadonlyMap<number, StructName> = new Map<number, StructName>([
  [AF_UNIX, 'sockaddr_un'],
  [AF_INET, 'sockaddr_in'],
  [AF_INET6, 'sockaddr_in6'],
  [AF_NETLINK, 'sockaddr_nl'],
  [AF_PACKET, 'sockaddr_ll'],
])

/** The size of extensible structs that say 0 for their first version. */
export const FIRST_SIZES: ReadonlyMap<StructName, number> = new Map<StructName, number>([
  ['sched_attr', 48],
  ['landlock_ruleset_attr', 8],
  ['perf_event_attr', 64],
  ['mount_id_request', 24],
  ['mount_list_request', 24],
])
