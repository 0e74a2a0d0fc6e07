/** What a box shows and may write, from the options of its caller. */
import { realpathSync, type Stats, statSync } from 'node:fs'
import { InvalidOptionError } from '../../errors.ts'
import { hostRoot, hostRootWithoutBinds, identityFiles } from '../../rootfs/host.ts'
import type { BindMount, HostRoot, OwnRoot } from '../../rootfs/types.ts'
import { BOX_DIRECTORY } from '../../job/box-layout.ts'
import type { ResolvedBox } from '../../job/resolved.ts'
import { HostPaths } from '../../stdio/host-paths.ts'
import { checkTarget } from './bind-targets.ts'

/** Of the working directory. */
export const BOX_MODE = 0o755

/**
 * The caller's binds. A source that is not there would fail in the middle of the set-up: nothing
 * is made before.
 */
function resolveBinds({ binds }: ResolvedBox, paths: HostPaths): BindMount[] {
  return binds.map(({ source, target, writable }, index) => {
    const directory = lookAt(source, `binds[${index}].source`).isDirectory()
    checkTarget(binds, index, directory)
    return { source: paths.real(source), target, directory, writable, foreign: true }
  })
}

function lookAt(source: string, option: string): Stats {
  let why = 'there is no such file or directory'
  try {
    const stats = statSync(source, { throwIfNoEntry: false })
    if (stats) return stats
  } catch (error) {
    why = (error as NodeJS.ErrnoException).code ?? String(error)
  }
  throw new InvalidOptionError(option, `Cannot bind ${source}: ${why}.`, 'Check the path of the bind.')
}

export interface BoxRoot {
  readonly host: HostRoot
  readonly own: (ids: { uid: number; gid: number }) => OwnRoot
}

/** What the box shows and may write; `extra` is a program of the host that must be visible. */
export function boxRoot(options: ResolvedBox, extra: readonly string[], paths: HostPaths): BoxRoot {
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
        bytes: options.diskBytes,
        inodes: options.diskFiles,
        owner: ids,
      }
      return {
        binds,
        files: identityFiles(ids.uid, ids.gid, options.hostname),
        scratch: [
          { path: BOX_DIRECTORY, mode: BOX_MODE, ...scratch },
          { path: '/tmp', mode: 0o1777, ...scratch },
          { path: '/dev/shm', mode: 0o1777, ...scratch, noexec: true },
        ],
      }
    },
  }
}

/**
 * A bind around one of the host's has to come before it: then the host's are the box's own too.
 */
function inOrder(binds: readonly BindMount[]): { host: HostRoot; binds: readonly BindMount[] } {
  const host = hostRoot()
  const around = ({ target }: BindMount): boolean =>
    host.binds.some(inner => inner.target === target || inner.target.startsWith(`${target}/`))
  return binds.some(around)
    ? { host: hostRootWithoutBinds(), binds: [...host.binds, ...binds] }
    : { host, binds }
}

/** On the host's network names are looked up as the host does. */
function resolverFiles({ net }: ResolvedBox): BindMount[] {
  const path = '/etc/resolv.conf'
  if (net !== 'host' || !statSync(path, { throwIfNoEntry: false })) return []
  return [{ source: realpathSync(path), target: path, directory: false, writable: false }]
}
