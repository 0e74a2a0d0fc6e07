/**
 * What to change in a place so that something works there: the exact option or line, by what
 * lacks. docs/deploy.md has them all, with what each gives up.
 */
import { type Place, placeHere, type Restriction } from './place.ts'
import type { PlaceName } from './signs.ts'

/** What a place does not give. */
export type Lack =
  /** Namespaces, or mounts in them. */
  | 'namespaces'
  /** A /proc of the box's own. */
  | 'proc'
  /** A network of the box's own. */
  | 'network'
  | 'cgroups'

/** The options of a container runtime that lift a restriction. */
interface Runtime {
  /** The start of the sentence before the options, and its end. */
  readonly before: string
  readonly after: string
  readonly options: Readonly<Record<Exclude<Restriction, 'privileges'> | 'network', string>>
  readonly separator: string
  /** The sentence for cgroups. */
  readonly cgroups: string
}

const DOCKER: Runtime = {
  before: 'Start the container with ',
  after: ', or with --privileged --cgroupns=private',
  options: {
    filter: '--security-opt seccomp=unconfined',
    apparmor: '--security-opt apparmor=unconfined',
    proc: '--security-opt systempaths=unconfined',
    network: '--cap-add NET_ADMIN',
    cgroups: '',
  },
  separator: ' ',
  cgroups: 'start the container with --privileged --cgroupns=private',
}

const RUNTIMES: Readonly<Partial<Record<PlaceName, Runtime>>> = {
  docker: DOCKER,
  podman: {
    ...DOCKER,
    options: { ...DOCKER.options, proc: '--security-opt unmask=ALL' },
  },
  kubernetes: {
    before: 'In the securityContext of the container, set ',
    after: ', or privileged: true',
    options: {
      filter: 'seccompProfile: { type: Unconfined }',
      apparmor: 'appArmorProfile: { type: Unconfined }',
      proc: 'procMount: Unmasked (with hostUsers: false in the pod)',
      network: 'capabilities: { add: [NET_ADMIN] }',
      cgroups: '',
    },
    separator: ', ',
    cgroups: 'set privileged: true in the securityContext of the container',
  },
}

/** Places that are no containers with such options, and what to do there. */
const SENTENCES: Readonly<Partial<Record<PlaceName, Readonly<Partial<Record<Lack, string>>>>>> = {
  glassbox: {
    namespaces: 'A box may make no boxes: have the outer glassbox run this program beside it',
    cgroups: 'the limits of the outer box hold for all boxes in it',
  },
  gvisor: {
    namespaces: 'gVisor does not offer what a box is made of: start this container with --runtime=runc',
    cgroups: 'start this container with --runtime=runc --privileged --cgroupns=private',
  },
  wsl1: {
    namespaces: 'WSL 1 has no namespaces: convert the distribution by "wsl --set-version NAME 2"',
    cgroups: 'convert the distribution by "wsl --set-version NAME 2"',
  },
  wsl2: {
    cgroups: 'add systemd=true to the section [boot] of /etc/wsl.conf, and start it as root',
  },
  service: {
    namespaces:
      'In the unit, set RestrictNamespaces=no, and let SystemCallFilter= allow @mount and @privileged',
    proc: 'In the unit, set ProtectKernelTunables=no, ProtectKernelLogs=no and ProcSubset=all',
    cgroups: 'add Delegate=yes to the section [Service] of the unit, and no ProtectControlGroups=yes',
  },
  github: {
    namespaces: 'Run "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0" in a step before',
    cgroups: 'start it by sudo, or by "systemd-run --user --scope -p Delegate=yes"',
  },
  host: {
    namespaces: 'A security module or filter around this process forbids it: run as root, or lift its rule',
    proc: 'Something is mounted below /proc: unmount it, or run as root',
    cgroups:
      'run as root, or as a systemd service with Delegate=yes, or set GLASSBOX_CGROUP to a delegated cgroup ' +
      'directory that has no processes of its own',
  },
  lxc: {
    namespaces: 'Set security.nesting=true for the container (lxc config set NAME security.nesting true)',
  },
}

/** Where neither the place nor its restrictions are known. */
const ELSEWHERE: Readonly<Record<Lack, string>> = {
  namespaces:
    'A security module or filter around this process forbids it. In Docker or Podman, start the container with ' +
    '--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined, ' +
    'or with --privileged; in Kubernetes, set privileged: true in the securityContext',
  proc: 'In Docker, start the container with --security-opt systempaths=unconfined',
  network: 'Give this process CAP_NET_ADMIN, or let it make user namespaces',
  cgroups:
    'make /sys/fs/cgroup writable: in Docker or Podman with --privileged --cgroupns=private, ' +
    'in Kubernetes with privileged: true in the securityContext',
}

/** The restrictions that must be lifted for what lacks. */
const BARS: Readonly<Record<Lack, readonly Restriction[]>> = {
  namespaces: ['filter', 'apparmor', 'proc'],
  proc: ['proc'],
  network: [],
  cgroups: [],
}

function optionsOf(lack: Lack, { options, separator }: Runtime, { restrictions }: Place): string {
  if (lack === 'network') return options.network
  const found = BARS[lack].filter(bar => restrictions.includes(bar))
  return (found.length === 0 ? BARS[lack] : found)
    .map(bar => options[bar as keyof Runtime['options']])
    .join(separator)
}

/**
 * What would provide it in this place: one sentence without its full stop.
 *
 * @example
 * remedyFor('cgroups') // 'add Delegate=yes to the section [Service] of the unit, …'
 */
export function remedyFor(lack: Lack, place: Place = placeHere()): string {
  const runtime = RUNTIMES[place.name]
  if (!runtime) return SENTENCES[place.name]?.[lack] ?? ELSEWHERE[lack]
  if (lack === 'cgroups') return runtime.cgroups
  return `${runtime.before}${optionsOf(lack, runtime, place)}${runtime.after}`
}

/** The way that is left where no namespace can be had. */
export const WITHOUT_NAMESPACES =
  "Or use the ptrace runner, which needs no namespaces: --runner ptrace, or the option runner: 'ptrace'."

/**
 * The same as a whole hint, with the runner that needs nothing of it. In a box of glassbox no
 * runner works, because the guard of the outer box refuses calls that each needs.
 */
export function hintFor(lack: Lack, place: Place = placeHere()): string {
  const remedy = `${remedyFor(lack, place)}.`
  return place.name === 'glassbox' ? remedy : `${remedy} ${WITHOUT_NAMESPACES}`
}
