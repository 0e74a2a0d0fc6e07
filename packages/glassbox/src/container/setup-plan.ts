/**
 * The plans that init runs on itself before any program. They set its ids, the file system, names,
 * and the bounding set, which no program of the box can exceed afterwards. init keeps its own
 * capabilities, which it needs to make and clean up the box.
 *
 * init writes to its own files in /proc here, and not before its execve. Before, it shares Node's
 * memory, and those files belong to root if Node is not dumpable, for example after setuid(2).
 * After the first plan init is not dumpable either.
 */
import { AT_FDCWD, KEYCTL_JOIN_SESSION_KEYRING, O_CLOEXEC, O_WRONLY } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { addBoundingSetSteps } from '../launch/capabilities.ts'
import { addUmaskStep } from '../launch/exec-steps.ts'
import { addOomScoreSteps } from '../launch/oom-score.ts'
import { PlanBuilder, text } from '../plan/builder.ts'
import type { Plan } from '../plan/types.ts'
import { ownerKey, ownersOf } from '../rootfs/map-steps.ts'
import { addHostSteps, addOwnSteps } from '../rootfs/steps.ts'
import type { HostRoot, OwnRoot } from '../rootfs/types.ts'
import type { UserNamespace } from './spawn-plan.ts'

/** What all boxes have in common. */
export interface HostSetup {
  readonly plan: Plan
  /** The directories that the plan makes. */
  readonly made: Iterable<string>
}

export interface OwnSetup {
  readonly hostname: string
  readonly root: OwnRoot
}

/**
 * The first of two plans, the same for one box after another: it is encoded once, and init can
 * begin with it before the second is made.
 */
export function hostSetup(host: HostRoot, userNamespace?: UserNamespace): HostSetup {
  const setups = known.get(host) ?? new Map<string, HostSetup>()
  known.set(host, setups)
  const key = userNamespace ? idMaps(userNamespace).join() : ''
  const setup = setups.get(key) ?? makeHostSetup(host, userNamespace)
  setups.set(key, setup)
  return setup
}

/** By host root, and by the ids of this process, which can change while it runs. */
const known = new WeakMap<HostRoot, Map<string, HostSetup>>()

const idMaps = ({ uid, outerUid, gid, outerGid }: UserNamespace): readonly [uids: string, gids: string] => [
  `${uid} ${outerUid} 1\n`,
  `${gid} ${outerGid} 1\n`,
]

function makeHostSetup(host: HostRoot, userNamespace: UserNamespace | undefined): HostSetup {
  const builder = new PlanBuilder('set up the box with what it shows of the host')
  addOomScoreSteps(builder)
  if (userNamespace) addIdMapSteps(builder, userNamespace)
  addInheritanceSteps(builder)
  const made = addHostSteps(builder, host)
  return { plan: builder.build(), made }
}

/** What programs inherit from init, and must not have from the caller. */
function addInheritanceSteps(builder: PlanBuilder): void {
  addUmaskStep(builder)
  builder
    // Processes inherit it: programs would have the keys of the caller's session, and share them
    // (session-keyring(7)).
    .call('keyctl', [KEYCTL_JOIN_SESSION_KEYRING, 0], 'leave the session keyring of the caller', {
      // The kernel has no keys, or a filter around glassbox refuses them, which then applies to
      // the program too.
      onError: [ERRNO.ENOSYS, ERRNO.EPERM],
    })
  addBoundingSetSteps(builder)
}

/** The first plan of a box whose root its owner makes (`Container.openBare`). Needs privilege. */
export function bareSetupPlan(hostname: string): Plan {
  const builder = new PlanBuilder('set up the process of the box')
  addOomScoreSteps(builder)
  addInheritanceSteps(builder)
  addNameStep(builder, hostname)
  return builder.build()
}

const addNameStep = (builder: PlanBuilder, hostname: string): PlanBuilder =>
  builder.call('sethostname', [text(hostname), Buffer.byteLength(hostname)], 'name the box')

/**
 * The second plan, for a box in which the first was run. Inputs: a carrier for each of `ownersOf`
 * the binds, in that order.
 */
export function ownSetupPlan({ hostname, root }: OwnSetup, made: Iterable<string>): Plan {
  const builder = new PlanBuilder('set up the box with what is its own')
  const carriers = new Map(
    ownersOf(root.binds).map(owner => {
      const key = ownerKey(owner)
      return [key, builder.input(`id map of owner ${key}`)] as const
    }),
  )
  addNameStep(builder, hostname)
  addOwnSteps(builder, root, made, carriers)
  return builder.build()
}

function addFileSteps(builder: PlanBuilder, path: string, contents: string): void {
  const fd = builder.slot('file')
  const bytes = Buffer.from(contents)
  builder
    .call('openat', [AT_FDCWD, text(path), O_WRONLY | O_CLOEXEC, 0], `open ${path}`, { result: fd })
    .call('write', [fd, { bytes }, bytes.length], `write ${path}`)
    .call('close', [fd], `close ${path}`)
}

/**
 * A process may map its own id in a user namespace that it was cloned into, if setgroups is
 * denied (user_namespaces(7)).
 */
function addIdMapSteps(builder: PlanBuilder, userNamespace: UserNamespace): void {
  const [uids, gids] = idMaps(userNamespace)
  addFileSteps(builder, '/proc/self/setgroups', 'deny')
  addFileSteps(builder, '/proc/self/uid_map', uids)
  addFileSteps(builder, '/proc/self/gid_map', gids)
}
