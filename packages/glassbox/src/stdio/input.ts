/**
 * Where a program's stdin comes from: a descriptor for the program, and what is done with it
 * afterwards.
 */
import { fstatSync } from 'node:fs'
import { Socket } from 'node:net'
import { InvalidOptionError } from '../errors.ts'
import { close, disownDescriptor, writeAll } from '../gate/descriptors.ts'
import { call } from '../gate/gate.ts'
import { F_GETFL, F_GETPIPE_SZ, O_ACCMODE, O_RDONLY, O_WRONLY } from '../linux/constants.ts'
import type { Bytes, Source } from '../job/streams.ts'
import { borrow, borrowPosition } from './borrowed.ts'
import { cannotOpen, openHostFile } from './host-file.ts'
import type { HostPaths } from './host-paths.ts'
import { openNull, type Owner, pipe } from './pipe.ts'
import { openReadOnly } from './read-only.ts'
import type { ClaimedSource } from './caller/source.ts'

/**
 * PIPE_BUF: what an empty pipe takes at once even if its user has used up the pages for pipes
 * (pipe(7)).
 */
const ALWAYS_FITS_BYTES = 4096
/** What it takes at once otherwise. */
const PIPE_BYTES = 65_536

const INHERIT_HINT = 'Redirect it from a file: < FILE.'

export interface InputChannel {
  /** The descriptor that the program gets; the caller closes it after the launch if `owned`. */
  readonly childFd: number
  readonly owned: boolean
  /**
   * Lets go of the writing end: called when the program has ended, whether or not it read
   * everything.
   */
  close(): void
}

export interface InputRequest {
  readonly source: Source
  /** The stream that the source is, if it is one. */
  readonly claimed: ClaimedSource | undefined
  /** The user of the program, if it is not ours: that is, with privilege. */
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
 * A file has a position, which is the caller's too: the program begins at it, and leaves it where
 * it came to.
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
 * This thread may not wait for the program to read: a pipe gets at once what it takes at once, and
 * the rest in its own time.
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

/** Of an empty pipe. */
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

/** A program may end without having read its input: the error of the broken pipe is no news. */
function writingEnd(fd: number): Socket {
  const socket = new Socket({ fd: disownDescriptor(fd), readable: false, writable: true })
  socket.on('error', () => {})
  return socket
}
