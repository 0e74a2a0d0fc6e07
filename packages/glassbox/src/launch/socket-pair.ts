/** The stream socket between this process and a process that it starts. */
import { call } from '../gate/gate.ts'
import { AF_UNIX, SOCK_CLOEXEC, SOCK_STREAM } from '../linux/constants.ts'

export interface SocketPair {
  readonly ours: number
  readonly theirs: number
}

/**
 * Makes the socket. The caller owns both ends, which close at execve. Throws ERR_GLASSBOX_SYSTEM,
 * with EMFILE if no descriptor is free.
 */
export function socketPair(): SocketPair {
  const pair = new Int32Array(2)
  call('socketpair', [AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair])
  const [ours = -1, theirs = -1] = pair
  return { ours, theirs }
}
