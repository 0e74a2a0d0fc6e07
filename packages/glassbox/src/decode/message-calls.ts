/**
 * The calls that pass messages of a socket. What their buffers show depends on its protocol, which
 * is looked at while the call waits.
 */
export const MESSAGE_CALLS: readonly string[] = [
  ...['recvfrom', 'recvmmsg', 'recvmsg'],
  ...['sendmmsg', 'sendmsg', 'sendto'],
]
