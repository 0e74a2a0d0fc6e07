/** The place in which this process runs, and what restricts it there. Each question looks anew. */
import { type PlaceName, type Sign, SIGNS } from './signs.ts'
import { mountLines, type PlaceView, viewHere } from './view.ts'

/** What can make a box fail or be weaker. */
export type Restriction = 'filter' | 'apparmor' | 'proc' | 'cgroups' | 'privileges'

export interface Place {
  readonly name: PlaceName
  /** The name as a reader knows it: `Docker`. */
  readonly title: string
  /** The signs that were seen of it. */
  readonly signs: readonly Sign[]
  readonly restrictions: readonly Restriction[]
}

const TITLES: Readonly<Record<PlaceName, string>> = {
  glassbox: 'a box of glassbox',
  gvisor: 'gVisor',
  wsl1: 'WSL 1',
  wsl2: 'WSL 2',
  kubernetes: 'Kubernetes',
  podman: 'Podman',
  docker: 'Docker',
  lxc: 'LXC',
  service: 'a systemd service',
  github: 'GitHub Actions',
  container: 'a container',
  host: 'a host',
}

/** Each restriction in words, and how it is seen. */
const RESTRICTIONS: Readonly<
  Record<Restriction, { readonly what: string; readonly isSeen: (view: PlaceView) => boolean }>
> = {
  filter: {
    what: 'a seccomp filter',
    isSeen: ({ read }) => /^Seccomp:\s*2/m.test(read('/proc/self/status')),
  },
  apparmor: {
    what: 'an AppArmor profile',
    isSeen: ({ read }) => /\(enforce\)/.test(read('/proc/self/attr/current')),
  },
  proc: {
    what: 'a /proc with hidden parts',
    isSeen: view =>
      mountLines(view).some(
        // systemd mounts this one on every host.
        ({ point }) => point.startsWith('/proc/') && point !== '/proc/sys/fs/binfmt_misc',
      ),
  },
  cgroups: {
    what: 'read-only cgroups',
    isSeen: view => {
      const groups = mountLines(view).filter(({ type }) => type === 'cgroup' || type === 'cgroup2')
      return groups.length > 0 && groups.every(({ options }) => options.includes('ro'))
    },
  },
  privileges: {
    what: 'no_new_privs',
    isSeen: ({ read }) => /^NoNewPrivs:\s*1/m.test(read('/proc/self/status')),
  },
}

export const restrictionText = (restriction: Restriction): string => RESTRICTIONS[restriction].what

export function placeOf(view: PlaceView): Place {
  const names = Object.keys(RESTRICTIONS) as Restriction[]
  const restrictions = names.filter(name => RESTRICTIONS[name].isSeen(view))
  const seen = SIGNS.filter(
    ({ reliability, isSeen }) => (reliability !== 'weak' || restrictions.length > 0) && isSeen(view),
  )
  const name = seen[0]?.place ?? (restrictions.some(isOfContainer) ? 'container' : 'host')
  return { name, title: TITLES[name], signs: seen.filter(({ place }) => place === name), restrictions }
}

/** A host has AppArmor profiles for its own programs. */
const isOfContainer = (restriction: Restriction): boolean => restriction !== 'apparmor'

/** The place of this process. */
export const placeHere = (): Place => placeOf(viewHere)
