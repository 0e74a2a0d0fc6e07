/**
 * The parts of the host that a box shows by default: programs, libraries and their configuration,
 * all read-only. Nothing else of the host is visible: no home directory, and of /etc and /var only
 * what belongs to installed programs and everyone may read (configuration/).
 */
import { lstatSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs'
import { type KeptConfiguration, keptConfiguration } from './configuration/kept.ts'
import type { BindMount, HostRoot, MaskedPath, SymbolicLink } from './types.ts'

/** Directories of the root. A directory is bound; a symbolic link (merged /usr) is recreated. */
const SYSTEM_DIRECTORIES = ['usr', 'bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32']

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom']

/**
 * The processors, read-only: libraries look here for their number and caches. It tells no more
 * than /proc/cpuinfo and /proc/stat, which a box shows anyway.
 */
const PROCESSORS = '/sys/devices/system/cpu'

/** An empty directory: UCX, a library of MPI, writes an error if it is missing. */
const NETWORK_DEVICES = '/sys/class/net'

const DEVICE_LINKS: readonly SymbolicLink[] = [
  { path: '/dev/fd', target: '/proc/self/fd' },
  { path: '/dev/stdin', target: '/proc/self/fd/0' },
  { path: '/dev/stdout', target: '/proc/self/fd/1' },
  { path: '/dev/stderr', target: '/proc/self/fd/2' },
]

/**
 * Parts of procfs that reveal or control the host. They are hidden if the host has them. Files
 * that only root may read are not listed: no program in a box is root outside it.
 */
const MASKED = [
  ...[
    'acpi',
    'asound',
    'kcore',
    'keys',
    'key-users',
    'latency_stats',
    'sched_debug',
    'scsi',
    'sysrq-trigger',
  ],
  // Hiding these also prevents writes: any user may register triggers there, and the kernel keeps
  // them for the whole host.
  ...['pressure', 'timer_list', 'timer_stats'],
]

/** What is at a host path, behind links; `undefined` if the host does not have it. */
const look = (path: string): Stats | undefined => statSync(path, { throwIfNoEntry: false })

/** A read-only bind of a host path. */
const hostBind = (path: string, stats: Stats): BindMount => ({
  source: realpathSync.native(path),
  target: path,
  directory: stats.isDirectory(),
  writable: false,
})

function devices(): BindMount[] {
  return DEVICES.flatMap(name => {
    const path = `/dev/${name}`
    const stats = look(path)
    return stats ? [{ ...hostBind(path, stats), device: true }] : []
  })
}

function processors(): BindMount[] {
  const stats = look(PROCESSORS)
  return stats ? [hostBind(PROCESSORS, stats)] : []
}

function systemDirectories(): { binds: BindMount[]; links: SymbolicLink[] } {
  const binds: BindMount[] = []
  const links: SymbolicLink[] = []
  for (const name of SYSTEM_DIRECTORIES) {
    const path = `/${name}`
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats?.isSymbolicLink()) links.push({ path, target: readlinkSync(path) })
    else if (stats?.isDirectory()) binds.push(hostBind(path, stats))
  }
  return { binds, links }
}

/** Directories of the copy of the host's configuration, and what is shown of /var as it is. */
function configuration({ path, live }: KeptConfiguration): BindMount[] {
  const copied = ['/etc', '/var'].map(target => ({
    ...{ source: path + target, target, directory: true, writable: false },
    isCopy: true,
  }))
  return [...copied, ...live.map(target => hostBind(target, statSync(target)))]
}

function maskedPaths(): MaskedPath[] {
  return MASKED.flatMap(name => {
    const path = `/proc/${name}`
    const stats = look(path)
    return stats ? [{ path, directory: stats.isDirectory() }] : []
  })
}

interface Known {
  readonly root: HostRoot
  readonly kept: KeptConfiguration
}

/**
 * The roots that were described, by what is shown in addition, from the oldest to the newest. The
 * host is inspected once in the life of the process.
 */
const known = new Map<string, Known>()

/** More sets of additional names than a caller has who does not make them up. */
const MOST_KNOWN = 8

/**
 * What this host shows. `extra`: paths below /etc that are shown although no package owns them.
 */
export function hostRoot(extra: readonly string[] = []): HostRoot {
  const key = extra.join('\0')
  const last = known.get(key)
  if (last && isWhole(last.root)) return last.root
  forget(key)
  const kept = keptConfiguration(extra)
  const root = makeRoot(kept)
  known.set(key, { root, kept })
  const [oldest] = [...known.keys()].filter(other => other !== '')
  if (known.size > MOST_KNOWN && oldest !== undefined) forget(oldest)
  return root
}

function forget(key: string): void {
  known.get(key)?.kept.release()
  known.delete(key)
}

/** Some hosts remove a user's files when the user logs out, even if a process goes on. */
const isWhole = ({ binds }: HostRoot): boolean =>
  binds.every(({ isCopy, source }) => !isCopy || look(source) !== undefined)

function makeRoot(kept: KeptConfiguration): HostRoot {
  const { binds, links } = systemDirectories()
  return {
    binds: [...binds, ...configuration(kept), ...processors(), ...devices()],
    links: [...links, ...DEVICE_LINKS],
    masks: maskedPaths(),
    directories: [NETWORK_DEVICES],
  }
}

let bare: HostRoot | undefined

/**
 * The same for a box that mounts the host's binds itself, as far as no bind of the caller replaces
 * them. Only /dev/null stays, because the masks of procfs need it.
 */
export function hostRootWithoutBinds(): HostRoot {
  const binds = hostRoot().binds.filter(({ target }) => target === '/dev/null')
  return (bare ??= { ...hostRoot(), binds })
}
