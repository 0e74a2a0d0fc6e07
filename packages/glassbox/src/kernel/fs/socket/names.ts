/**
 * The addresses of sockets: abstract names of a world, and sockets that are files. A socket file
 * keeps its inode; who connects to it finds the socket that was bound to it.
 */
import type { Inode } from '../vfs.ts'
import type { UnixSocket } from './unix-socket.ts'

const abstracts = new WeakMap<object, Map<string, UnixSocket>>()
const bound = new WeakMap<Inode, UnixSocket>()

/** The abstract names of a world. */
export function abstractNames(world: object): Map<string, UnixSocket> {
  let names = abstracts.get(world)
  if (names === undefined) {
    names = new Map()
    abstracts.set(world, names)
  }
  return names
}

export const bindInode = (inode: Inode, socket: UnixSocket): void => void bound.set(inode, socket)

export const socketOf = (inode: Inode): UnixSocket | undefined => bound.get(inode)
