/** What a box shows and may write, from the options of its caller. */
import { realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { InvalidOptionError } from '../../errors.ts'
import { hostRoot, hostRootWithoutBinds, identityFiles } from '../../rootfs/host.ts'
import type { BindMount, HostRoot, OwnRoot } from '../../rootfs/types.ts'
import { BOX_DIRECTORY, DEFAULT_HOSTNAME } from '../../job/box-layout.ts'
import type { BoxOptions } from '../../job/options.ts'
import { HostPaths } from '../../stdio/host-paths.ts'

export const DEFAULT_DISK_BYTES: number = 256 * 2 ** 20
export const DEFAULT_DISK_FILES = 16_384

/** The caller's binds, checked: a source that is not there would fail in the middle of the set-up. */
export function resolveBinds(options: BoxOptions, paths: HostPaths): BindMount[] {
  return (options.binds ?? []).map(({ source, target, writable }) => {
    const stats = statSync(source, { throwIfNoEntry: false })
    if (!stats) {
      throw new InvalidOptionError(
        'binds',
        `Cannot bind ${source}: there is no such file or directory.`,
        'Check the path of the bind.',
      )
    }
    const seenAs = (target ?? resolve(source)).replace(/(?<=.)\/+$/, '')
    return {
      source: paths.real(source),
      target: seenAs,
      directory: stats.isDirectory(),
      writable: writable === true,
      foreign: true,
    }
  })
}

export interface BoxRoot {
  readonly host: HostRoot
  readonly own: (ids: { uid: number; gid: number }) => OwnRoot
}

/** What the box shows and may write; `extra` is a program of the host that must be visible. */
export function boxRoot(options: BoxOptions, extra: readonly string[], paths: HostPaths): BoxRoot {
  const programs = extra.map(path => ({
    source: paths.real(path),
    target: path,
    directory: false,
    writable: false,
    foreign: true,
  }))
  const { host, binds } = inOrder([...programs, ...resolveBinds(options, paths), ...resolverFiles(options)])
  return {
    host,
    own: ids => {
      const scratch = {
        bytes: options.diskBytes ?? DEFAULT_DISK_BYTES,
        inodes: options.diskFiles ?? DEFAULT_DISK_FILES,
        owner: ids,
      }
      return {
        binds,
        files: identityFiles(ids.uid, ids.gid, options.hostname ?? DEFAULT_HOSTNAME),
        scratch: [
          { path: BOX_DIRECTORY, mode: 0o755, ...scratch },
          { path: '/tmp', mode: 0o1777, ...scratch },
          { path: '/dev/shm', mode: 0o1777, ...scratch, noexec: true },
        ],
      }
    },
  }
}

/** A bind around one of the host's has to come before it: then the host's are the box's own too. */
function inOrder(binds: readonly BindMount[]): { host: HostRoot; binds: readonly BindMount[] } {
  const host = hostRoot()
  const around = ({ target }: BindMount): boolean =>
    host.binds.some(inner => inner.target === target || inner.target.startsWith(`${target}/`))
  return binds.some(around)
    ? { host: hostRootWithoutBinds(), binds: [...host.binds, ...binds] }
    : { host, binds }
}

/** On the host's network names are looked up as the host does. */
function resolverFiles({ net }: BoxOptions): BindMount[] {
  const path = '/etc/resolv.conf'
  if (net !== 'host' || !statSync(path, { throwIfNoEntry: false })) return []
  return [{ source: realpathSync(path), target: path, directory: false, writable: false }]
}
