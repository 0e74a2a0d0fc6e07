/**
 * Streams of Node for descriptors. Node's module of sockets is loaded at the first of them, while
 * a box is being set up: it takes milliseconds, which the start of the command would wait for.
 */
import type { Socket, SocketConstructorOpts } from 'node:net'
import { handOver } from './descriptors.ts'

/** Takes over the descriptor, and closes it when the stream is destroyed. */
export function socketOn(fd: number, options: Omit<SocketConstructorOpts, 'fd'>): Socket {
  const net = process.getBuiltinModule('node:net')
  return handOver(fd, taken => new net.Socket({ ...options, fd: taken }))
}
