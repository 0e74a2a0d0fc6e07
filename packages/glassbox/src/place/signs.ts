/**
 * The signs by which a place is known. They only choose the words of a remedy. What can be done in
 * a place is found out by trying, never from these.
 */
import { mountLines, type PlaceView } from './view.ts'

export type PlaceName =
  | 'glassbox'
  | 'gvisor'
  | 'wsl1'
  | 'wsl2'
  | 'kubernetes'
  | 'podman'
  | 'docker'
  | 'lxc'
  | 'service'
  | 'github'
  | 'container'
  | 'host'

/**
 * `proof`: nothing else makes it. `usual`: that place makes it, but others may imitate it. `weak`:
 * it is also found elsewhere, so it counts only if something restricts this process.
 */
export type Reliability = 'proof' | 'usual' | 'weak'

export interface Sign {
  readonly place: PlaceName
  /** What was seen, for the report of the doctor. */
  readonly what: string
  readonly reliability: Reliability
  readonly isSeen: (view: PlaceView) => boolean
}

/** Runtimes bind their own /etc/hostname, /etc/hosts and /etc/resolv.conf into a container. */
const OWN_FILES = ['/etc/hostname', '/etc/hosts', '/etc/resolv.conf']

const ownFilesFrom =
  (pattern: RegExp) =>
  (view: PlaceView): boolean =>
    mountLines(view).some(({ point, root }) => OWN_FILES.includes(point) && pattern.test(root))

const variable =
  (name: string, value: RegExp = /./) =>
  ({ env }: PlaceView): boolean =>
    value.test(env[name] ?? '')

const file =
  (path: string, text = /^/) =>
  ({ exists, read }: PlaceView): boolean =>
    exists(path) && text.test(read(path))

/** gVisor has one version for all programs, and no line about no_new_privs. */
const isGvisor = ({ read }: PlaceView): boolean =>
  /^Linux version 4\.4\.0 .*Sun Jan 10 15:06:54 PST 2016/.test(read('/proc/version')) &&
  !read('/proc/self/status').includes('NoNewPrivs:')

/** The last part of a path in /proc/self/cgroup is a unit of systemd. */
const isService = (view: PlaceView): boolean =>
  variable('INVOCATION_ID')(view) && /:\/.*\.service$/m.test(view.read('/proc/self/cgroup'))

/** From the most to the least reliable; of equal ones, from the inner to the outer place. */
export const SIGNS: readonly Sign[] = [
  {
    place: 'glassbox',
    what: 'the root is that of a box of glassbox',
    reliability: 'proof',
    isSeen: view => mountLines(view).some(({ point, source }) => point === '/' && source === 'glassbox'),
  },
  { place: 'gvisor', what: 'the version of gVisor', reliability: 'proof', isSeen: isGvisor },
  {
    place: 'kubernetes',
    what: 'files of a pod are bound',
    reliability: 'proof',
    isSeen: ownFilesFrom(/\/kubelet\/pods\/[0-9a-f-]+\//),
  },
  {
    place: 'podman',
    what: 'files of Podman are bound',
    reliability: 'proof',
    isSeen: ownFilesFrom(/\/overlay-containers\/[0-9a-f]+\/userdata\//),
  },
  {
    place: 'docker',
    what: 'files of Docker are bound',
    reliability: 'proof',
    isSeen: ownFilesFrom(/\/docker\/containers\/[0-9a-f]{64}\//),
  },
  {
    place: 'kubernetes',
    what: 'KUBERNETES_SERVICE_HOST is set',
    reliability: 'usual',
    isSeen: variable('KUBERNETES_SERVICE_HOST'),
  },
  {
    place: 'kubernetes',
    what: 'the token of a pod is there',
    reliability: 'usual',
    isSeen: file('/var/run/secrets/kubernetes.io'),
  },
  {
    place: 'podman',
    what: '/run/.containerenv is there',
    reliability: 'usual',
    isSeen: file('/run/.containerenv'),
  },
  {
    place: 'podman',
    what: 'container=podman',
    reliability: 'usual',
    isSeen: variable('container', /^(podman|oci)$/),
  },
  { place: 'lxc', what: 'container=lxc', reliability: 'usual', isSeen: variable('container', /^lxc$/) },
  {
    place: 'lxc',
    what: '/run/systemd/container names it',
    reliability: 'usual',
    isSeen: file('/run/systemd/container', /^lxc/),
  },
  {
    place: 'wsl1',
    what: 'the kernel is that of WSL 1',
    reliability: 'usual',
    isSeen: ({ read }) => /^Linux version 4\.4\.0-\d+-Microsoft/.test(read('/proc/version')),
  },
  {
    place: 'wsl2',
    what: 'the kernel is that of WSL 2',
    reliability: 'usual',
    isSeen: ({ read }) => /microsoft/i.test(read('/proc/version')),
  },
  { place: 'service', what: 'a unit of systemd started it', reliability: 'usual', isSeen: isService },
  {
    place: 'github',
    what: 'GITHUB_ACTIONS is set',
    reliability: 'usual',
    isSeen: variable('GITHUB_ACTIONS', /^true$/),
  },
  { place: 'docker', what: '/.dockerenv is there', reliability: 'weak', isSeen: file('/.dockerenv') },
  {
    place: 'container',
    what: 'the variable container is set',
    reliability: 'weak',
    isSeen: variable('container'),
  },
]
