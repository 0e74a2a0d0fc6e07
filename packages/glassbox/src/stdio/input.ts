/** Where a program's stdin comes from. */
import { closeSync, fstatSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { InvalidOptionError } from '../errors.ts'
import { close, writeAll } from '../gate/descriptors.ts'
import { call } from '../gate/gate.ts'
import { F_GETFL, O_ACCMODE, O_RDONLY, O_WRONLY } from '../linux/constants.ts'
import { cannotOpen, openHostFile } from './host-file.ts'
import type { HostPaths } from './host-paths.ts'
import { lend, lendPosition } from './borrowed.ts'
import type { Input } from '../job/options.ts'
import { openReadOnly } from './read-only.ts'
import { openNull, type Owner, pipe } from './pipe.ts'

/** What a pipe always takes at once (pipe(7)): so much needs no reader yet. */
const PIPE_BYTES = 65_536

const INHERIT_HINT = 'Redirect it from a file: < FILE.'

export interface InputChannel {
  /** The descriptor that the program gets; the caller closes it after the launch where `owned`. */
  readonly childFd: number
  readonly owned: boolean
  /** Lets go of the writing end: called when the program has ended, whether or not it read everything. */
  close(): void
}

/** What is taken out of such a one cannot be given again. */
export const isStream = (input: Input | undefined): input is Readable =>
  typeof input === 'object' && !(input instanceof Uint8Array) && !('inherit' in input) && !('file' in input)

/** `owner`: the user of the program, where it is not ours: that is, with privilege. */
export async function openInput(
  input: Input | undefined,
  owner: Owner | undefined,
  paths: HostPaths,
): Promise<InputChannel> {
  if (input === undefined) return { childFd: openNull(O_RDONLY), owned: true, close: () => {} }
  if (typeof input === 'string') return fromBytes(Buffer.from(input), owner)
  if (input instanceof Uint8Array) return fromBytes(input, owner)
  if (isStream(input)) return fromStream(input, owner)
  return 'file' in input ? fromFile(input.file, owner !== undefined, paths) : inherited(owner !== undefined)
}

async function fromFile(path: string, privileged: boolean, paths: HostPaths): Promise<InputChannel> {
  const { fd, stats } = openHostFile({ name: 'stdin', path, flags: O_RDONLY, paths })
  if (!stats.isFile()) return { childFd: fd, owned: true, close: () => {} }
  try {
    return { childFd: await openReadOnly(fd, stats.size, privileged), owned: true, close: () => {} }
  } catch (error) {
    throw cannotOpen('stdin', path, error)
  } finally {
    close(fd)
  }
}

/** A file has a position, which is the caller's too: the program begins at it, and leaves it where it came to. */
async function inherited(privileged: boolean): Promise<InputChannel> {
  const stats = fstatSync(0)
  if (!stats.isFile()) return { childFd: 0, owned: false, close: lend(0) }
  if ((call('fcntl', [0, F_GETFL]) & O_ACCMODE) === O_WRONLY)
    throw new InvalidOptionError(
      'stdin',
      'stdin cannot be inherited: it is open for writing only.',
      INHERIT_HINT,
    )
  try {
    const childFd = await openReadOnly(0, stats.size, privileged)
    return { childFd, owned: true, close: lendPosition(childFd) }
  } catch (error) {
    throw cannotOpen('stdin', 'descriptor 0 of this process', error)
  }
}

function fromBytes(bytes: Uint8Array, owner: Owner | undefined): InputChannel {
  const { read, write } = pipe(owner)
  if (bytes.length <= PIPE_BYTES) {
    writeAll(write, bytes)
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
  const end = (): void => {
    stream.unpipe(socket)
    socket.destroy()
  }
  stream.once('error', end)
  return { childFd: read, owned: true, close: end }
}

/** A program may end without having read its input: the error of the broken pipe is nobody's news. */
function writingEnd(fd: number): Socket {
  const socket = new Socket({ fd, readable: false, writable: true })
  socket.on('error', () => {})
  return socket
}
