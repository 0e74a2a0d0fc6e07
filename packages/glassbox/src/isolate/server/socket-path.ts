/**
 * Where the server and its clients meet, and who may reach it: the socket is in a directory that
 * only its owner can enter. `native/isolate.c` knows the same path and the same variable.
 */
import { chmodSync, lstatSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { errnoMessage } from '../../linux/errno.ts'
import { IsolateError } from '../types.ts'

export const SOCKET_VARIABLE = 'GLASSBOX_ISOLATE_SOCKET'
const DEFAULT_SOCKET = '/run/glassbox-isolate/socket'
/** sun_path of struct sockaddr_un, with its NUL. */
const LONGEST_PATH = 107
const ONLY_OWNER = 0o700
const OTHERS_MAY_ENTER = 0o077

/** The path of the socket. Throws IsolateError for a path that no socket can have. */
export function socketPath(given: string | undefined = process.env[SOCKET_VARIABLE]): string {
  const path = given === undefined || given === '' ? DEFAULT_SOCKET : given
  if (!path.startsWith('/'))
    throw new IsolateError('usage', `${SOCKET_VARIABLE} must be an absolute path, not ${path}`)
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw new IsolateError('usage', `${SOCKET_VARIABLE} is longer than ${LONGEST_PATH} bytes: ${path}`)
  return path
}

/** Makes the directory of the socket, or checks that no other user can enter it. */
export function prepareDirectory(path: string, uid: number): void {
  const directory = dirname(path)
  try {
    const made = mkdirSync(directory, { recursive: true, mode: ONLY_OWNER })
    if (made !== undefined) chmodSync(directory, ONLY_OWNER)
    const { uid: owner, mode } = lstatSync(directory)
    if (owner !== uid)
      throw new IsolateError('internal', `${directory} belongs to uid ${owner}, not to you (uid ${uid})`)
    if ((mode & OTHERS_MAY_ENTER) !== 0)
      throw new IsolateError(
        'internal',
        `Other users may enter ${directory}: make it private (chmod 700), or put the socket elsewhere (${SOCKET_VARIABLE})`,
      )
  } catch (error) {
    if (error instanceof IsolateError) throw error
    const reason = errnoMessage(Math.abs((error as NodeJS.ErrnoException).errno ?? 0))
    throw new IsolateError('internal', `Cannot use ${directory} for the socket: ${reason}`, error)
  }
}
