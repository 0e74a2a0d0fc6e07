/**
 * What the kernel knows of a socket by its inode, asked over NETLINK_SOCK_DIAG: addresses of both ends, or the inode of the other end. Of
 * the network namespace of this process. Source: sock_diag(7).
 */
import { call, syscall } from '../../gate/gate.ts'
import { syscallNumber } from '../../linux/syscalls.ts'

const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10
const AF_NETLINK = 16
const SOCK_RAW_CLOEXEC = 3 | 0o2000000
const NETLINK_SOCK_DIAG = 4
const SOCK_DIAG_BY_FAMILY = 20
const NLM_F_REQUEST = 1
const NLM_F_DUMP = 0x300
const NLMSG_DONE = 3
const NLMSG_ERROR = 2
const NLMSG_HEADER = 16
const ALL_STATES = 0xffffffff
const UDIAG_SHOW_NAME = 1
const UDIAG_SHOW_PEER = 4
const UNIX_DIAG_NAME = 0
const UNIX_DIAG_PEER = 2
const UNIX_MESSAGE = 16
const RECEIVE = syscallNumber('recvfrom')
const SEND = syscallNumber('sendto')
const CLOSE = syscallNumber('close')
const BUFFER = 1 << 16

export interface InetSocket {
  readonly family: 4 | 6
  /** Network order. */
  readonly local: Uint8Array
  readonly localPort: number
  readonly remote: Uint8Array
  readonly remotePort: number
}

export interface UnixSocket {
  /** Inode of the other end; 0: none. */
  readonly peer: number
  /** As bound: it may begin with a NUL. */
  readonly name: Uint8Array | undefined
}

/** Sends one request, and shows each message of the answer until `use` says that it has found what it wants. */
function ask(request: Uint8Array, use: (message: Uint8Array) => boolean): void {
  const socket = call('socket', [AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG])
  const buffer = new Uint8Array(BUFFER)
  try {
    if (syscall(SEND, socket, request, request.length, 0, 0, 0) < 0) return
    for (;;) {
      const length = syscall(RECEIVE, socket, buffer, BUFFER, 0, 0, 0)
      if (length < NLMSG_HEADER) return
      const view = new DataView(buffer.buffer, 0, length)
      for (let at = 0; at + NLMSG_HEADER <= length; ) {
        const size = view.getUint32(at, true)
        const type = view.getUint16(at + 4, true)
        if (type === NLMSG_DONE || type === NLMSG_ERROR || size < NLMSG_HEADER) return
        if (use(buffer.slice(at + NLMSG_HEADER, at + size))) return
        at += (size + 3) & ~3
      }
      // An answer for one socket is one message; a dump ends with NLMSG_DONE.
      if ((new DataView(request.buffer).getUint16(6, true) & NLM_F_DUMP) === 0) return
    }
  } finally {
    syscall(CLOSE, socket)
  }
}

function message(length: number, flags: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(NLMSG_HEADER + length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, bytes.length, true)
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, true)
  view.setUint16(6, NLM_F_REQUEST | flags, true)
  return { bytes, view }
}

/** inet_diag_req_v2 is 56 bytes; inet_diag_msg has the ports at 4, the addresses at 8 and 24, the inode at 68. */
export function inetSocket(family: 4 | 6, protocol: number, inode: bigint): InetSocket | undefined {
  const { bytes, view } = message(56, NLM_F_DUMP)
  view.setUint8(NLMSG_HEADER, family === 4 ? AF_INET : AF_INET6)
  view.setUint8(NLMSG_HEADER + 1, protocol)
  view.setUint32(NLMSG_HEADER + 4, ALL_STATES, true)
  let found: InetSocket | undefined
  ask(bytes, answer => {
    const at = new DataView(answer.buffer, answer.byteOffset, answer.length)
    if (BigInt(at.getUint32(68, true)) !== inode) return false
    const length = family === 4 ? 4 : 16
    found = {
      family,
      localPort: at.getUint16(4),
      remotePort: at.getUint16(6),
      local: answer.subarray(8, 8 + length),
      remote: answer.subarray(24, 24 + length),
    }
    return true
  })
  return found
}

/** unix_diag_req is 24 bytes. */
export function unixSocket(inode: bigint): UnixSocket | undefined {
  const { bytes, view } = message(24, 0)
  view.setUint8(NLMSG_HEADER, AF_UNIX)
  view.setUint32(NLMSG_HEADER + 4, ALL_STATES, true)
  view.setUint32(NLMSG_HEADER + 8, Number(inode), true)
  view.setUint32(NLMSG_HEADER + 12, UDIAG_SHOW_NAME | UDIAG_SHOW_PEER, true)
  view.setUint32(NLMSG_HEADER + 16, ALL_STATES, true)
  view.setUint32(NLMSG_HEADER + 20, ALL_STATES, true)
  let found: UnixSocket | undefined
  ask(bytes, answer => {
    const attributes = attributesOf(answer.subarray(UNIX_MESSAGE))
    const peer = attributes.get(UNIX_DIAG_PEER)
    found = {
      peer: peer ? new DataView(peer.buffer, peer.byteOffset, 4).getUint32(0, true) : 0,
      name: attributes.get(UNIX_DIAG_NAME),
    }
    return true
  })
  return found
}

function attributesOf(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const found = new Map<number, Uint8Array>()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = view.getUint16(at, true)
    if (length < 4) break
    found.set(view.getUint16(at + 2, true), bytes.subarray(at + 4, at + length))
    at += (length + 3) & ~3
  }
  return found
}
