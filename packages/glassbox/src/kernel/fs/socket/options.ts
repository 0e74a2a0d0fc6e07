/** What setsockopt(2) changes of a socket, at SOL_SOCKET, and that means something in a world. */

/** net.core.wmem_default, rmem_default and their largest values. */
export const BUFFER_BYTES = 212_992

export class SocketOptions {
  /** Bytes that may be under way to the peer before the sender waits. */
  sendBytes: number = BUFFER_BYTES
  /** Only told: what is under way counts for the sender. */
  receiveBytes: number = BUFFER_BYTES
  receiveTimeoutNs: number = Infinity
  sendTimeoutNs: number = Infinity
  /** A read of a stream waits for so many bytes. */
  lowWater = 1
  /** SO_PEEK_OFF: where the next look begins; −1: at the first byte, always. */
  peekOffset = -1
  lingers = false
  lingerSeconds = 0
  passesCredentials = false
  /** Numbers that have no effect between processes of one world. */
  readonly others: Map<number, number> = new Map()
}
