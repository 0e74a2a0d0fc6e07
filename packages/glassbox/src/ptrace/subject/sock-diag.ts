/**
 * What the kernel knows about a socket by its inode, asked over NETLINK_SOCK_DIAG: the addresses
 * of both ends, or the inode of the peer. It covers this process's network namespace. Source:
 * sock_diag(7).
 */
import { call, syscall } from '../../gate/gate.ts'
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_UNIX,
  NETLINK_SOCK_DIAG,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  SOCK_CLOEXEC,
  SOCK_DIAG_BY_FAMILY,
  SOCK_RAW,
  UDIAG_SHOW_NAME,
  UDIAG_SHOW_PEER,
  UNIX_DIAG_NAME,
  UNIX_DIAG_PEER,
} from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { InetEnds, UnixEnds } from '../../trace/subject.ts'

const NLMSG_HEADER = 16
const ALL_STATES = 0xffffffff
const UNIX_MESSAGE = 16
const RECEIVE = syscallNumber('recvfrom')
const SEND = syscallNumber('sendto')
const CLOSE = syscallNumber('close')
const BUFFER = 1 << 16

/**
 * Sends one request and passes each message of the answer to `use`, until `use` reports that it
 * found what it needs.
 */
function ask(request: Uint8Array, use: (message: Uint8Array) => boolean): void {
  const socket = call('socket', [AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG])
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

/**
 * inet_diag_req_v2 is 56 bytes; inet_diag_msg has the ports at 4, the addresses at 8 and 24, the
 * inode at 68.
 */
export function inetSocket(
  family: InetEnds['family'],
  protocol: number,
  inode: bigint,
): InetEnds | undefined {
  const { bytes, view } = message(56, NLM_F_DUMP)
  view.setUint8(NLMSG_HEADER, family === 'inet' ? AF_INET : AF_INET6)
  view.setUint8(NLMSG_HEADER + 1, protocol)
  view.setUint32(NLMSG_HEADER + 4, ALL_STATES, true)
  let found: InetEnds | undefined
  ask(bytes, answer => {
    const at = new DataView(answer.buffer, answer.byteOffset, answer.length)
    if (BigInt(at.getUint32(68, true)) !== inode) return false
    const length = family === 'inet' ? 4 : 16
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
export function unixSocket(inode: bigint): UnixEnds | undefined {
  const { bytes, view } = message(24, 0)
  view.setUint8(NLMSG_HEADER, AF_UNIX)
  view.setUint32(NLMSG_HEADER + 4, ALL_STATES, true)
  view.setUint32(NLMSG_HEADER + 8, Number(inode), true)
  view.setUint32(NLMSG_HEADER + 12, UDIAG_SHOW_NAME | UDIAG_SHOW_PEER, true)
  view.setUint32(NLMSG_HEADER + 16, ALL_STATES, true)
  view.setUint32(NLMSG_HEADER + 20, ALL_STATES, true)
  let found: UnixEnds | undefined
  ask(bytes, answer => {
    const attributes = attributesOf(answer.subarray(UNIX_MESSAGE))
    const peer = attributes.get(UNIX_DIAG_PEER)
    found = {
      family: 'unix',
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
