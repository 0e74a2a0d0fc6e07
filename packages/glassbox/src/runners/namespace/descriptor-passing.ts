/**
 * Which processes outside can receive a descriptor from a program of a pool. A UNIX socket carries
 * descriptors (SCM_RIGHTS, unix(7)), and a descriptor that was passed on outlives its program
 * unseen. It may be of a scratch directory, of /proc, or of a socket in the box's network, and so
 * give access to what the next program of the container uses. So the possible receivers decide
 * whether a container is reused.
 */
import { fstatSync, statSync } from 'node:fs'
import type { BoxOptions } from '../../job/options.ts'

/**
 * - `any-process`: any process, through a socket in a writable directory, an abstract socket on
 *   the host's network, or a socket that is bound itself. The container is not reused.
 * - `socket-owners`: a process outside that keeps a socket in a directory which is read-only in
 *   the box; connecting writes nothing. The container is reused with new scratch directories.
 * - `none`: no process. The container is reused, and as it is if its program changed nothing.
 */
export type Receivers = 'any-process' | 'socket-owners' | 'none'

export function receiversOf({ net, binds = [] }: Pick<BoxOptions, 'net' | 'binds'>): Receivers {
  if (net === 'host') return 'any-process'
  const receivers = binds.map(({ source, writable }): Receivers => {
    // A missing source is reported when a container is opened.
    const stats = statSync(source, { throwIfNoEntry: false })
    if (stats?.isSocket() || (stats?.isDirectory() && writable)) return 'any-process'
    return stats?.isDirectory() ? 'socket-owners' : 'none'
  })
  return (
    receivers.find(one => one === 'any-process') ?? receivers.find(one => one === 'socket-owners') ?? 'none'
  )
}

const LAST_INHERITED = 2

/**
 * Whether one of these descriptors is a socket, as the standard streams of a child of Node are.
 * Only the streams of this process can be: all others are pipes and files that were made for the
 * program.
 */
export const passesSocket = (stdio: readonly number[]): boolean =>
  stdio.some(fd => fd <= LAST_INHERITED && isSocket(fd))

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket()
  } catch {
    return false // closed: nothing is inherited
  }
}
