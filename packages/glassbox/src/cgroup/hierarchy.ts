/**
 * Finds the mounted cgroup hierarchies and the directories in which this process may make groups.
 * They are read from /proc/self/mountinfo and /proc/self/cgroup (cgroups(7)), never from fixed
 * paths. The result has one form for v1, v2 and the hybrid of both: for each controller, the
 * version and the directory in which groups are made.
 */
import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cString, syscall } from '../gate/gate.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { chooseBase, supportIn } from './delegation.ts'
import type { CgroupSupport, Controller, ControllerSupport, HostView } from './types.ts'

export type { CgroupSupport, Controller, ControllerSupport, HostView, Place } from './types.ts'

export const CONTROLLERS: readonly Controller[] = ['memory', 'pids', 'cpuacct', 'cpu', 'cpuset']

/** The controllers that every program needs; cpuacct is part of every v2 group. */
const NEEDED: readonly Controller[] = ['memory', 'pids']

export interface CgroupMount {
  readonly point: string
  readonly root: string
  readonly v2: boolean
  readonly readOnly: boolean
  readonly options: readonly string[]
}

export function cgroupMounts(mountinfo: string): CgroupMount[] {
  const lines = mountinfo.split('\n').filter(line => line.includes(' - cgroup'))
  return lines.flatMap(line => {
    const match = /^\d+ \d+ \S+ (\S+) (\S+) (\S+) .*- (cgroup2?) \S+ (\S+)$/.exec(line)
    if (!match) return []
    const [, root = '/', point = '', flags = '', type, options = ''] = match
    const readOnly = flags.split(',').includes('ro')
    return [{ root, point, v2: type === 'cgroup2', readOnly, options: options.split(',') }]
  })
}

/** The path of this process in each hierarchy: by controller for v1, by the empty name for v2. */
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
 * The directory of the mount that shows `path` of the hierarchy; `undefined` if `path` is outside
 * the root of the mount.
 */
function directoryOf(mount: CgroupMount, path: string): string | undefined {
  if (path === '/..' || path.startsWith('/../')) return undefined // outside this cgroup namespace
  if (mount.root === '/') return join(mount.point, path)
  if (path === mount.root) return mount.point
  return path.startsWith(`${mount.root}/`) ? join(mount.point, path.slice(mount.root.length)) : undefined
}

/** Groups are made below this process's own group, so that its limits apply to the boxes too. */
function supportV1(controller: Controller, mount: CgroupMount, view: HostView): ControllerSupport {
  const base = directoryOf(mount, ownPaths(view.cgroup).get(controller) ?? '/')
  if (base === undefined) return { missing: `the own ${controller} group is not below ${mount.point}` }
  return view.writable(base) ? { place: { version: 1, base } } : { missing: `${base} is not writable` }
}

export const v1Mount = (mounts: readonly CgroupMount[], controller: Controller): CgroupMount | undefined =>
  mounts.find(mount => !mount.v2 && mount.options.includes(controller))

/**
 * The support of each v2 controller. All use one directory, chosen for the controllers that every
 * program needs.
 */
function placeV2(
  mounts: readonly CgroupMount[],
  view: HostView,
): (controller: Controller) => ControllerSupport {
  const ownPath = ownPaths(view.cgroup).get('') ?? '/'
  // In a container the host's mount may still be visible beside the container's own: take the
  // mount that shows this process's group.
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
 * systemd marks a delegated group with an extended attribute: `user.delegate`, which all may read,
 * since v251; before, `trusted.delegate`, which only root may read.
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
