/**
 * The network of a box: a namespace with only loopback. The kernel takes a third of a millisecond
 * to make one, three times as long as all other namespaces of a box together. With privilege, this
 * process makes it while init sets up the box, and hands it over. In a user namespace, init must
 * be cloned into it, or init would have no rights in it (network_namespaces(7)).
 */
import { close } from '../gate/descriptors.ts'
import {
  __WALL,
  AF_INET,
  AT_FDCWD,
  CLONE_CLEAR_SIGHAND,
  CLONE_FILES,
  CLONE_NEWNET,
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

/**
 * The plan that makes a network: a vfork-style child that shares our descriptors is cloned into
 * the new namespace, opens it and ends.
 */
function makePlan(): { readonly plan: Plan; readonly network: Slot } {
  const builder = new PlanBuilder('make the network of the box')
  const child = builder.slot('pid of the child')
  const network = builder.slot('network')
  const flags = BigInt(CLONE_VM + CLONE_VFORK + CLONE_FILES + CLONE_CLEAR_SIGHAND + CLONE_NEWNET)
  builder
    .clone({ flags, exitSignal: 0, result: child, label: 'clone a child into a new network' }, () => {
      const open = [AT_FDCWD, text('/proc/self/ns/net'), O_RDONLY | O_CLOEXEC, 0]
      builder
        .call('openat', open, 'open the network', { result: network })
        .call('exit_group', [0], 'end, and leave it open')
    })
    .call('wait4', [child, 0, __WALL, 0], 'see the end of the child')
  return { plan: builder.build(), network }
}

const making = makePlan()

/**
 * Makes a network and passes its descriptor to `use`. Closes the descriptor when `use` returns.
 */
export function withNetwork<Result>(use: (network: number) => Result): Result {
  const { plan, network } = making
  const made = { descriptors: [network.slot] }
  const descriptor = Number(cloneInto({ network: true }, { plan, inputs: [], made })[network.slot])
  try {
    return use(descriptor)
  } finally {
    close(descriptor)
  }
}

function setupPlan(handedOver: boolean): Plan {
  const builder = new PlanBuilder('bring up the network of the box')
  if (handedOver) {
    const network = builder.input('network')
    builder.call('setns', [network, CLONE_NEWNET], 'enter it').call('close', [network], 'close it')
  }
  addLoopbackSteps(builder)
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

/** init's plan for a network that is handed over. Input: the network. */
export const joining: Plan = setupPlan(true)
/** init's plan for a network into which it was cloned. */
export const entering: Plan = setupPlan(false)

/**
 * The plans for the network, for printing: first the one that this process runs if the network is
 * handed over, then init's.
 */
export const networkPlans = (handedOver: boolean): readonly Plan[] =>
  handedOver ? [making.plan, joining] : [entering]
