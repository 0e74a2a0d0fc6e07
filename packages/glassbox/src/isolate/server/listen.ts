/**
 * Takes the socket's path for this server. A lock beside the socket is held as long as the server
 * lives, so a socket without a holder of the lock is stale, whatever ended its server.
 */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { syscall } from '../../gate/gate.ts'
import { LOCK_EX, LOCK_NB } from '../../linux/constants.ts'
import { ERRNO, errnoMessage } from '../../linux/errno.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { IsolateError } from '../types.ts'
import { prepareDirectory } from './socket-path.ts'

const FLOCK = syscallNumber('flock')
const LOCK_EXCLUSIVE_NOW = LOCK_EX | LOCK_NB
const ONLY_OWNER = 0o600

/** A path on which a server listens. */
export interface Listening {
  /** Takes no more clients. The socket is gone when it resolves. */
  close(): Promise<void>
}

/** Throws IsolateError if another server listens there, or if the path cannot be used. */
export async function listen(path: string, onClient: (socket: Socket) => void): Promise<Listening> {
  prepareDirectory(path, process.geteuid?.() ?? -1)
  const lock = takeLock(path)
  rmSync(path, { force: true })
  const { createServer } = process.getBuiltinModule('node:net')
  // Nothing may be read from a client before its descriptors are received (call-reader.ts).
  const server = createServer({ pauseOnConnect: true }, onClient)
  try {
    await listening(server, path)
  } catch (error) {
    closeSync(lock)
    const reason = errnoMessage(Math.abs((error as NodeJS.ErrnoException).errno ?? 0))
    throw new IsolateError('internal', `Cannot listen at ${path}: ${reason}`, error)
  }
  return {
    async close() {
      // Node removes the socket.
      await new Promise(resolve => server.close(resolve))
      closeSync(lock)
    },
  }
}

/** A descriptor that holds the lock. */
function takeLock(path: string): number {
  const lock = openSync(`${path}.lock`, 'a+', ONLY_OWNER)
  const taken = syscall(FLOCK, lock, LOCK_EXCLUSIVE_NOW)
  if (taken === 0) {
    syscall(syscallNumber('ftruncate'), lock, 0)
    writeSync(lock, `${process.pid}\n`)
    return lock
  }
  closeSync(lock)
  if (taken !== -ERRNO.EAGAIN)
    throw new IsolateError('internal', `Cannot lock ${path}.lock: ${errnoMessage(-taken)}`)
  const pid = readFileSync(`${path}.lock`, 'utf8').trim()
  throw new IsolateError('internal', `A server already listens at ${path} (pid ${pid})`)
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
