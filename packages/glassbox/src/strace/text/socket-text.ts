/**
 * -yy: `TCP:[127.0.0.1:80->127.0.0.1:52096]`, `UNIX-STREAM:[571599->571600]`, `NETLINK:[1234]`.
 * The protocol has the kernel's name.
 */
import { quote } from '../../decode/text.ts'
import type { InetEnds, NetlinkEnd, SocketInfo, UnixEnds } from '../../trace/subject.ts'

export function socketText(socket: SocketInfo): string {
  return `${socket.protocol}:[${endsText(socket.inode, socket.ends())}]`
}

function endsText(inode: bigint, ends: InetEnds | UnixEnds | NetlinkEnd | undefined): string {
  if (!ends) return String(inode)
  if (ends.family === 'unix') return unixText(inode, ends)
  if (ends.family === 'netlink') return `${NETLINK_PROTOCOLS[ends.protocol] ?? ends.protocol}:${ends.port}`
  return inetText(ends)
}

function inetText({ family, local, localPort, remote, remotePort }: InetEnds): string {
  const ours = `${addressText(family, local)}:${localPort}`
  const hasPeer = remotePort !== 0 || remote.some(byte => byte !== 0)
  return hasPeer ? `${ours}->${addressText(family, remote)}:${remotePort}` : ours
}

function addressText(family: InetEnds['family'], bytes: Uint8Array): string {
  return family === 'inet' ? [...bytes].join('.') : `[${ipv6Text(bytes)}]`
}

/**
 * Like inet_ntop(3): the longest run of zeros is left out, and a mapped IPv4 address is printed
 * as one.
 */
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

function unixText(inode: bigint, { peer, name }: UnixEnds): string {
  return `${inode}${peer === 0 ? '' : `->${peer}`}${name === undefined ? '' : nameText(name)}`
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
