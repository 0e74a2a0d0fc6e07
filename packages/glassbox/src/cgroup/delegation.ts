/**
 * Which directory of a v2 hierarchy groups are made in. One for all controllers: in v2 a process
 * is in one group only.
 *
 * In this order, the first that can be used:
 * 1. the directory that was named. Nothing takes its place where it will not do.
 * 2. the nearest group around this process that systemd has delegated: limits around the service
 *    hold for its boxes too.
 * 3. the top of what is mounted: the root of a host, or the own group of a container.
 * 4. the group above the own one, then the own one: where an ordinary user was given them.
 *
 * In all but the root of a host, processes may be in the way ("no internal processes",
 * cgroups(7)): see leaf.ts.
 */
import { dirname, join } from 'node:path'
import type { Controller, ControllerSupport, HostView } from './types.ts'

/** As far as it matters here: where a v2 hierarchy is mounted, and where this process is in it. */
export interface Surroundings {
  readonly point: string
  readonly readOnly: boolean
  /** The directory of the own group; `undefined` where it is not below the mount. */
  readonly own: string | undefined
}

type Choice = { readonly base: string } | { readonly missing: string }

const isBelow = (directory: string, top: string): boolean =>
  directory === top || directory.startsWith(top.endsWith('/') ? top : `${top}/`)

/** `directory` and what is above it, as far as `top`. */
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
 * Why groups cannot be made in `base`. A process is moved only by who may write `cgroup.procs` of
 * the nearest group above both where it is and where it goes.
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
 * Where groups are made that need `controllers`; the best there is where none offers all of them.
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

/** What the chosen directory has of one controller. */
export function supportIn(choice: Choice, controller: Controller, view: HostView): ControllerSupport {
  if ('missing' in choice) return choice
  // cpu.stat is in every group, whether or not the cpu controller is on.
  if (controller === 'cpuacct' || view.controllersOf(choice.base).includes(controller))
    return { place: { version: 2, base: choice.base } }
  return { missing: `cgroup v2 at ${choice.base} does not offer ${controller}` }
}
