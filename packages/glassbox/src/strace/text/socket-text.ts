/** -yy: `TCP:[127.0.0.1:80->127.0.0.1:52096]`, `UNIX-STREAM:[571599->571600]`, `NETLINK:[1234]`. The protocol's name is the kernel's. */
import { readFileSync } from 'node:fs'
import { cString, syscall } from '../../gate/gate.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { quote } from '../../decode/text.ts'
import { inetSocket, type InetSocket, unixSocket } from './sock-diag.ts'

const GETXATTR = syscallNumber('getxattr')
const LONGEST_NAME = 64

const INET: Readonly<Record<string, readonly [4 | 6, number]>> = {
  TCP: [4, 6],
  UDP: [4, 17],
  'UDP-Lite': [4, 136],
  RAW: [4, 255],
  TCPv6: [6, 6],
  UDPv6: [6, 17],
  UDPLITEv6: [6, 136],
  RAWv6: [6, 255],
}

/** Undefined where the kernel does not say what it is. */
export function socketText(link: string, inode: bigint): string | undefined {
  const protocol = protocolOf(link)
  if (protocol === undefined) return undefined
  return `${protocol}:[${detail(protocol, inode) ?? inode}]`
}

/** `TCP`, `UNIX-STREAM`, …; undefined for what is no socket. */
export function protocolOf(link: string): string | undefined {
  const bytes = new Uint8Array(LONGEST_NAME)
  const length = syscall(GETXATTR, cString(link), cString('system.sockprotoname'), bytes, LONGEST_NAME)
  return length > 1 ? Buffer.from(bytes.subarray(0, length - 1)).toString('latin1') : undefined
}

function detail(protocol: string, inode: bigint): string | undefined {
  const inet = INET[protocol]
  if (inet) return inetText(inetSocket(inet[0], inet[1], inode))
  if (protocol.startsWith('UNIX')) return unixText(inode)
  return protocol === 'NETLINK' ? netlinkText(inode) : undefined
}

function inetText(socket: InetSocket | undefined): string | undefined {
  if (!socket) return undefined
  const { family, local, localPort, remote, remotePort } = socket
  const ours = `${addressText(family, local)}:${localPort}`
  const hasPeer = remotePort !== 0 || remote.some(byte => byte !== 0)
  return hasPeer ? `${ours}->${addressText(family, remote)}:${remotePort}` : ours
}

function addressText(family: 4 | 6, bytes: Uint8Array): string {
  return family === 4 ? [...bytes].join('.') : `[${ipv6Text(bytes)}]`
}

/** As inet_ntop(3): the longest run of zeros is left out, an IPv4 address that is mapped is shown as one. */
export function ipv6Text(bytes: Uint8Array): string {
  const words = Array.from(
    { length: 8 },
    (_, index) => ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0),
  )
  const isMapped = words.slice(0, 5).every(word => word === 0) && words[5] === 0xffff
  if (isMapped) return `::ffff:${[...bytes.subarray(12)].join('.')}`
  let best = { at: -1, length: 1 }
  for (let at = 0; at < 8; at++) {
    let length = 0
    while (at + length < 8 && words[at + length] === 0) length++
    if (length > best.length) best = { at, length }
  }
  const hex = (from: number, to: number): string =>
    words
      .slice(from, to)
      .map(word => word.toString(16))
      .join(':')
  return best.at < 0 ? hex(0, 8) : `${hex(0, best.at)}::${hex(best.at + best.length, 8)}`
}

function unixText(inode: bigint): string | undefined {
  const socket = unixSocket(inode)
  if (!socket) return undefined
  const peer = socket.peer === 0 ? '' : `->${socket.peer}`
  return `${inode}${peer}${socket.name === undefined ? '' : nameText(socket.name)}`
}

/** `,"/path"`, `,@"abstract"`. */
function nameText(name: Uint8Array): string {
  if (name[0] === 0) return `,@${quote(name.subarray(1))}`
  const end = name.indexOf(0)
  return `,${quote(end < 0 ? name : name.subarray(0, end))}`
}

const NETLINK_PROTOCOLS: readonly (string | undefined)[] = [
  ...['ROUTE', 'UNUSED', 'USERSOCK', 'FIREWALL', 'SOCK_DIAG', 'NFLOG', 'XFRM', 'SELINUX', 'ISCSI', 'AUDIT'],
  ...['FIB_LOOKUP', 'CONNECTOR', 'NETFILTER', 'IP6_FW', 'DNRTMSG', 'KOBJECT_UEVENT', 'GENERIC', undefined],
  ...['SCSITRANSPORT', 'ECRYPTFS', 'RDMA', 'CRYPTO', 'SMC'],
]

/** `ROUTE:1234`: the columns of /proc/net/netlink are sk, protocol, port, …, inode. */
function netlinkText(inode: bigint): string | undefined {
  try {
    for (const line of readFileSync('/proc/net/netlink', 'latin1').split('\n')) {
      const columns = line.trim().split(/\s+/)
      if (columns.at(-1) !== String(inode)) continue
      const [, protocol, port] = columns
      return `${NETLINK_PROTOCOLS[Number(protocol)] ?? protocol}:${port}`
    }
  } catch {
    // Without /proc/net there is nothing to add.
  }
  return undefined
}
