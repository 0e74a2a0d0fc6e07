/**
 * Whom a program of a pool can hand a descriptor to. A UNIX socket carries descriptors
 * (SCM_RIGHTS, unix(7)), and one that was handed over outlives its program unseen: of a scratch
 * directory, of /proc, of a socket in the box's network. Each stands for what the container holds
 * for the next program, so what a container is used again for depends on who may hold one.
 */
import { fstatSync, statSync } from 'node:fs'
import type { BoxOptions } from '../../job/options.ts'

/**
 * - `others`: by a socket that it makes or finds in a writable directory, by an abstract one on
 *   the host's network, or by one that is bound itself. The container is not used again.
 * - `readers`: only where somebody outside keeps a socket in a directory that is read-only in the
 *   box: connecting writes nothing. Scratch directories are always laid out anew.
 * - `nobody`: the container is used again as it is, where it is untouched.
 */
export type Receivers = 'others' | 'readers' | 'nobody'

export function receiversOf({ net, binds = [] }: BoxOptions): Receivers {
  if (net === 'host') return 'others'
  const receivers = binds.map(({ source, writable }): Receivers => {
    // One that is not there is an error of its own, told when a container is opened.
    const stats = statSync(source, { throwIfNoEntry: false })
    if (stats?.isSocket() || (stats?.isDirectory() && writable)) return 'others'
    return stats?.isDirectory() ? 'readers' : 'nobody'
  })
  return receivers.find(who => who === 'others') ?? receivers.find(who => who === 'readers') ?? 'nobody'
}

/**
 * Whether one of these descriptors is a socket, as the standard streams of a child of Node are.
 */
export const passesSocket = (stdio: readonly number[]): boolean => stdio.some(isSocket)

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket()
  } catch {
    return false // closed: nothing is inherited
  }
}
