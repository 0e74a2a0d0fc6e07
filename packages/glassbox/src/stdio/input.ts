/**
 * The stdin of a program: opens a descriptor for the program, and feeds or closes the other end.
 */
import { fstatSync } from 'node:fs'
import type { Socket } from 'node:net'
import { InvalidOptionError } from '../errors.ts'
import { close, writeAll } from '../gate/descriptors.ts'
import { call } from '../gate/gate.ts'
import { socketOn } from '../gate/socket.ts'
import { F_GETFL, F_GETPIPE_SZ, O_ACCMODE, O_RDONLY, O_WRONLY } from '../linux/constants.ts'
import type { Bytes, Source } from '../job/streams.ts'
import { borrow, borrowPosition } from './borrowed.ts'
import { cannotOpen, openHostFile } from './host-file.ts'
import type { HostPaths } from './host-paths.ts'
import { openNull, type Owner, pipe } from './pipe.ts'
import { openReadOnly } from './read-only.ts'
import type { ClaimedSource } from './caller/source.ts'

/**
 * PIPE_BUF: an empty pipe takes this much at once, even if its user has exhausted the pages for
 * pipes (pipe(7)).
 */
const ALWAYS_FITS_BYTES = 4096
/** The usual capacity of a pipe. */
const PIPE_BYTES = 65_536

const INHERIT_HINT = 'Redirect it from a file: < FILE.'

export interface InputChannel {
  /** The descriptor for the program. If `owned`, the caller closes it after the launch. */
  readonly childFd: number
  readonly owned: boolean
  /** Closes or restores the other end. Call it when the program has ended. */
  close(): void
}

export interface InputRequest {
  readonly source: Source
  /** The claimed stream, if the source is a stream. */
  readonly claimed: ClaimedSource | undefined
  /** The user of the program, if it differs from this process's user: if this process is root. */
  readonly owner: Owner | undefined
  readonly paths: HostPaths
}

export async function openInput({ source, claimed, owner, paths }: InputRequest): Promise<InputChannel> {
  if (source.kind === 'ignore') return { childFd: openNull(O_RDONLY), owned: true, close: () => {} }
  if (source.kind === 'data') return fromBytes(bytesOf(source.data), owner)
  if (source.kind === 'file') return fromFile(source.path, owner !== undefined, paths)
  if (source.kind === 'inherit') return inherited(owner !== undefined)
  return fromStream(claimed, owner)
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

/**
 * Inherits the stdin of this process. If that is a file, the program begins at its position, and
 * afterwards the position is where the program left it.
 */
async function inherited(privileged: boolean): Promise<InputChannel> {
  const stats = fstatSync(0)
  if (!stats.isFile()) return { childFd: 0, owned: false, close: borrow(0) }
  if ((call('fcntl', [0, F_GETFL]) & O_ACCMODE) === O_WRONLY)
    throw new InvalidOptionError(
      'stdin',
      'stdin cannot be inherited: it is open for writing only.',
      INHERIT_HINT,
    )
  try {
    const childFd = await openReadOnly(0, stats.size, privileged)
    return { childFd, owned: true, close: borrowPosition(childFd) }
  } catch (error) {
    throw cannotOpen('stdin', 'descriptor 0 of this process', error)
  }
}

const asView = (bytes: Bytes): Uint8Array =>
  ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes)

function bytesOf(data: readonly (string | Bytes)[]): Uint8Array {
  const pieces = data.map(piece => (typeof piece === 'string' ? Buffer.from(piece) : asView(piece)))
  const [only] = pieces
  return only && pieces.length === 1 ? only : Buffer.concat(pieces)
}

/**
 * Data that fits into the empty pipe is written at once. Otherwise a Socket writes it, because
 * this thread must not block until the program reads.
 */
function fromBytes(bytes: Uint8Array, owner: Owner | undefined): InputChannel {
  const { read, write } = pipe(owner)
  if (takesAtOnce(write, bytes.length)) {
    writeAll(write, bytes)
    close(write)
    return { childFd: read, owned: true, close: () => {} }
  }
  const socket = writingEnd(write)
  socket.end(bytes)
  return { childFd: read, owned: true, close: () => socket.destroy() }
}

/** Whether an empty pipe takes `length` bytes without blocking. */
function takesAtOnce(fd: number, length: number): boolean {
  if (length <= ALWAYS_FITS_BYTES) return true
  return length <= PIPE_BYTES && length <= call('fcntl', [fd, F_GETPIPE_SZ])
}

function fromStream(claimed: ClaimedSource | undefined, owner: Owner | undefined): InputChannel {
  const { read, write } = pipe(owner)
  const socket = writingEnd(write)
  claimed?.feed(socket)
  return { childFd: read, owned: true, close: () => socket.destroy() }
}

/** A program may end before it has read its input, so an error of the broken pipe is ignored. */
function writingEnd(fd: number): Socket {
  const socket = socketOn(fd, { readable: false, writable: true })
  socket.on('error', () => {})
  return socket
}
