/**
 * Whom a program of a pool can hand a descriptor to. A UNIX socket carries descriptors (SCM_RIGHTS, unix(7)), and one that was handed
 * over outlives its program unseen: of a scratch directory, of /proc, of a socket in the box's network. Each stands for what the
 * container holds for the next program, so what a container is used again for depends on who may hold one.
 */
import { fstatSync, statSync } from 'node:fs'
import type { BoxOptions, CommandOptions } from '../../job/options.ts'

/**
 * - `others`: by a socket that it makes or finds in a writable directory, by an abstract one on the host's network, or by one that is
 *   bound itself. The container is not used again.
 * - `readers`: only where somebody outside keeps a socket in a directory that is read-only in the box: connecting writes nothing.
 *   Scratch directories are always laid out anew.
 * - `nobody`: the container is used again as it is, where it is untouched.
 */
export type Reach = 'others' | 'readers' | 'nobody'

export function reachOf({ net, binds = [] }: BoxOptions): Reach {
  if (net === 'host') return 'others'
  const reaches = binds.map(({ source, writable }): Reach => {
    // One that is not there is an error of its own, told when a container is opened.
    const stats = statSync(source, { throwIfNoEntry: false })
    if (stats?.isSocket() || (stats?.isDirectory() && writable)) return 'others'
    return stats?.isDirectory() ? 'readers' : 'nobody'
  })
  return reaches.find(reach => reach === 'others') ?? reaches.find(reach => reach === 'readers') ?? 'nobody'
}

/** Whether the program inherits a socket of this process, as the standard streams of a child of Node are. */
export function inheritsSocket({ stdin, stdout, stderr }: CommandOptions): boolean {
  const inherited = [
    typeof stdin === 'object' && 'inherit' in stdin,
    stdout === 'inherit',
    stderr === 'inherit',
  ]
  return inherited.some((is, fd) => is && isSocket(fd))
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket()
  } catch {
    return false // closed: nothing is inherited
  }
}
