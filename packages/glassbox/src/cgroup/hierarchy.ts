/**
 * Which cgroup hierarchies there are and where in them this process may make groups: read from
 * /proc/self/mountinfo and /proc/self/cgroup (cgroups(7)), never from fixed paths. v1, v2 and the
 * hybrid of both are one table: for each controller, the version and the directory below which
 * groups are made.
 */
import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cString, syscall } from '../gate/gate.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { chooseBase, supportIn } from './delegation.ts'
import type { CgroupSupport, Controller, ControllerSupport, HostView } from './types.ts'

export type { CgroupSupport, Controller, ControllerSupport, HostView, Place } from './types.ts'

export const CONTROLLERS: readonly Controller[] = ['memory', 'pids', 'cpuacct', 'cpu', 'cpuset']

/** What limits every program. */
const NEEDED: readonly Controller[] = ['memory', 'pids']

interface Mount {
  readonly point: string
  readonly root: string
  readonly v2: boolean
  readonly readOnly: boolean
  readonly options: readonly string[]
}

function cgroupMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap(line => {
    const match = /^\d+ \d+ \S+ (\S+) (\S+) (\S+) .*- (cgroup2?) \S+ (\S+)$/.exec(line)
    if (!match) return []
    const [, root = '/', point = '', flags = '', type, options = ''] = match
    const readOnly = flags.split(',').includes('ro')
    return [{ root, point, v2: type === 'cgroup2', readOnly, options: options.split(',') }]
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

/**
 * A path of the hierarchy as a directory of its mount; a path outside the mount's root cannot be
 * reached.
 */
function directoryOf(mount: Mount, path: string): string | undefined {
  if (path === '/..' || path.startsWith('/../')) return undefined // outside of this cgroup namespace
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

const v1Mount = (mounts: readonly Mount[], controller: Controller): Mount | undefined =>
  mounts.find(mount => !mount.v2 && mount.options.includes(controller))

/** The one place for all v2 controllers, chosen by those that every program needs. */
function placeV2(mounts: readonly Mount[], view: HostView): (controller: Controller) => ControllerSupport {
  const ownPath = ownPaths(view.cgroup).get('') ?? '/'
  // A container may still have the host's mount below its own one: what shows the own group is
  // meant.
  const found = mounts.filter(({ v2 }) => v2)
  const mount = found.find(candidate => directoryOf(candidate, ownPath) !== undefined) ?? found[0]
  if (!mount) return () => ({ missing: 'no cgroup hierarchy is mounted' })
  const { point, readOnly } = mount
  const own = directoryOf(mount, ownPath)?.replace(/\/$/, '')
  const needed = NEEDED.filter(controller => !v1Mount(mounts, controller))
  const choice = chooseBase(needed, { point, readOnly, own }, view)
  return controller => supportIn(choice, controller, view)
}

export function detectCgroups(view: HostView = hostView()): CgroupSupport {
  const mounts = cgroupMounts(view.mountinfo)
  const inV2 = placeV2(mounts, view)
  const support = (controller: Controller): ControllerSupport => {
    const v1 = v1Mount(mounts, controller)
    return v1 ? supportV1(controller, v1, view) : inV2(controller)
  }
  return {
    memory: support('memory'),
    pids: support('pids'),
    cpuacct: support('cpuacct'),
    cpu: support('cpu'),
    cpuset: support('cpuset'),
  }
}

const GETXATTR = syscallNumber('getxattr')

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

/**
 * systemd says so in an extended attribute that everybody can read, before v251 in one for root
 * only.
 */
function isMarked(directory: string): boolean {
  const value = new Uint8Array(8)
  return ['user.delegate', 'trusted.delegate'].some(name => {
    const length = syscall(GETXATTR, cString(directory), cString(name), value, value.length)
    return length === 1 && value[0] === 0x31
  })
}

export function hostView(): HostView {
  const delegated = process.env['GLASSBOX_CGROUP']
  return {
    mountinfo: readFileSync('/proc/self/mountinfo', 'utf8'),
    cgroup: readFileSync('/proc/self/cgroup', 'utf8'),
    controllersOf: directory => readWords(join(directory, 'cgroup.controllers')),
    writable: isWritable,
    marked: isMarked,
    ...(delegated ? { delegated } : {}),
  }
}
