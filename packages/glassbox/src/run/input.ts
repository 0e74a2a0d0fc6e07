/** Where a program's stdin comes from. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { GlassboxError } from '../errors.ts'
import { O_RDONLY } from '../linux/constants.ts'
import type { Input } from './options.ts'
import { lend } from './inherited.ts'
import { openNull, type Owner, pipe } from './pipe.ts'

/** What a pipe always takes at once (pipe(7)): so much needs no reader yet. */
const PIPE_BYTES = 65_536

export interface InputChannel {
  /** The descriptor that the program gets; the caller closes it after the launch where `owned`. */
  readonly childFd: number
  readonly owned: boolean
  /** Lets go of the writing end: called when the program has ended, whether or not it read everything. */
  close(): void
}

export function openInput(input: Input | undefined, owner: Owner | undefined): InputChannel {
  if (input === undefined) return { childFd: openNull(O_RDONLY), owned: true, close: () => {} }
  if (typeof input === 'string') return fromBytes(Buffer.from(input), owner)
  if (input instanceof Uint8Array) return fromBytes(input, owner)
  if ('inherit' in input) return { childFd: 0, owned: false, close: lend(0) }
  return 'file' in input ? fromFile(input.file) : fromStream(input, owner)
}

function fromFile(path: string): InputChannel {
  try {
    return { childFd: openSync(path, 'r'), owned: true, close: () => {} }
  } catch (error) {
    throw new GlassboxError(
      'ERR_GLASSBOX_FILE',
      `Cannot read stdin from ${path}: ${(error as Error).message}`,
      {
        path,
        hint: 'Name a file that you may read.',
        cause: error,
      },
    )
  }
}

function fromBytes(bytes: Uint8Array, owner: Owner | undefined): InputChannel {
  const { read, write } = pipe(owner)
  if (bytes.length <= PIPE_BYTES) {
    for (let at = 0; at < bytes.length; ) at += writeSync(write, bytes, at)
    closeSync(write)
    return { childFd: read, owned: true, close: () => {} }
  }
  const socket = writingEnd(write)
  socket.end(bytes)
  return { childFd: read, owned: true, close: () => socket.destroy() }
}

function fromStream(stream: Readable, owner: Owner | undefined): InputChannel {
  const { read, write } = pipe(owner)
  const socket = writingEnd(write)
  stream.pipe(socket)
  const close = (): void => {
    stream.unpipe(socket)
    socket.destroy()
  }
  stream.once('error', close)
  return { childFd: read, owned: true, close }
}

/** A program may end without having read its input: the error of the broken pipe is nobody's news. */
function writingEnd(fd: number): Socket {
  const socket = new Socket({ fd, readable: false, writable: true })
  socket.on('error', () => {})
  return socket
}
