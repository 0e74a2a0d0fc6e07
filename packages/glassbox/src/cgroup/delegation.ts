/**
 * Chooses the directory of a v2 hierarchy in which groups are made. It serves all controllers,
 * because in v2 a process is in one group only.
 *
 * The first of these that can be used:
 * 1. the directory that GLASSBOX_CGROUP names. If it cannot be used, no other is tried.
 * 2. the nearest group around this process that systemd has delegated. The service's limits then
 *    apply to its boxes too.
 * 3. the top of the mount: the root of a host, or a container's own group.
 * 4. the parent of this process's group, then that group itself, for an ordinary user who was
 *    given them.
 *
 * Everywhere but in the root of a host, processes in the directory prevent its children from
 * having controllers ("no internal processes", cgroups(7)): see leaf.ts.
 */
import { dirname, join } from 'node:path'
import type { Controller, ControllerSupport, HostView } from './types.ts'

/** Where a v2 hierarchy is mounted, and where this process is in it. */
export interface Surroundings {
  readonly point: string
  readonly readOnly: boolean
  /** The directory of this process's group; `undefined` if it is not below the mount. */
  readonly own: string | undefined
}

type Choice = { readonly base: string } | { readonly missing: string }

const isBelow = (directory: string, top: string): boolean =>
  directory === top || directory.startsWith(top.endsWith('/') ? top : `${top}/`)

/** `directory` and the directories above it, up to `top`. */
function upTo(top: string, directory: string): string[] {
  if (!isBelow(directory, top)) return []
  return directory === top ? [top] : [directory, ...upTo(top, dirname(directory))]
}

function candidates({ point, own }: Surroundings, view: HostView): readonly string[] {
  if (view.delegated !== undefined) return [view.delegated]
  if (own === undefined) return [point]
  const around = upTo(point, own)
  const marked = around.find(directory => view.marked(directory))
  return [...new Set([...(marked === undefined ? [] : [marked]), point, ...around.slice(1, 2), own])]
}

/**
 * Why groups cannot be made in `base`, or `undefined` if they can. To move a process, one must be
 * able to write `cgroup.procs` of the nearest common ancestor of its old and its new group.
 */
function obstacle(base: string, { point, readOnly, own }: Surroundings, view: HostView): string | undefined {
  if (readOnly && isBelow(base, point)) return `${point} is mounted read-only`
  if (!view.writable(base)) return `${base} is not writable`
  if (own === undefined || !isBelow(base, point)) return undefined
  const common = upTo(point, base).find(directory => isBelow(own, directory))
  return common === undefined || view.writable(common)
    ? undefined
    : `this process is in ${own}, and ${join(common, 'cgroup.procs')}, by which it would get to ${base}, is not writable`
}

/**
 * The directory for groups that need `controllers`. If no usable directory offers all of them, the
 * first usable one.
 */
export function chooseBase(controllers: readonly Controller[], around: Surroundings, view: HostView): Choice {
  const found = candidates(around, view).map(base => ({ base, obstacle: obstacle(base, around, view) }))
  const usable = found.filter(candidate => candidate.obstacle === undefined)
  const [first] =
    usable.filter(({ base }) => controllers.every(name => view.controllersOf(base).includes(name))) ?? []
  const best = first ?? usable[0]
  if (best) return { base: best.base }
  return { missing: [...new Set(found.map(candidate => candidate.obstacle))].join('; ') }
}

/** Whether the chosen directory offers one controller. */
export function supportIn(choice: Choice, controller: Controller, view: HostView): ControllerSupport {
  if ('missing' in choice) return choice
  // Every group has cpu.stat, with or without the cpu controller.
  if (controller === 'cpuacct' || view.controllersOf(choice.base).includes(controller))
    return { place: { version: 2, base: choice.base } }
  return { missing: `cgroup v2 at ${choice.base} does not offer ${controller}` }
}
