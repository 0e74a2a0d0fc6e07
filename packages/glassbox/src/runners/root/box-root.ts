/**
 * The root of a box, from the caller's options: the files that it shows and those it can write.
 */
import { realpathSync, type Stats, statSync } from 'node:fs'
import { InvalidOptionError } from '../../errors.ts'
import { hostRoot, hostRootWithoutBinds } from '../../rootfs/host.ts'
import { identityBinds, identityFiles } from '../../rootfs/identity.ts'
import { splitFor } from '../../rootfs/split.ts'
import type { BindMount, GroupView, HostRoot, OwnRoot, SymbolicLink } from '../../rootfs/types.ts'
import { DEFAULT_DISK_BYTES, DEFAULT_DISK_FILES, DEFAULT_HOSTNAME } from '../../job/box-layout.ts'
import type { ResolvedBox } from '../../job/resolved.ts'
import { HostPaths } from '../../stdio/host-paths.ts'
import { type Owning, owned, ownedProgram, refuseTooManyOwners } from './binds/owned.ts'
import { refuseSetIdFiles } from './binds/set-id-files.ts'
import { checkTarget, isBelow, SCRATCH, withoutLinks } from './binds/targets.ts'

/** The mode of the working directory. */
export const BOX_MODE = 0o755

/**
 * The caller's binds. The sources are checked here, because a missing one would make the set-up
 * fail half way.
 */
function resolveBinds({ binds }: ResolvedBox, paths: HostPaths, owning: Owning | undefined): BindMount[] {
  const resolved = binds.map(({ source, target, writable: access }, index) => {
    const writable = access === true
    const option = `binds[${index}].source`
    const stats = lookAt(source, option)
    const directory = stats.isDirectory()
    checkTarget(binds, index, directory)
    if (writable) refuseSetIdFiles(option, source, stats, owning ? stats.uid : (process.geteuid?.() ?? 0))
    const copy = access === 'copy' ? { copy: true } : {}
    const bind = { source: paths.real(source), target, directory, writable, foreign: true, ...copy }
    return owning ? owned(bind, stats, owning) : bind
  })
  refuseTooManyOwners(resolved)
  return resolved
}

/** The bind that shows a program of the host under its own path. */
function programBind(path: string, paths: HostPaths, owning: Owning | undefined): BindMount {
  const bind = { source: paths.real(path), target: path, directory: false, writable: false, foreign: true }
  return owning ? ownedProgram(bind, statSync(path), owning) : bind
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

/**
 * Describes the root of a box. `extra`: programs of the host that it has to show. `owning`: how
 * sources become the property of the box's user, if that is another user than the caller's.
 * `groupView`: what programs see of control groups.
 */
export function boxRoot(
  options: ResolvedBox,
  extra: readonly string[],
  paths: HostPaths,
  owning?: Owning,
  groupView?: (binds: readonly BindMount[]) => GroupView | undefined,
): BoxRoot {
  const programs = extra.map(path => programBind(path, paths, owning))
  const own = resolveBinds(options, paths, owning)
  const callers = [...programs, ...own, ...resolverFiles(options, own)]
  const { host, binds, links } = inOrder(hostRoot(options.etc), callers)
  return {
    host,
    own: ids => {
      const scratch = {
        bytes: options.diskBytes ?? DEFAULT_DISK_BYTES,
        inodes: options.diskFiles ?? DEFAULT_DISK_FILES,
        owner: ids,
      }
      const groups = groupView?.(own)
      return {
        binds,
        ...(groups ? { groups } : {}),
        links,
        files: identityFiles({ ...ids, hostname: options.hostname ?? DEFAULT_HOSTNAME }),
        // A pool empties these after each program, but not a bind in the place of one.
        scratch: [
          { path: SCRATCH.work, mode: BOX_MODE, ...scratch },
          { path: SCRATCH.temporary, mode: 0o1777, ...scratch },
          { path: SCRATCH.memory, mode: 0o1777, ...scratch, noexec: true },
        ].filter(({ path }) => !isReplaced(path, own)),
      }
    },
  }
}

/** Whether a bind of the caller replaces the path. Targets may lead over links of the box. */
const isReplaced = (path: string, binds: readonly BindMount[]): boolean =>
  binds.map(({ target }) => withoutLinks(target)).some(target => target === path || isBelow(path, target))

interface Order {
  readonly host: HostRoot
  readonly binds: readonly BindMount[]
  readonly links: readonly SymbolicLink[]
}

/**
 * A caller's bind shows exactly its source: what the box would show of the host there is left out.
 * The set-up that all boxes share cannot leave anything out, so the rest of the host's binds are
 * then mounted together with the box's own.
 */
function inOrder(host: HostRoot, callers: readonly BindMount[]): Order {
  const own = [...identityBinds().filter(({ target }) => !isReplaced(target, callers)), ...callers]
  const kept = host.binds.filter(({ target }) => !isReplaced(target, callers))
  const targets = callers.map(({ target }) => withoutLinks(target))
  const parts = kept.map(bind => splitFor(bind, targets))
  const isWhole = kept.length === host.binds.length && parts.every(({ binds }, i) => binds[0] === kept[i])
  if (isWhole) return { host, binds: own, links: [] }
  return {
    host: hostRootWithoutBinds(),
    binds: [...parts.flatMap(({ binds }) => binds), ...own],
    links: parts.flatMap(({ links }) => links),
  }
}

/** With the host's network, the box resolves names with the host's resolv.conf. */
function resolverFiles({ net }: ResolvedBox, binds: readonly BindMount[]): BindMount[] {
  const path = '/etc/resolv.conf'
  if (net !== 'host' || isReplaced(path, binds)) return []
  if (!statSync(path, { throwIfNoEntry: false })) return []
  return [{ source: realpathSync(path), target: path, directory: false, writable: false }]
}
