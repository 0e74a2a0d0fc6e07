/**
 * The places in which glassbox has to run or to say what is missing: containers and services. Each
 * is simulated on this host, by what its runtime does: namespaces, a /proc with hidden parts,
 * read-only cgroups, a filter, capabilities, a user, and the files by which the place is known.
 */
import { ALL, type Capability, OF_DOCKER } from './capabilities.js'

export interface Environment {
  readonly name: string
  /** The options or lines with which one gets it, as docs/deploy.md has them. */
  readonly by: string
  /** Whether Docker's default profile is around it. */
  readonly filter: boolean
  readonly capabilities: readonly Capability[]
  /** The user of the service; 0 is root. */
  readonly uid: number
  /** Whether parts of /proc are hidden and read-only, so that a new one may not be mounted. */
  readonly masked: boolean
  readonly readOnlyCgroups: boolean
  readonly noNewPrivs?: boolean
  /** A path of which /etc/hostname is a bind, as the runtime arranges it. */
  readonly hostname?: string
  /** Variables that the place sets. */
  readonly env?: Readonly<Record<string, string>>
}

const ID = 'f0e1d2c3b4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1e0f'
const DOCKER = `docker/containers/${ID}/hostname`
const PODMAN = `containers/storage/overlay-containers/${ID}/userdata/hostname`
const KUBERNETES = 'kubelet/pods/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/etc-hosts'

const docker = {
  filter: true,
  capabilities: OF_DOCKER,
  uid: 0,
  masked: true,
  readOnlyCgroups: true,
  hostname: DOCKER,
} as const

/** By a short name. */
export const ENVIRONMENTS = {
  host: {
    ...{ name: 'the host', by: '', filter: false, capabilities: ALL, uid: 0 },
    ...{ masked: false, readOnlyCgroups: false },
  },
  docker: { ...docker, name: 'Docker', by: 'docker run' },
  dockerUser: { ...docker, name: 'Docker, as an ordinary user', by: 'docker run --user 1000', uid: 1000 },
  dockerUnconfined: {
    ...docker,
    ...{ name: 'Docker without its profile', by: 'docker run --security-opt seccomp=unconfined' },
    filter: false,
  },
  dockerUserUnconfined: {
    ...docker,
    name: 'Docker without its profile, as an ordinary user',
    by: 'docker run --user 1000 --security-opt seccomp=unconfined',
    ...{ filter: false, uid: 1000 },
  },
  dockerUnmasked: {
    ...docker,
    name: 'Docker without profile and masks',
    by: 'docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined',
    ...{ filter: false, masked: false },
  },
  dockerSysAdmin: {
    ...docker,
    name: 'Docker with SYS_ADMIN',
    by: 'docker run --cap-add SYS_ADMIN',
    capabilities: [...OF_DOCKER, 'SYS_ADMIN'],
  },
  dockerSysAdminUnconfined: {
    ...docker,
    name: 'Docker with SYS_ADMIN, without its profile',
    by: 'docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined',
    ...{ filter: false, capabilities: [...OF_DOCKER, 'SYS_ADMIN'] },
  },
  dockerPrivileged: {
    ...docker,
    ...{ name: 'Docker, privileged', by: 'docker run --privileged' },
    ...{ filter: false, masked: false, capabilities: ALL },
  },
  dockerPrivilegedCgroups: {
    ...docker,
    name: 'Docker, privileged, with cgroups of its own',
    by: 'docker run --privileged --cgroupns=private',
    ...{ filter: false, masked: false, readOnlyCgroups: false, capabilities: ALL },
  },
  podman: { ...docker, name: 'Podman', by: 'podman run', hostname: PODMAN, env: { container: 'podman' } },
  kubernetesRestricted: {
    ...docker,
    name: 'Kubernetes, restricted',
    by: 'securityContext of the restricted standard',
    ...{ uid: 1000, capabilities: [], noNewPrivs: true, hostname: KUBERNETES },
    env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
  },
  kubernetesUnconfined: {
    ...docker,
    name: 'Kubernetes without a profile',
    by: 'seccompProfile: { type: Unconfined }',
    ...{ uid: 1000, capabilities: [], noNewPrivs: true, filter: false, hostname: KUBERNETES },
    env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
  },
} as const satisfies Readonly<Record<string, Environment>>

export type EnvironmentName = keyof typeof ENVIRONMENTS
