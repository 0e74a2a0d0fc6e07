/**
 * Which cgroup hierarchies there are and where in them this process may make groups: read from /proc/self/mountinfo
 * and /proc/self/cgroup (cgroups(7)), never from fixed paths. v1, v2 and the hybrid of both are one table: for each
 * controller, the version and the directory below which groups are made.
 */
import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Controller = 'memory' | 'pids' | 'cpuacct' | 'cpu' | 'cpuset'

export const CONTROLLERS: readonly Controller[] = ['memory', 'pids', 'cpuacct', 'cpu', 'cpuset']

export interface Place {
  readonly version: 1 | 2
  /** The directory of a hierarchy that groups of ours are made in. */
  readonly base: string
}

/** What the host offers for one controller: a place, or the reason why there is none. */
export type ControllerSupport = { readonly place: Place } | { readonly missing: string }

export type CgroupSupport = Readonly<Record<Controller, ControllerSupport>>

/** The texts and the one question that the answer depends on; tests give their own. */
export interface HostView {
  readonly mountinfo: string
  readonly cgroup: string
  readonly controllersOf: (directory: string) => readonly string[]
  /** Whether a group can be made in `directory`, and processes be moved into it. */
  readonly writable: (directory: string) => boolean
  /** A v2 directory to make groups in, where the host's administrator gave one. */
  readonly delegated?: string
}

interface Mount {
  readonly point: string
  readonly root: string
  readonly v2: boolean
  readonly options: readonly string[]
}

function cgroupMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap(line => {
    const match = /^\d+ \d+ \S+ (\S+) (\S+) .* - (cgroup2?) \S+ (\S+)$/.exec(line)
    if (!match) return []
    const [, root = '/', point = '', type, options = ''] = match
    return [{ root, point, v2: type === 'cgroup2', options: options.split(',') }]
  })
}

/** Own path in each hierarchy: by controller for v1, by the empty name for v2. */
function ownPaths(cgroup: string): Map<string, string> {
  return new Map(
    cgroup.split('\n').flatMap(line => {
      const [, names, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
      if (names === undefined || path === undefined) return []
      return names.split(',').map((name): [string, string] => [name, path])
    }),
  )
}

/** A path of the hierarchy as a directory of its mount; a path outside the mount's root cannot be reached. */
function directoryOf(mount: Mount, path: string): string | undefined {
  if (mount.root === '/') return join(mount.point, path)
  if (path === mount.root) return mount.point
  return path.startsWith(`${mount.root}/`) ? join(mount.point, path.slice(mount.root.length)) : undefined
}

/** Beneath the process's own group, so that the limits around it hold for what it starts. */
function supportV1(controller: Controller, mount: Mount, view: HostView): ControllerSupport {
  const base = directoryOf(mount, ownPaths(view.cgroup).get(controller) ?? '/')
  if (base === undefined) return { missing: `the own ${controller} group is not below ${mount.point}` }
  return view.writable(base) ? { place: { version: 1, base } } : { missing: `${base} is not writable` }
}

/**
 * In v2 a group with processes of its own cannot give controllers to its children, but for the root (cgroups(7), "no
 * internal processes"). So: the directory that was delegated, else the root, else the parent of the own group.
 */
function supportV2(controller: Controller, mount: Mount, view: HostView): ControllerSupport {
  // cpu.stat is in every group, whether or not the cpu controller is on.
  const name = controller
  const own = directoryOf(mount, ownPaths(view.cgroup).get('') ?? '/')
  // A directory that was named is meant: nothing takes its place where it will not do.
  const named = view.delegated !== undefined
  const candidates = named ? [view.delegated] : [mount.point, own === undefined ? undefined : join(own, '..')]
  const offered = candidates
    .filter(path => path !== undefined)
    .filter(path => controller === 'cpuacct' || view.controllersOf(path).includes(name))
  if (offered.length === 0) return { missing: `cgroup v2 at ${mount.point} does not offer ${name}` }
  const base = offered.find(path => view.writable(path))
  return base === undefined
    ? { missing: `${offered.join(', ')} is not writable` }
    : { place: { version: 2, base } }
}

export function detectCgroups(view: HostView = hostView()): CgroupSupport {
  const mounts = cgroupMounts(view.mountinfo)
  const support = (controller: Controller): ControllerSupport => {
    const v1 = mounts.find(mount => !mount.v2 && mount.options.includes(controller))
    if (v1) return supportV1(controller, v1, view)
    const v2 = mounts.find(mount => mount.v2)
    return v2 ? supportV2(controller, v2, view) : { missing: 'no cgroup hierarchy is mounted' }
  }
  return {
    memory: support('memory'),
    pids: support('pids'),
    cpuacct: support('cpuacct'),
    cpu: support('cpu'),
    cpuset: support('cpuset'),
  }
}

function readWords(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split(/\s+/).filter(Boolean)
  } catch {
    return []
  }
}

function isWritable(directory: string): boolean {
  try {
    for (const path of [directory, join(directory, 'cgroup.procs')]) accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

export function hostView(): HostView {
  const delegated = process.env['GLASSBOX_CGROUP']
  return {
    mountinfo: readFileSync('/proc/self/mountinfo', 'utf8'),
    cgroup: readFileSync('/proc/self/cgroup', 'utf8'),
    controllersOf: directory => readWords(join(directory, 'cgroup.controllers')),
    writable: isWritable,
    ...(delegated ? { delegated } : {}),
  }
}
