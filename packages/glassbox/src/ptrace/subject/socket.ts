/**
 * What the kernel says about a socket: its protocol from an extended attribute, its ends from
 * sock_diag(7) and /proc/net.
 */
import { cString, syscall } from '../../gate/gate.ts'
import { IPPROTO_RAW, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { InetEnds, NetlinkEnd, SocketInfo, UnixEnds } from '../../trace/subject.ts'
import { textOf } from './reading.ts'
import { inetSocket, unixSocket } from './sock-diag.ts'

const GETXATTR = syscallNumber('getxattr')
/** The kernel lists only those netlink sockets that are bound. */
const UNBOUND = -1
const LONGEST_NAME = 64

const INET: Readonly<Record<string, readonly [InetEnds['family'], number]>> = {
  TCP: ['inet', IPPROTO_TCP],
  UDP: ['inet', IPPROTO_UDP],
  MPTCP: ['inet', IPPROTO_TCP],
  MPTCPv6: ['inet6', IPPROTO_TCP],
  'UDP-Lite': ['inet', IPPROTO_UDPLITE],
  RAW: ['inet', IPPROTO_RAW],
  TCPv6: ['inet6', IPPROTO_TCP],
  UDPv6: ['inet6', IPPROTO_UDP],
  UDPLITEv6: ['inet6', IPPROTO_UDPLITE],
  RAWv6: ['inet6', IPPROTO_RAW],
}

/**
 * `link`: the link of the descriptor. `undefined` if the kernel does not say what the socket is.
 */
export function socketOf(link: string, inode: bigint): SocketInfo | undefined {
  const protocol = protocolOf(link)
  if (protocol === undefined) return undefined
  return {
    protocol,
    inode,
    ends: () => endsOf(protocol, inode),
    netlinkProtocol: () => (protocol === 'NETLINK' ? (netlinkSocket(inode)?.protocol ?? UNBOUND) : undefined),
  }
}

function protocolOf(link: string): string | undefined {
  const bytes = new Uint8Array(LONGEST_NAME)
  const length = syscall(GETXATTR, cString(link), cString('system.sockprotoname'), bytes, LONGEST_NAME)
  return length > 1 ? Buffer.from(bytes.subarray(0, length - 1)).toString('latin1') : undefined
}

function endsOf(protocol: string, inode: bigint): InetEnds | UnixEnds | NetlinkEnd | undefined {
  const inet = INET[protocol]
  if (inet) return inetSocket(inet[0], inet[1], inode)
  if (protocol.startsWith('UNIX')) return unixSocket(inode)
  return protocol === 'NETLINK' ? netlinkSocket(inode) : undefined
}

/** The columns of /proc/net/netlink are sk, protocol, port, …, inode. */
function netlinkSocket(inode: bigint): NetlinkEnd | undefined {
  for (const line of (textOf('/proc/net/netlink') ?? '').split('\n')) {
    const columns = line.trim().split(/\s+/)
    if (columns.at(-1) !== String(inode)) continue
    const [, protocol, port = ''] = columns
    return { family: 'netlink', protocol: Number(protocol), port }
  }
  return undefined
}
