/** The calls on sockets. */
import type { Family } from '../family.ts'
import { options } from './options.ts'
import { receiving } from './receive.ts'
import { sending } from './send.ts'
import { socket } from './socket.ts'

export const SOCKET_FAMILIES: readonly Family[] = [socket, sending, receiving, options]
