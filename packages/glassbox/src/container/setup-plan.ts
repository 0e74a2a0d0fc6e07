/**
 * The plans that init runs on itself before any program: file system, names, and the bounding set, which no
 * program of the box can then ever exceed. init keeps its own capabilities: it makes and cleans.
 */
import { KEYCTL_JOIN_SESSION_KEYRING, PR_CAPBSET_DROP } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { PlanBuilder, text } from '../plan/builder.ts'
import type { Plan } from '../plan/types.ts'
import { addHostSteps, addOwnSteps } from '../rootfs/steps.ts'
import type { HostRoot, OwnRoot } from '../rootfs/types.ts'
import { LAST_CAPABILITY } from '../launch/capabilities.ts'

/** What all boxes have alike. */
export interface HostSetup {
  readonly plan: Plan
  /** The directories that are there then. */
  readonly made: Iterable<string>
}

export interface OwnSetup {
  readonly hostname: string
  readonly root: OwnRoot
}

/**
 * The first of two plans, the same for one box after another: encoded once, and init can begin with it before the second is made.
 * Input: the contents of the host's small files.
 */
export function hostSetup(host: HostRoot): HostSetup {
  const made = known.get(host) ?? makeHostSetup(host)
  known.set(host, made)
  return made
}

const known = new WeakMap<HostRoot, HostSetup>()

function makeHostSetup(host: HostRoot): HostSetup {
  const builder = new PlanBuilder('furnish the box with what it shows of the host')
  const store = builder.input('small files')
  builder
    .call('umask', [0o022], 'let the caller’s file mode mask have no say')
    // Processes inherit it: programs would have the keys of the caller's session, and meet there (session-keyring(7)).
    .call('keyctl', [KEYCTL_JOIN_SESSION_KEYRING, 0], 'leave the session keyring of the caller', {
      // A kernel without keys, or a filter around glassbox, which is then around the program too.
      onError: [ERRNO.ENOSYS, ERRNO.EPERM],
    })
  for (let capability = 0; capability <= LAST_CAPABILITY; capability++) {
    builder.call(
      'prctl',
      [PR_CAPBSET_DROP, capability, 0, 0, 0],
      `drop capability ${capability} from the bounding set`,
    )
  }
  const made = addHostSteps(builder, host, store)
  builder.call('close', [store], 'close it')
  return { plan: builder.build(), made }
}

/** The second plan, for a box in which the first was run. */
export function ownSetupPlan({ hostname, root }: OwnSetup, made: Iterable<string>): Plan {
  const builder = new PlanBuilder('furnish the box with what is its own')
  builder.call('sethostname', [text(hostname), Buffer.byteLength(hostname)], 'name the box')
  addOwnSteps(builder, root, made)
  return builder.build()
}
