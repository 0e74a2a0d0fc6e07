/**
 * Streams of Node for descriptors that are written to. Node's module of sockets is loaded at the
 * first of them: it takes milliseconds, which most runs need not wait for. What is only read is
 * watched instead: see `readable.ts`.
 */
import type { Socket, SocketConstructorOpts } from 'node:net'
import { handOver } from './descriptors.ts'

/** Takes over the descriptor, and closes it when the stream is destroyed. */
export function socketOn(fd: number, options: Omit<SocketConstructorOpts, 'fd'>): Socket {
  const net = process.getBuiltinModule('node:net')
  return handOver(fd, taken => new net.Socket({ ...options, fd: taken }))
}
