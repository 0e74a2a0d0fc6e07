/**
 * -yy: `TCP:[127.0.0.1:80->127.0.0.1:52096]`, `UNIX-STREAM:[571599->571600]`, `NETLINK:[1234]`.
 * The protocol has the kernel's name.
 */
import { quote } from '../../decode/text.ts'
import type { InetEnds, NetlinkEnd, SocketInfo, UnixEnds } from '../../trace/subject.ts'

/**
 * Sockets that strace 6.1 does not know by the kernel's name: it finds some of them in the lists
 * of these protocols.
 */
const LISTED_AS: Readonly<Record<string, string>> = { 'UDP-Lite': 'UDPLITE', MPTCP: 'TCP', MPTCPv6: 'TCPv6' }
const KNOWN = /^(UNIX|NETLINK|((TCP|UDP|RAW|PING|DCCP|SCTP)(v6)?|UDPLITEv6|L2TP\/IP(v6)?)$)/

/** What is known of the socket now. `undefined`: no more than its inode. */
function detailedText(socket: SocketInfo): string | undefined {
  const { inode, protocol } = socket
  const listed = LISTED_AS[protocol]
  const ends = listed !== undefined || KNOWN.test(protocol) ? socket.ends() : undefined
  const details = ends ? endsText(ends) : ''
  if (details === '') return undefined
  return `${listed ?? protocol}:[${ends?.family === 'unix' ? inode : ''}${details}]`
}

const shortText = ({ inode, protocol }: SocketInfo): string =>
  `${LISTED_AS[protocol] === undefined && KNOWN.test(protocol) ? protocol : 'socket'}:[${inode}]`

export const socketText = (socket: SocketInfo): string => detailedText(socket) ?? shortText(socket)

/** As many as strace keeps: the last socket of each remainder of its inode. */
const KEPT = 1024n

/**
 * As in strace, the first text that says more than the inode is kept: it is then shown when the
 * peer is gone, too, and after a socket that was bound has connected.
 */
export class SocketTexts {
  readonly #kept = new Map<bigint, { readonly inode: bigint; readonly text: string }>()

  text(socket: SocketInfo): string {
    const { inode } = socket
    const slot = inode % KEPT
    const kept = this.#kept.get(slot)
    if (kept?.inode === inode) return kept.text
    const text = detailedText(socket)
    if (text === undefined) return shortText(socket)
    this.#kept.set(slot, { inode, text })
    return text
  }
}

function endsText(ends: InetEnds | UnixEnds | NetlinkEnd): string {
  if (ends.family === 'unix') return unixText(ends)
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

const unixText = ({ peer, name }: UnixEnds): string =>
  `${peer === 0 ? '' : `->${peer}`}${name === undefined ? '' : nameText(name)}`

/** `,"/path"`, `,@"abstract"`: up to a NUL that is not its first byte. */
function nameText(name: Uint8Array): string {
  const isAbstract = name[0] === 0
  const bytes = isAbstract ? name.subarray(1) : name
  const end = bytes.indexOf(0)
  return `,${isAbstract ? '@' : ''}${quote(end < 0 ? bytes : bytes.subarray(0, end))}`
}

const NETLINK_PROTOCOLS: readonly (string | undefined)[] = [
  ...['ROUTE', 'UNUSED', 'USERSOCK', 'FIREWALL', 'SOCK_DIAG', 'NFLOG', 'XFRM', 'SELINUX', 'ISCSI', 'AUDIT'],
  ...['FIB_LOOKUP', 'CONNECTOR', 'NETFILTER', 'IP6_FW', 'DNRTMSG', 'KOBJECT_UEVENT', 'GENERIC', undefined],
  ...['SCSITRANSPORT', 'ECRYPTFS', 'RDMA', 'CRYPTO', 'SMC'],
]
