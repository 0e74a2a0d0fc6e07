/**
 * The network of a box: a namespace with only loopback. The kernel takes a third of a millisecond
 * to make one, three times as long as all other namespaces of a box together. With privilege, this
 * process makes it while init sets up the box, and hands it over. In a user namespace, init must
 * be cloned into it, or init would have no rights in it (network_namespaces(7)).
 *
 * Bringing up loopback takes CAP_NET_ADMIN. Root of a container has it rarely. Then the child that
 * makes the network is also in a user namespace of its own, in which it has every capability, and
 * brings loopback up itself. That namespace owns the network from then on.
 */
import { close } from '../gate/descriptors.ts'
import { hasCapabilities } from '../launch/capabilities.ts'
import {
  __WALL,
  AF_INET,
  AT_FDCWD,
  CAP_NET_ADMIN,
  CLONE_CLEAR_SIGHAND,
  CLONE_FILES,
  CLONE_NEWNET,
  CLONE_NEWUSER,
  CLONE_VFORK,
  CLONE_VM,
  IFF_UP,
  O_CLOEXEC,
  O_RDONLY,
  SIOCSIFFLAGS,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
} from '../linux/constants.ts'
import { PlanBuilder, text } from '../plan/builder.ts'
import type { Plan, Slot } from '../plan/types.ts'
import { cloneInto } from './clone-into.ts'

interface Making {
  readonly plan: Plan
  readonly network: Slot
}

/**
 * The plan that makes a network: a vfork-style child that shares our descriptors is cloned into
 * the new namespace, opens it and ends. `borrowed`: the child brings loopback up, with the rights
 * of a user namespace.
 */
function makePlan(borrowed: boolean): Making {
  const builder = new PlanBuilder('make the network of the box')
  const child = builder.slot('pid of the child')
  const network = builder.slot('network')
  const shared = CLONE_VM + CLONE_VFORK + CLONE_FILES + CLONE_CLEAR_SIGHAND
  const flags = BigInt(shared + CLONE_NEWNET + (borrowed ? CLONE_NEWUSER : 0))
  builder
    .clone({ flags, exitSignal: 0, result: child, label: 'clone a child into a new network' }, () => {
      if (borrowed) addLoopbackSteps(builder)
      const open = [AT_FDCWD, text('/proc/self/ns/net'), O_RDONLY | O_CLOEXEC, 0]
      builder
        .call('openat', open, 'open the network', { result: network })
        .call('exit_group', [0], 'end, and leave it open')
    })
    .call('wait4', [child, 0, __WALL, 0], 'see the end of the child')
  return { plan: builder.build(), network }
}

/** How this process makes a network that it hands over. */
const mayConfigure = (): boolean => hasCapabilities(CAP_NET_ADMIN)

/**
 * Makes a network and has `use` hand it over, by the plan with which init takes it: its input is
 * the descriptor, which is closed when `use` returns.
 */
export function withNetwork<Result>(use: (network: number, taking: Plan) => Result): Result {
  const isOwned = mayConfigure()
  const { plan, network } = isOwned ? making.owned : making.borrowed
  const made = { descriptors: [network.slot] }
  const spec = { network: true, borrowed: !isOwned }
  const descriptor = Number(cloneInto(spec, { plan, inputs: [], made })[network.slot])
  try {
    return use(descriptor, isOwned ? joining : joiningReady)
  } finally {
    close(descriptor)
  }
}

function setupPlan({ handedOver, ready }: { handedOver: boolean; ready: boolean }): Plan {
  const builder = new PlanBuilder('bring up the network of the box')
  if (handedOver) {
    const network = builder.input('network')
    builder.call('setns', [network, CLONE_NEWNET], 'enter it').call('close', [network], 'close it')
  }
  if (!ready) addLoopbackSteps(builder)
  return builder.build()
}

/** struct ifreq: the name of an interface, then its flags. */
const IFREQ = { SIZE: 40, name: 0, flags: 16 } as const

function addLoopbackSteps(builder: PlanBuilder): void {
  const socket = builder.slot('socket')
  const request = new Uint8Array(IFREQ.SIZE)
  request.set(Buffer.from('lo'), IFREQ.name)
  new DataView(request.buffer).setInt16(IFREQ.flags, IFF_UP, true)
  builder
    .call('socket', [AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0], 'open a socket to configure loopback', {
      result: socket,
    })
    .call('ioctl', [socket, SIOCSIFFLAGS, { bytes: request }], 'bring loopback up')
    .call('close', [socket], 'close it')
}

const making = { owned: makePlan(false), borrowed: makePlan(true) } as const

/** init's plans for a network that is handed over. Input: the network. */
const joining: Plan = setupPlan({ handedOver: true, ready: false })
const joiningReady: Plan = setupPlan({ handedOver: true, ready: true })
/** init's plan for a network into which it was cloned. */
export const entering: Plan = setupPlan({ handedOver: false, ready: false })

/**
 * The plans for the network, for printing: first the one that this process runs if the network is
 * handed over, then init's.
 */
export function networkPlans(handedOver: boolean): readonly Plan[] {
  if (!handedOver) return [entering]
  return mayConfigure() ? [making.owned.plan, joining] : [making.borrowed.plan, joiningReady]
}
