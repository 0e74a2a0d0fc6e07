/**
 * The plan by which a thread of Node clones init into the namespaces of a box. The child shares
 * Node's memory until it executes init, so its part is short: it puts descriptors into place,
 * keeps capabilities over execve in a user namespace, and executes init. init's writes to its own
 * files in /proc come later: see setup-plan.ts.
 */
import {
  CLONE_CLEAR_SIGHAND,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  CLONE_VFORK,
  CLONE_VM,
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_RAISE,
} from '../linux/constants.ts'
import { CAPABILITY_VERSION_3, LAST_CAPABILITY } from '../launch/capabilities.ts'
import { moveAway } from '../launch/descriptors-away.ts'
import { addProgramSteps } from '../launch/static-program.ts'
import { PlanBuilder, words } from '../plan/builder.ts'
import type { Plan, Slot } from '../plan/types.ts'

/** The one id that a user namespace of a box maps, inside and outside. */
export interface UserNamespace {
  readonly uid: number
  readonly gid: number
  readonly outerUid: number
  readonly outerGid: number
}

export interface SpawnSpec {
  /**
   * Whether the box has a network of its own. An unprivileged init is cloned into it; a privileged
   * one receives it later (network.ts).
   */
  readonly network: boolean
  /** Whether a user namespace lends the rights to set up the network (network.ts). */
  readonly borrowed?: boolean
  /** Given for an unprivileged box. */
  readonly userNamespace?: UserNamespace
}

/**
 * The plan, and the slot in which it stores the process id of init. Inputs: init's socket, the
 * file of init.
 */
export function spawnPlan(spec: SpawnSpec): { plan: Plan; pid: Slot } {
  const builder = new PlanBuilder('start init in the namespaces of the box')
  const socket = builder.input('socket')
  const program = builder.input('init')
  const pid = builder.slot('pid of init')
  const flags = BigInt(namespaceFlags(spec))
  builder.clone({ flags, exitSignal: 0, result: pid, label: 'clone init into new namespaces' }, () => {
    const [highSocket, highProgram] = moveAway(builder, [socket, program])
    if (spec.userNamespace) addCapabilitySteps(builder)
    addProgramSteps(builder, 'init', highSocket, highProgram)
  })
  return { plan: builder.build(), pid }
}

function namespaceFlags({ network, userNamespace }: SpawnSpec): number {
  const flags = CLONE_VM + CLONE_VFORK + CLONE_CLEAR_SIGHAND
  const namespaces = CLONE_NEWNS + CLONE_NEWPID + CLONE_NEWUTS
  return flags + namespaces + (userNamespace ? CLONE_NEWUSER + (network ? CLONE_NEWNET : 0) : 0)
}

/**
 * init is not root in its user namespace, so its capabilities survive execve only as ambient ones
 * (capabilities(7)).
 */
function addCapabilitySteps(builder: PlanBuilder): void {
  const header = words(4, [CAPABILITY_VERSION_3, 0])
  // All LAST_CAPABILITY + 1 capabilities. Those that are permitted become inheritable too.
  const all = (1n << BigInt(LAST_CAPABILITY + 1)) - 1n
  const low = Number(all & 0xffffffffn)
  const high = Number(all >> 32n)
  builder.call(
    'capset',
    [header, words(4, [low, low, low, high, high, high])],
    'let capabilities be inherited',
  )
  for (let capability = 0; capability <= LAST_CAPABILITY; capability++) {
    builder.call(
      'prctl',
      [PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0],
      `keep capability ${capability}`,
    )
  }
}
